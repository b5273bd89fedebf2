package api

import (
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
)

// addOperatorRequest is the body of POST /api/v1/operators.
type addOperatorRequest struct {
	OperatorName string   `json:"operatorName" validate:"required,max=64,printable"`
	Role         string   `json:"role" validate:"required,oneof=viewer operator admin"`
	MerchantIDs  []string `json:"merchantIds" validate:"max=100,dive,max=64,printable"`
	DecidedBy    string   `json:"decidedBy" validate:"required,max=100,printable"`
}

// assignRequest is the body of POST /api/v1/operators/{operatorName}/role.
type assignRequest struct {
	Role        string   `json:"role" validate:"required,oneof=viewer operator admin"`
	MerchantIDs []string `json:"merchantIds" validate:"max=100,dive,max=64,printable"`
	DecidedBy   string   `json:"decidedBy" validate:"required,max=100,printable"`
}

// operatorView is an operator as the contract shows it.
type operatorView struct {
	OperatorName   string    `json:"operatorName"`
	OperatorStatus string    `json:"operatorStatus"`
	Role           string    `json:"role"`
	MerchantIDs    []string  `json:"merchantIds"`
	Origin         string    `json:"origin"`
	AddedAt        time.Time `json:"addedAt"`
	AddedBy        string    `json:"addedBy"`
	DisabledAt     time.Time `json:"disabledAt,omitzero"`
	DisabledBy     string    `json:"disabledBy,omitempty"`
	// OneTimePassword is shown in the answer that it was drawn for, and never again.
	OneTimePassword string    `json:"oneTimePassword,omitempty"`
	OneTimeUntil    time.Time `json:"oneTimeUntil,omitzero"`
	RequestID       string    `json:"requestId,omitempty"`
}

// operatorList is all whom the caller may manage.
type operatorList struct {
	Items     []operatorView `json:"items"`
	RequestID string         `json:"requestId,omitempty"`
}

func (s *Server) listOperators(c *fiber.Ctx) error {
	if err := readQuery(c, func(string, string) string { return unknownParameter }); err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	all, err := s.people.List(ctx, principal(c))
	if err != nil {
		return err
	}
	list := operatorList{Items: make([]operatorView, 0, len(all)), RequestID: requestID(c)}
	for _, o := range all {
		list.Items = append(list.Items, viewOfOperator(o))
	}
	return writeJSON(c, http.StatusOK, list)
}

func (s *Server) addOperator(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[addOperatorRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	after, oneTime, err := s.people.Add(ctx, principal(c), auth.Assignment{
		Name: request.OperatorName, Role: auth.Role(request.Role), MerchantIDs: request.MerchantIDs, By: decider(c, request.DecidedBy),
	})
	return s.changedOperator(c, "added", request.DecidedBy, after, oneTime, err)
}

func (s *Server) assignOperator(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[assignRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	after, err := s.people.Assign(ctx, principal(c), auth.Assignment{
		Name: param(c, "operatorName"), Role: auth.Role(request.Role), MerchantIDs: request.MerchantIDs, By: decider(c, request.DecidedBy),
	})
	return s.changedOperator(c, "assigned", request.DecidedBy, after, "", err)
}

func (s *Server) resetOperator(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[personRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	after, oneTime, err := s.people.Reset(ctx, principal(c), param(c, "operatorName"), decider(c, request.DecidedBy))
	return s.changedOperator(c, "reset", request.DecidedBy, after, oneTime, err)
}

func (s *Server) disableOperator(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[personRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	after, err := s.people.Disable(ctx, principal(c), param(c, "operatorName"), decider(c, request.DecidedBy))
	return s.changedOperator(c, "disabled", request.DecidedBy, after, "", err)
}

// changedOperator answers what was decided, and writes it down for those who ask
// who did it.
func (s *Server) changedOperator(c *fiber.Ctx, change, person string, after gateway.Operator, oneTime string, err error) error {
	if err != nil {
		return err
	}
	s.log.Info("operator.changed", "requestId", requestID(c), "operator", after.Name, "change", change,
		"role", after.Role, "merchants", after.MerchantIDs, "by", decider(c, person).String())
	v := viewOfOperator(after)
	v.OneTimePassword, v.RequestID = oneTime, requestID(c)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return writeJSON(c, http.StatusOK, v)
}

func viewOfOperator(o gateway.Operator) operatorView {
	v := operatorView{
		OperatorName: o.Name, OperatorStatus: "active", Role: o.Role, MerchantIDs: o.MerchantIDs, Origin: "password",
		AddedAt: o.AddedAt, AddedBy: o.AddedBy, DisabledAt: o.DisabledAt, DisabledBy: o.DisabledBy, OneTimeUntil: o.OneTimeUntil,
	}
	if o.Subject != "" {
		v.Origin = "oidc"
	}
	switch {
	case !o.DisabledAt.IsZero():
		v.OperatorStatus = "disabled"
	case !o.OneTimeUntil.IsZero():
		v.OperatorStatus = "invited"
	}
	return v
}
