package api

import (
	"net/http"
	"testing"

	"paytrace-gateway/gateway"
)

// What became of a lost answer is known only after days, so it is shown here
// what a caller is told then.
func TestACardThatWasLookedForAndIsNotThereIsNotStored(t *testing.T) {
	p := refusedVaultOperation(gateway.VaultOperation{
		ID: "vop_1", Status: gateway.OpFailed, Rejection: &gateway.Rejection{Code: gateway.RejectedByState, Message: "it is not there"},
	})
	if p == nil || p.Code != gateway.CodeNotStored || p.Status != http.StatusUnprocessableEntity || p.Outcome != "failed" || p.Detail != "it is not there" || p.Retryable {
		t.Errorf("it is told as %+v", p)
	}
	for _, status := range []gateway.OperationStatus{gateway.OpSending, gateway.OpUnknown, gateway.OpApproved} {
		if p := refusedVaultOperation(gateway.VaultOperation{ID: "vop_1", Status: status}); p != nil {
			t.Errorf("%s is refused as %+v", status, p)
		}
	}
}

func TestARejectionNamesTheMemberOfTheContract(t *testing.T) {
	for field, want := range map[string]string{
		"transactionId":             "paymentMethod.earlierPayment.transactionId",
		"billingAddress.postalCode": "billingAddress.postalCode",
	} {
		p := refusedVaultOperation(gateway.VaultOperation{Status: gateway.OpRejected, Rejection: &gateway.Rejection{Code: "811", Message: "no", Field: field}})
		if p == nil || len(p.Errors) != 1 || p.Errors[0].Field != want || p.Code != gateway.CodeProcessorRejected {
			t.Errorf("%s is told as %+v", field, p)
		}
	}
	gone := gateway.Rejection{Code: gateway.RejectedNoProfile, Message: "no", Field: "paymentMethod.vault.customerId"}
	if p := refusedVaultOperation(gateway.VaultOperation{Status: gateway.OpRejected, Rejection: &gone}); p == nil || p.Errors != nil {
		t.Errorf("a stored card that PayTrace lacks is told as %+v", p)
	}
}

func TestWhatAPathNamesAndIsNotThereIsNotFound(t *testing.T) {
	for _, code := range []gateway.Code{gateway.CodeCustomerNotFound, gateway.CodeMethodNotFound} {
		if p := problemOf(&gateway.Error{Code: code, Message: "there is none"}); p.Status != http.StatusNotFound || p.Title != "Not Found" || p.Code != code {
			t.Errorf("in a path %s is told as %+v", code, p)
		}
		if p := problemOf(&gateway.Error{Code: code, Field: "paymentMethod.vault"}); p.Status != http.StatusUnprocessableEntity || len(p.Errors) != 1 {
			t.Errorf("in a body %s is told as %+v", code, p)
		}
	}
}
