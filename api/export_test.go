package api

import "github.com/gofiber/fiber/v2"

// PublicRoutes and OperatorRoutes are the routes of the two listeners, the
// middleware left out.
func (s *Server) PublicRoutes() []fiber.Route { return s.public.GetRoutes(true) }

// OperatorRoutes are those of the operator's listener.
func (s *Server) OperatorRoutes() []fiber.Route { return s.operator.GetRoutes(true) }
