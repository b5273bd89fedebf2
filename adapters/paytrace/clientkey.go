package paytrace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

// clientKeyRequest is the body of a request for a client key. Whether PayTrace
// wants the integrator's id here is not known; it is no secret.
type clientKeyRequest struct {
	IntegratorID string `json:"integrator_id"`
}

// ClientKey asks for the key with which PayTrace's script opens its hosted
// fields in a shopper's browser.
func (c *Client) ClientKey(ctx context.Context) (gateway.ClientKey, error) {
	body, err := json.Marshal(clientKeyRequest{c.config.IntegratorID})
	if err != nil {
		return gateway.ClientKey{}, errors.New("the request cannot be written as JSON")
	}
	key, err := readClientKey(c.send(ctx, c.forms, clientKeyPath, plainBody(body), time.Time{}, maxAnswer))
	if err != nil {
		return gateway.ClientKey{}, fmt.Errorf("asking PayTrace for a client key: %w", err)
	}
	return gateway.ClientKey{Key: key, ScriptURL: c.config.HostedFieldsScript}, nil
}

// readClientKey reads the answer, of which only clientKey is known: what else
// PayTrace may say beside it must not speak against it. Neither the key nor any
// other word of the body gets into an error.
func readClientKey(r reply) (string, error) {
	switch {
	case errors.Is(r.err, errCredentials), r.refusesToken():
		return "", gateway.ErrCredentials
	case r.err != nil:
		return "", r.err
	}
	a, err := readAnswer(r.body)
	switch {
	case err != nil:
		return "", fmt.Errorf("HTTP %d: %w", r.status, err)
	case !serverFault(r.status) && a.refusesSetUp():
		return "", fmt.Errorf("%w: PayTrace answered %s", gateway.ErrCredentials, a.summary())
	case r.status < 200 || r.status >= 300 || a.OAuthError != "" || len(a.Errors) > 0 || (a.complete() && !a.Success):
		return "", fmt.Errorf("HTTP %d: PayTrace answered %s", r.status, a.summary())
	case !bearerToken(a.ClientKey):
		return "", fmt.Errorf("HTTP %d and no usable client key", r.status)
	}
	return a.ClientKey, nil
}

// refusesSetUp says that one of the errors is for the operator to mend.
func (a answer) refusesSetUp() bool {
	for number, texts := range a.Errors {
		if errorRow(number, texts).credentials {
			return true
		}
	}
	return rowOf(oauthError, a.OAuthError).credentials
}
