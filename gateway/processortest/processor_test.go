package processortest_test

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

func TestTheProcessorInMemory(t *testing.T) {
	processortest.Run(t, func(*testing.T) processortest.Bench {
		p := processortest.New(time.Now)
		return processortest.Bench{
			Processor: p, Settle: p.Settle, Cover: func(m gateway.Money) { p.SetBalance(m, false, false) }, Now: time.Now, Fields: processortest.Fields, Account: processortest.Account,
			Method: gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: "demo-visa"}}, CustomerID: "demo-visa",
		}
	})
}
