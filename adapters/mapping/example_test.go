package mapping

import (
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

func TestThereIsAnExampleOfEveryEvent(t *testing.T) {
	for _, eventType := range gateway.EventTypes() {
		e, ok := Example(eventType)
		if !ok || e.Type != eventType {
			t.Fatalf("%s: %v, %s", eventType, ok, e.Type)
		}
		if eventType == gateway.EventUnmatched {
			if e.Transaction == nil || e.PaymentID != "" {
				t.Errorf("%s is about %q, %v", eventType, e.PaymentID, e.Transaction)
			}
			continue
		}
		if strings.HasPrefix(eventType, "payment_method.") {
			if e.Vault == nil || e.PaymentID != "" {
				t.Errorf("%s is about %q, %v", eventType, e.PaymentID, e.Vault)
			}
			continue
		}
		if status, named := strings.CutPrefix(eventType, "payment."); named && status != "updated" && string(e.Payment.Status) != status {
			t.Errorf("the payment of %s is %s", eventType, e.Payment.Status)
		}
		if _, ok := e.Payment.Operation(e.OperationID); !ok || e.PaymentID != e.Payment.ID {
			t.Errorf("%s names %s of %s, which its payment has not", eventType, e.OperationID, e.PaymentID)
		}
	}
	if _, ok := Example("payment.sending"); ok {
		t.Error("there is an example of an event that is never told")
	}
}

func TestTheExamplesSumsAgreeWithTheirStates(t *testing.T) {
	for eventType, want := range map[string][2]gateway.Money{
		"payment.approved": {1999, 0}, "payment.authorized": {0, 0}, "payment.declined": {0, 0},
		"payment.partially_refunded": {1999, 500}, "payment.refunded": {1999, 1999},
	} {
		e, _ := Example(eventType)
		if got := [2]gateway.Money{e.Payment.Captured(), e.Payment.Refunded()}; got != want {
			t.Errorf("%s: captured and refunded are %v, want %v", eventType, got, want)
		}
	}
}
