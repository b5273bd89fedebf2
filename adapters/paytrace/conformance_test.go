package paytrace_test

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// The port's specification, held by the client over real HTTP.
func TestTheClientIsAProcessor(t *testing.T) {
	processortest.Run(t, func(t *testing.T) processortest.Bench {
		a := openAccount(t)
		return processortest.Bench{
			Processor: a, Now: time.Now, Fields: a.fields,
			Settle: func() { a.order("POST", "/settle", "") },
			Method: gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: "demo-visa"}}, CustomerID: "demo-visa",
		}
	})
}
