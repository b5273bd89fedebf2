package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// A token is renewed when three quarters of its life are over; when that
// fails, again after renewAgain.
const (
	renewAgain   = time.Second
	longestToken = 24 * time.Hour
)

// keeper has an access token at hand.
type keeper struct {
	targets []*target
	form    []byte
	timeout time.Duration
	header  atomic.Pointer[string]
}

func newKeeper(c Config, targets []*target) *keeper {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.Secret}}
	if c.As == AsPayTrace {
		form = url.Values{"grant_type": {"password"}, "username": {c.ClientID}, "password": {c.Secret}}
	}
	return &keeper{targets: targets, form: []byte(form.Encode()), timeout: c.Timeout}
}

// authorization is the header that every request needs.
func (k *keeper) authorization() string { return *k.header.Load() }

// fetch asks one target after the other for a token, until one gives it. It
// returns how long the token lives.
func (k *keeper) fetch() (life time.Duration, err error) {
	var all []error
	for _, t := range k.targets {
		if life, err = k.ask(t); err == nil {
			return life, nil
		}
		all = append(all, err)
	}
	return 0, errors.Join(all...)
}

func (k *keeper) ask(t *target) (life time.Duration, err error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI(t.base + "/oauth/token")
	request.Header.SetMethod(fasthttp.MethodPost)
	request.Header.SetContentType("application/x-www-form-urlencoded")
	request.SetBody(k.form)
	if class := t.send(request, response, k.timeout); class != "" {
		return 0, fmt.Errorf("%s: no token: %s", t.base, class)
	}
	var grant struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if response.StatusCode() != fasthttp.StatusOK {
		return 0, fmt.Errorf("%s: no token: HTTP %d; are the client and its secret right?", t.base, response.StatusCode())
	}
	if err := json.Unmarshal(response.Body(), &grant); err != nil || grant.AccessToken == "" {
		return 0, fmt.Errorf("%s: no token: the answer is not one of a token endpoint", t.base)
	}
	header := "Bearer " + grant.AccessToken
	k.header.Store(&header)
	return min(max(time.Duration(grant.ExpiresIn), 1)*time.Second, longestToken), nil
}

// renew keeps a token fresh by fetching the next, until ctx is done.
func renew(ctx context.Context, life time.Duration, fetch func() (time.Duration, error)) {
	for wait := life * 3 / 4; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		life, err := fetch()
		wait = life * 3 / 4
		if err != nil {
			wait = renewAgain
		}
	}
}
