package gateway

import "testing"

// What a payment should have settled as, in one of its transactions: a report calls
// everything else a difference.
func TestWhatAPaymentShouldHaveSettledAs(t *testing.T) {
	sale := Operation{Kind: KindSale, Status: OpApproved, Amount: 1000, TransactionID: "1"}
	refund := func(status OperationStatus, as ProcessedAs) Operation {
		return Operation{Kind: KindRefund, Status: status, ProcessedAs: as, Amount: 300, TransactionID: "2"}
	}
	late := Operation{Kind: KindSale, Status: OpFailed, Late: true, Amount: 1000, TransactionID: "1"}
	for name, c := range map[string]struct {
		status         Status
		ops            []Operation
		charge, refund Money
	}{
		"a sale":                              {StatusApproved, []Operation{sale}, 1000, 1000},
		"a part of it refunded":               {PartiallyRefunded, []Operation{sale, refund(OpApproved, AsRefund)}, 1000, 300},
		"a refund that was declined":          {Settled, []Operation{sale, refund(OpDeclined, AsRefund)}, 1000, 0},
		"a refund that nobody knows":          {Settled, []Operation{sale, refund(OpUnknown, AsRefund)}, 1000, 0},
		"given back whole, by refunds":        {Refunded, []Operation{sale, refund(OpApproved, AsRefund)}, 1000, 300},
		"given back whole, as a void":         {Refunded, []Operation{sale, {Kind: KindRefund, Status: OpApproved, ProcessedAs: AsVoid, Amount: 1000, TransactionID: "1"}}, 0, 0},
		"voided":                              {Voided, []Operation{sale}, 0, 0},
		"found late":                          {Failed, []Operation{late}, 0, 0},
		"found late, and given back since":    {Refunded, []Operation{late, refund(OpApproved, AsRefund)}, 1000, 300},
		"an authorization that is held still": {Authorized, []Operation{{Kind: KindAuthorize, Status: OpApproved, Amount: 1000, TransactionID: "1"}}, 0, 0},
	} {
		p := Payment{Status: c.status, TransactionID: "1", Amount: 1000, Operations: c.ops}
		if got := p.settledAs("1"); got != c.charge {
			t.Errorf("%s: the charge is %s, want %s", name, got, c.charge)
		}
		if got := p.settledAs("2"); got != c.refund {
			t.Errorf("%s: the refund is %s, want %s", name, got, c.refund)
		}
	}
}
