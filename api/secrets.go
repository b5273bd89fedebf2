package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/sealing"
)

// secretsRequest is the body of POST /api/v1/secrets. No value ever comes here
// but sealed.
type secretsRequest struct {
	Act     string        `json:"act" validate:"required,oneof=set rotate finish remove reseal"`
	Secrets []drawnSecret `json:"secrets" validate:"max=8,dive"`
	// SealingKeyID names the key that the values are sealed under.
	SealingKeyID  string `json:"sealingKeyId" validate:"max=32,printable"`
	OldForSeconds int    `json:"oldForSeconds" validate:"min=0,max=2592000"`
	DecidedBy     string `json:"decidedBy" validate:"required,max=100,printable"`
}

// drawnSecret is a secret that is meant, with its new value where it gets one.
type drawnSecret struct {
	SecretName  string `json:"secretName" validate:"required,max=64,secretname"`
	ValueNumber int64  `json:"valueNumber" validate:"min=0"`
	SealedValue []byte `json:"sealedValue" validate:"max=20000"`
}

// secretView is a secret as the contract shows it, without its values.
type secretView struct {
	SecretName   string `json:"secretName"`
	SecretStatus string `json:"secretStatus"`
	// UsedAt are places in the configuration.
	UsedAt          []string  `json:"usedAt"`
	ValueCount      int       `json:"valueCount"`
	LastValueNumber int64     `json:"lastValueNumber"`
	SetAt           time.Time `json:"setAt,omitzero"`
	SetBy           string    `json:"setBy,omitempty"`
	OldValueUntil   time.Time `json:"oldValueUntil,omitzero"`
	CurrentKey      bool      `json:"currentKey"`
	RemovedAt       time.Time `json:"removedAt,omitzero"`
	RemovedBy       string    `json:"removedBy,omitempty"`
}

// secretList is all of a merchant's, or those that were changed.
type secretList struct {
	Items []secretView `json:"items"`
	// SealingKeyID names the key that seals, and is left out where there is none.
	SealingKeyID string `json:"sealingKeyId,omitempty"`
	RequestID    string `json:"requestId,omitempty"`
}

func (s *Server) listSecrets(c *fiber.Ctx) error {
	if err := readQuery(c, func(string, string) string { return unknownParameter }); err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	known, err := s.secrets.List(ctx, principal(c).MerchantID, principal(c).LiveMode)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, s.viewOfSecrets(c, known))
}

func (s *Server) changeSecrets(c *fiber.Ctx) error {
	request, err := decidedBody[secretsRequest](c)
	if err != nil {
		return err
	}
	if err := request.whole(); err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	who := principal(c)
	change := sealing.Change{
		Act: sealing.Act(request.Act), MerchantID: who.MerchantID, LiveMode: who.LiveMode, KeyID: request.SealingKeyID,
		OldFor: time.Duration(request.OldForSeconds) * time.Second, By: decider(c, request.DecidedBy),
	}
	for _, d := range request.Secrets {
		change.Secrets = append(change.Secrets, sealing.Drawn{Name: d.SecretName, Number: d.ValueNumber, Sealed: d.SealedValue})
	}
	after, err := s.secrets.Make(ctx, change)
	if err != nil {
		return err
	}
	for _, k := range after {
		s.log.Info("secret.changed", "requestId", requestID(c), "secret", k.Name, "merchant", k.MerchantID,
			"change", request.Act, "number", k.LastNumber, "by", change.By.String())
	}
	return writeJSON(c, http.StatusOK, s.viewOfSecrets(c, after))
}

// whole says whether the request has what its act needs, and no more.
func (r secretsRequest) whole() error {
	valued := r.Act == string(sealing.Set) || r.Act == string(sealing.Rotate)
	if (len(r.Secrets) == 0) != (r.Act == string(sealing.Reseal)) {
		return fieldProblem(codeInvalidRequest, "secrets", "expected the secrets that are meant, and none for reseal, which means all")
	}
	for _, d := range r.Secrets {
		if valued != (len(d.SealedValue) > 0) || valued != (d.ValueNumber > 0) {
			return fieldProblem(codeInvalidRequest, "secrets", "expected sealedValue and valueNumber for set and rotate, and neither for anything else")
		}
	}
	if valued != (r.SealingKeyID != "") {
		return fieldProblem(codeInvalidRequest, "sealingKeyId", "expected the name of the key for set and rotate, and none for anything else")
	}
	return nil
}

func (s *Server) viewOfSecrets(c *fiber.Ctx, all []sealing.Known) secretList {
	list := secretList{Items: make([]secretView, 0, len(all)), SealingKeyID: s.secrets.CurrentKey(), RequestID: requestID(c)}
	for _, k := range all {
		list.Items = append(list.Items, viewOfSecret(k, s.now()))
	}
	return list
}

func viewOfSecret(k sealing.Known, now time.Time) secretView {
	v := secretView{
		SecretName: k.Name, SecretStatus: "active", UsedAt: append([]string{}, k.UsedAt...), LastValueNumber: k.LastNumber,
		CurrentKey: k.Current, RemovedAt: k.RemovedAt, RemovedBy: k.RemovedBy,
	}
	if !k.RemovedAt.IsZero() {
		v.SecretStatus = "removed"
	}
	for _, value := range k.Values {
		if !value.Good(now) {
			continue
		}
		v.ValueCount++
		v.SetAt, v.SetBy = value.SetAt, value.SetBy
		if !value.Until.IsZero() {
			v.OldValueUntil = value.Until
		}
	}
	return v
}

// isSecretName holds a name against what a configuration can say.
func isSecretName(name string) bool {
	return name != "" && !strings.HasPrefix(name, "-") && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
