package main

import (
	"strings"
	"testing"
)

// A token of the hosted fields is good for one payment. What PayTrace says of a
// second use, error 961, tells the shop to begin anew in the browser.
func TestAUsedTokenIsSaidToBeOneAndIsSentOnceForEachKey(t *testing.T) {
	t.Parallel()
	_, paytrace, shop := serve(t)
	method := paytrace.hostedFields()
	want(t, "the first use", shop.pay("sale", "first", method, 0), "201 approved")
	for range 2 {
		a := shop.pay("sale", "second", method, 0)
		want(t, "the second use", a, "422 processor_rejected")
		if !strings.Contains(a.Detail, "used already or has expired") || !strings.Contains(a.Detail, "browser") || a.Retryable {
			t.Errorf("the shop is told %q, retryable %t", a.Detail, a.Retryable)
		}
		if len(a.Errors) != 1 || a.Errors[0].Field != "paymentMethod.hostedFields.hpfToken" {
			t.Errorf("the fields named are %v", a.Errors)
		}
	}
	if n := paytrace.arrived("sale"); n != 2 {
		t.Errorf("%d sales have reached PayTrace, want one for each of two keys", n)
	}
}

func TestATokenWhoseAnswerWasLostIsNotSentAgain(t *testing.T) {
	t.Parallel()
	_, paytrace, shop := serve(t)
	paytrace.misbehave(`{"operation":"sale","kind":"reset_after"}`)
	method := paytrace.hostedFields()
	want(t, "a lost answer", shop.pay("sale", "lost", method, 0), "202 unknown")
	for range 2 {
		// On a slow machine it has been looked for meanwhile.
		if a := shop.pay("sale", "lost", method, 1000); a.tells() != "202 unknown" && a.tells() != "201 approved" {
			t.Fatalf("a lost answer is told again as %s", a.tells())
		}
	}
	if n := paytrace.arrived("sale"); n != 1 {
		t.Errorf("the token was sent %d times", n)
	}
}

func TestATokenThatNeverLeftIsSentByItsKey(t *testing.T) {
	t.Parallel()
	_, paytrace, shop := serve(t)
	method := paytrace.hostedFields()
	paytrace.misbehave(`{"kind":"refuse"}`)
	a := shop.pay("sale", "patient", method, 0)
	want(t, "PayTrace away", a, "503 processor_unavailable")
	if a.Outcome != "not_sent" || !a.Retryable {
		t.Errorf("outcome %s, retryable %t", a.Outcome, a.Retryable)
	}
	paytrace.misbehave()
	want(t, "the same key", shop.pay("sale", "patient", method, 0), "201 approved")
	if n := paytrace.charged("sale"); n != 1 {
		t.Errorf("%d charges, want 1", n)
	}
}
