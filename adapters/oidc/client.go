package oidc

import (
	"io"
	"net/http"
	"time"
)

const (
	// patience bounds each call of the identity provider.
	patience = 5 * time.Second
	// respite is how long it is not asked for its addresses after it told none.
	respite = 5 * time.Second
	// longest bounds each of its answers.
	longest = 1 << 20
)

// newClient follows no redirects: the client's secret goes to the issuer alone.
func newClient() *http.Client {
	return &http.Client{
		Timeout: patience, Transport: bounded{http.DefaultTransport.(*http.Transport).Clone()},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded cuts answers off that are too long, which then cannot be read.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	answer.Body = limited{io.LimitReader(answer.Body, longest), answer.Body}
	return answer, nil
}

type limited struct {
	io.Reader
	io.Closer
}
