package paytrace_test

import (
	"testing"
	"time"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// The port's specification, held by the client over real HTTP.
func TestTheClientIsAProcessor(t *testing.T) {
	processortest.Run(t, func(t *testing.T) processortest.Bench {
		a := openAccount(t, func(c *paytrace.Config) {
			c.ApprovedAmountField, c.BalanceField = "discretionary_data.APPROVED", "discretionary_data.BALANCEAMOUNT"
		})
		return processortest.Bench{
			Processor: a, Now: time.Now, Fields: a.fields, Account: a.bankAccount,
			Settle: func() { a.order("POST", "/settle", "") },
			Cover: func(m gateway.Money) {
				a.order("PUT", "/settings", `{"partialApproval":{"cardBalance":"`+m.String()+`","field":"APPROVED"}}`)
			},
			Method: gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: "demo-visa"}}, CustomerID: "demo-visa",
		}
	})
}
