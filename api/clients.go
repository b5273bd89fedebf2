package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
)

// ofOperators lets people alone pass. A client that could add clients could give
// itself what it was not given, and what one has erased by mistake is gone.
func ofOperators(c *fiber.Ctx) error {
	if !principal(c).IsOperator() {
		return problem(codeForbidden, "only a person may decide this: an admin with a session, or an operator by command at the gateway's own machine")
	}
	return c.Next()
}

// addClientRequest is the body of POST /api/v1/clients. The secret itself never
// comes here.
type addClientRequest struct {
	ClientID     string      `json:"clientId" validate:"required,max=64,printable"`
	Scopes       []string    `json:"scopes" validate:"required,min=1,max=20,dive,max=32"`
	Channel      string      `json:"channel" validate:"omitempty,max=32,channel"`
	Quota        *quotaShown `json:"quota"`
	SecretHash   string      `json:"secretHash" validate:"max=100,printable"`
	Certificates []string    `json:"certificates" validate:"max=4,dive,max=10000"`
	DecidedBy    string      `json:"decidedBy" validate:"required,max=100,printable"`
}

// quotaShown is a client's own limit, as the contract shows it.
type quotaShown struct {
	Requests  int `json:"requests" validate:"min=1,max=100000"`
	PerSecond int `json:"perSeconds" validate:"min=1,max=3600"`
}

// rotateRequest is the body of POST /api/v1/clients/{clientId}/rotate.
type rotateRequest struct {
	SecretHash    string `json:"secretHash" validate:"max=100,printable"`
	OldForSeconds int    `json:"oldForSeconds" validate:"min=0,max=2592000"`
	Finish        bool   `json:"finish"`
	DecidedBy     string `json:"decidedBy" validate:"required,max=100,printable"`
}

// clientView is a client as the contract shows it.
type clientView struct {
	ClientID     string      `json:"clientId"`
	ClientStatus string      `json:"clientStatus"`
	Origin       string      `json:"origin"`
	Scopes       []string    `json:"scopes"`
	Channel      string      `json:"channel,omitempty"`
	Quota        *quotaShown `json:"quota,omitempty"`
	LiveMode     bool        `json:"liveMode"`
	// SecretCount is how many secrets are good now.
	SecretCount      int       `json:"secretCount"`
	OldSecretUntil   time.Time `json:"oldSecretUntil,omitzero"`
	CertificateCount int       `json:"certificateCount"`
	AddedAt          time.Time `json:"addedAt,omitzero"`
	AddedBy          string    `json:"addedBy,omitempty"`
	UsedAt           time.Time `json:"usedAt,omitzero"`
	RevokedAt        time.Time `json:"revokedAt,omitzero"`
	RevokedBy        string    `json:"revokedBy,omitempty"`
	RequestID        string    `json:"requestId,omitempty"`
}

// clientList is all of a merchant's.
type clientList struct {
	Items     []clientView `json:"items"`
	RequestID string       `json:"requestId,omitempty"`
}

func (s *Server) listClients(c *fiber.Ctx) error {
	if err := readQuery(c, func(string, string) string { return unknownParameter }); err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	known, err := s.roster.List(ctx, principal(c).MerchantID, principal(c).LiveMode)
	if err != nil {
		return err
	}
	slices.SortFunc(known, func(a, b auth.KnownClient) int { return strings.Compare(a.ID, b.ID) })
	list := clientList{Items: make([]clientView, 0, len(known)), RequestID: requestID(c)}
	for _, k := range known {
		list.Items = append(list.Items, s.viewOfClient(k))
	}
	return writeJSON(c, http.StatusOK, list)
}

func (s *Server) addClient(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[addClientRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	who, now := principal(c), s.now().UTC()
	added := gateway.APIClient{
		ID: request.ClientID, MerchantID: who.MerchantID, LiveMode: who.LiveMode, Scopes: request.Scopes, Channel: request.Channel,
		Certificates: request.Certificates, AddedAt: now,
	}
	if q := request.Quota; q != nil {
		added.Quota = gateway.Quota{Requests: q.Requests, Per: time.Duration(q.PerSecond) * time.Second}
	}
	if request.SecretHash != "" {
		added.Secrets = []gateway.APISecret{{Hash: request.SecretHash, MadeAt: now}}
	}
	after, err := s.roster.Add(ctx, decider(c, request.DecidedBy), added)
	return s.changedClient(c, "added", request.DecidedBy, after, err)
}

func (s *Server) rotateClient(c *fiber.Ctx) error {
	request, err := decidedBody[rotateRequest](c)
	if err != nil {
		return err
	}
	if request.Finish == (request.SecretHash != "") {
		return fieldProblem(codeInvalidRequest, "secretHash", "expected either a new secret's hash or finish")
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	who, id := principal(c), param(c, "clientId")
	if request.Finish {
		after, err := s.roster.FinishRotation(ctx, who.MerchantID, who.LiveMode, id, decider(c, request.DecidedBy))
		return s.changedClient(c, "rotation_finished", request.DecidedBy, after, err)
	}
	oldUntil := s.now().UTC().Add(time.Duration(request.OldForSeconds) * time.Second)
	after, err := s.roster.Rotate(ctx, who.MerchantID, who.LiveMode, id, request.SecretHash, decider(c, request.DecidedBy), oldUntil)
	return s.changedClient(c, "rotated", request.DecidedBy, after, err)
}

func (s *Server) revokeClient(c *fiber.Ctx) error {
	request, ctx, cancel, err := decided[personRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	who := principal(c)
	after, err := s.roster.Revoke(ctx, who.MerchantID, who.LiveMode, param(c, "clientId"), decider(c, request.DecidedBy))
	return s.changedClient(c, "revoked", request.DecidedBy, after, err)
}

// changedClient answers what was decided, and writes it down for those who ask
// who did it.
func (s *Server) changedClient(c *fiber.Ctx, change, person string, after gateway.APIClient, err error) error {
	if err != nil {
		return err
	}
	s.log.Info("client.changed", "requestId", requestID(c), "client", after.ID, "merchant", after.MerchantID,
		"change", change, "scopes", strings.Join(after.Scopes, " "), "by", decider(c, person).String())
	v := s.viewOfClient(auth.KnownClient{APIClient: after})
	v.RequestID = requestID(c)
	return writeJSON(c, http.StatusOK, v)
}

func (s *Server) viewOfClient(k auth.KnownClient) clientView {
	v := clientView{
		ClientID: k.ID, ClientStatus: "active", Origin: "ledger", Scopes: k.Scopes, Channel: k.Channel, LiveMode: k.LiveMode,
		CertificateCount: len(k.Certificates), AddedAt: k.AddedAt, AddedBy: k.AddedBy,
		UsedAt: k.UsedAt, RevokedAt: k.RevokedAt, RevokedBy: k.RevokedBy,
	}
	if k.Configured {
		v.Origin, v.SecretCount, v.CertificateCount = "configuration", k.SecretCount, k.CertificateCount
	}
	if !k.RevokedAt.IsZero() {
		v.ClientStatus = "revoked"
	}
	if k.Quota.Requests > 0 {
		v.Quota = &quotaShown{Requests: k.Quota.Requests, PerSecond: int(k.Quota.Per / time.Second)}
	}
	for _, secret := range k.Secrets {
		if secret.Good(s.now()) {
			v.SecretCount++
			if !secret.Until.IsZero() {
				v.OldSecretUntil = secret.Until
			}
		}
	}
	return v
}
