// Package sinktest is the specification of gateway.Sink. It asks nothing of
// what a sink says to the other side, only how it bears what comes back.
package sinktest

import (
	"net/http"
	"testing"

	"paytrace-gateway/gateway"
)

// Bench is a sink on a test's bench, with what the suite cannot know of it.
type Bench struct {
	// Sink talks to the server whose address the opener was given. It takes
	// plain HTTP and a loopback address, and waits at most some milliseconds
	// wherever it waits for anything but the context.
	Sink gateway.Sink
	// Delivery makes the nth delivery, always the same, which the sink has to
	// tell by a request. Different n are different payments.
	Delivery func(n int) gateway.Delivery
	// Good is the other side when all is well: with it, everything is told.
	Good http.Handler
	// Tells marks the requests that tell, apart from those that ask for a token
	// or look first. Nil marks all. It may read the body.
	Tells func(*http.Request) bool
	// Renews marks the statuses after which the sink may tell once more by
	// itself, since the other side has said that it took nothing, as it does of
	// an expired token. Nil marks none.
	Renews func(status int) bool
	// Secrets are the sink's own, which no verdict may hold.
	Secrets []string
}

// Opener puts a sink on the bench that talks to the server at url, such as
// http://127.0.0.1:12345. It is called many times in one test, and asks the
// server nothing yet.
type Opener func(t *testing.T, url string) Bench

// obligation returns what the sink owes, so that the suite's own test can see
// a bad sink fail.
type obligation func(*testing.T, Opener) error

var obligations = map[string]obligation{
	"what is taken is told by one request":           toldByOneRequest,
	"what was told is told again when it is asked":   toldAgain,
	"many are told at once":                          manyAtOnce,
	"every status has a verdict after one request":   everyStatus,
	"no redirect is followed":                        noRedirect,
	"no cookie is kept":                              noCookie,
	"rubbish is borne":                               rubbishIsBorne,
	"no more is read than is needed":                 readingIsBounded,
	"the wait that is asked for is bounded":          waitIsBounded,
	"it ends when the context ends":                  endsWithItsContext,
	"nothing is told after the context has ended":    nothingAfterTheEnd,
	"a verdict holds no secret and no card number":   verdictIsClean,
	"the lane is a property of the event":            laneIsPure,
	"each of a batch is told, by one request":        batchIsTold,
	"a batch ends with its context and bears faults": batchBearsFaults,
}

// Run is the specification of gateway.Sink.
func Run(t *testing.T, open Opener) {
	for name, owed := range obligations {
		t.Run(name, func(t *testing.T) {
			if err := owed(t, open); err != nil {
				t.Error(err)
			}
		})
	}
}
