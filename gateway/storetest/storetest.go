// Package storetest is the specification of gateway.Ledger, as tests that every
// implementation runs. Each obligation of the port is a test named for it.
package storetest

import (
	"testing"

	"paytrace-gateway/gateway"
)

// Opener opens an empty ledger, closed when the test ends, and gives a function
// that closes it and opens what it had stored again.
type Opener func(t *testing.T) (l gateway.Ledger, reopen func() gateway.Ledger)

type spec struct {
	name string
	test func(*testing.T, gateway.Ledger)
}

var specs = [][]spec{applySpecs, atomicSpecs, keySpecs, readSpecs, transactionSpecs, listSpecs, dueSpecs,
	watchSpecs, settlementFilingSpecs, unmatchedSpecs, backlogSpecs, concurrencySpecs,
	vaultSpecs, vaultKeySpecs, vaultAtomicSpecs, vaultRaceSpecs, vaultListSpecs, vaultNewsSpecs,
	spreadSpecs, queueSpecs, takeSpecs, saveSpecs, replaySpecs, behindSpecs, deliveriesSpecs, subscriberSpecs, subscriptionSpecs, outboxRaceSpecs,
	archiveSpecs, eraseSpecs}

// Run tests a ledger. open returns an empty one each time, and sees to it that
// it is closed when its test ends.
func Run(t *testing.T, open func(t *testing.T) gateway.Ledger) {
	for _, group := range specs {
		for _, s := range group {
			t.Run(s.name, func(t *testing.T) { s.test(t, open(t)) })
		}
	}
}

// RunReopened tests that a ledger which is closed and opened again shows all
// that it had acknowledged.
func RunReopened(t *testing.T, open Opener) {
	for _, s := range reopenSpecs {
		t.Run(s.name, func(t *testing.T) {
			l, reopen := open(t)
			s.test(t, l, reopen)
		})
	}
}
