package api

import (
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// PublicRoutes are the routes that shops reach, the middleware left out.
func (s *Server) PublicRoutes() []fiber.Route { return s.public.GetRoutes(true) }

// OperatorRoutes are those of the operator's listener.
func (s *Server) OperatorRoutes() []fiber.Route { return s.operator.GetRoutes(true) }

type jsonPointer = jsontext.Pointer

// ViewOfSubscriber is how a subscriber's standing is shown.
func ViewOfSubscriber(s gateway.SubscriberStanding) any { return viewOfSubscriber(s) }

// SubscriberStatus is the word for how a subscriber stands.
var SubscriberStatus = subscriberStatus
