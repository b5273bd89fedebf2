package api

import (
	"errors"
	"testing"
)

// Only a name of the contract is told back as what was meant.
func TestAMistypedMemberIsAnsweredWithTheOneThatWasMeant(t *testing.T) {
	const none = "the contract has no such member"
	for body, want := range map[string]string{
		`{"currency":"USD"}`:               none + "; did you mean currencyCode?",
		`{"StoreCode":"de"}`:               none + "; did you mean storeCode?",
		`{"billingAddress":{"citty":"a"}}`: none + "; did you mean city?",
		`{"zqmarker":1}`:                   none,
		`{"a/b":1}`:                        none,
	} {
		var problem *Problem
		if err := decodeStrict([]byte(body), &createPaymentRequest{}); !errors.As(err, &problem) || len(problem.Errors) != 1 || problem.Errors[0].Message != want {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}
