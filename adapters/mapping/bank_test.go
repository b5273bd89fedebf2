package mapping

import (
	"testing"

	"paytrace-gateway/gateway"
)

// A record of an operation says of a bank payment what the payment says: that its
// sale is done at PayTrace is not yet money.
func TestAnOperationOfABankPaymentStandsAsItsPayment(t *testing.T) {
	sale := gateway.Operation{Kind: gateway.KindSale, Status: gateway.OpApproved}
	returned := sale
	returned.Return = &gateway.BankReturn{Code: "R01"}
	for name, c := range map[string]struct {
		payment gateway.Status
		op      gateway.Operation
		want    gateway.Status
	}{
		"accepted":            {gateway.Accepted, sale, gateway.Accepted},
		"approved":            {gateway.StatusApproved, sale, gateway.StatusApproved},
		"returned":            {gateway.Returned, returned, gateway.Returned},
		"a hold's void":       {gateway.Voided, gateway.Operation{Kind: gateway.KindVoid, Status: gateway.OpApproved}, gateway.Voided},
		"a refund that waits": {gateway.Accepted, gateway.Operation{Kind: gateway.KindRefund, Status: gateway.OpWaiting}, gateway.Sending},
	} {
		if got := standing(gateway.Payment{Status: c.payment, Bank: &gateway.BankSummary{}}, c.op); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
