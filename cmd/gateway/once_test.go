package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

func TestFiftyCallsWithOneKeyMakeOneCharge(t *testing.T) {
	t.Parallel()
	_, paytrace, shop := serve(t)
	paytrace.misbehave(`{"operation":"sale","kind":"delay","seconds":0.2}`)
	method := paytrace.hostedFields()

	answers := make([]answer, 50)
	together(len(answers), func(i int) {
		a, err := shop.try(http.MethodPost, paymentsPath, "fifty", order("sale", "fifty", method), 0)
		if err != nil {
			t.Error(err)
		}
		answers[i] = a
	})
	replays := 0
	for _, a := range answers {
		want(t, "one of fifty", a, "201 approved")
		if a.PaymentID != answers[0].PaymentID {
			t.Errorf("two payments: %s and %s", a.PaymentID, answers[0].PaymentID)
		}
		if a.IdempotentReplay {
			replays++
		}
	}
	if replays != len(answers)-1 {
		t.Errorf("%d of %d are marked as replays, want all but one", replays, len(answers))
	}
	if n := paytrace.charged("sale"); n != 1 {
		t.Errorf("%d charges, want 1", n)
	}
	other := shop.must(http.MethodPost, paymentsPath, "fifty", order("sale", "another order", method), 0)
	want(t, "the key with another request", other, "422 idempotency_key_reused")
	if n := paytrace.arrived("sale"); n != 1 {
		t.Errorf("%d sales have reached PayTrace, want 1", n)
	}
}

// together runs n calls at once.
func together(n int, call func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { call(i) })
	}
	all.Wait()
}

func TestChargedAndHungUpIsUnknownAndNeverSentAgain(t *testing.T) {
	t.Parallel()
	const times = 100
	_, paytrace, shop := serve(t)
	paytrace.misbehave(fmt.Sprintf(`{"operation":"sale","kind":"reset_after","count":%d}`, times))
	methods := make([]string, times)
	ids := make([]string, times)
	key := func(i int) string { return fmt.Sprintf("hung-up-%d", i) }
	for i := range times {
		// Declined authorizations warm the connection that the sale will die on:
		// after an approved one the gateway would be asking for its card. With
		// two to each sale the circuit breaker stays closed.
		for _, warm := range []string{"warm-", "warmer-"} {
			want(t, "an authorization", shop.must(http.MethodPost, paymentsPath, warm+key(i),
				`{"intent":"authorize","amount":"1.12","orderId":"warm","paymentMethod":`+paytrace.hostedFields()+`}`, 0), "201 declined")
		}
		methods[i] = paytrace.hostedFields()
		a := shop.pay("sale", key(i), methods[i], 0)
		want(t, "a sale that was hung up on", a, "202 unknown")
		ids[i] = a.PaymentID
	}
	together(times, func(i int) {
		a, err := shop.try(http.MethodPost, paymentsPath, key(i), order("sale", key(i), methods[i]), 1000)
		// The first look is ten seconds after the sale, which this machine may have needed.
		if err != nil || a.tells() != "202 unknown" && a.tells() != "201 approved" || a.PaymentID != ids[i] {
			t.Errorf("repeated: %s of %s, %v; want 202 unknown, or found meanwhile, of %s", a.tells(), a.PaymentID, err, ids[i])
		}
	})
	if sales, charges := paytrace.arrived("sale"), paytrace.charged("sale"); sales != times || charges != times {
		t.Errorf("%d sales arrived and %d were charged, want %d each", sales, charges, times)
	}
	// net/http keeps no connection whose writer has had no turn for 50 ms, so that on
	// a busy machine not all of them are warm.
	if warm := warmSales(paytrace.arrivals()); warm < times/2 {
		t.Errorf("%d of %d sales came on a warm connection: the test does not try what it should", warm, times)
	}
}

// warmSales counts the sales that came on a connection used before.
func warmSales(arrivals []arrival) int {
	used, warm := map[uint64]bool{}, 0
	for _, a := range arrivals {
		if a.Operation == "sale" && used[a.Connection] {
			warm++
		}
		used[a.Connection] = true
	}
	return warm
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	_, paytrace, shop := serve(t)
	var followed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer elsewhere.Close()
	paytrace.misbehave(fmt.Sprintf(`{"operation":"sale","kind":"redirect","location":%q}`, elsewhere.URL+"/v1/transactions/sale"))

	method := paytrace.hostedFields()
	want(t, "a sale that is redirected", shop.pay("sale", "redirected", method, 0), "202 unknown")
	want(t, "its repetition", shop.pay("sale", "redirected", method, 1000), "202 unknown")
	if n := paytrace.arrived("sale"); n != 1 || followed.Load() != 0 {
		t.Errorf("%d sales at PayTrace and %d elsewhere, want 1 and 0", n, followed.Load())
	}
}

func TestLateAnswerIsFoundByKey(t *testing.T) {
	t.Parallel()
	_, paytrace, shop := serve(t)
	paytrace.misbehave(`{"operation":"sale","kind":"delay","seconds":15}`)

	a := shop.pay("sale", "late", paytrace.hostedFields(), 3000)
	want(t, "PayTrace answers after 15 s, the budget is 3 s", a, "202 unknown")
	t.Logf("the caller had its answer after %s", a.took)
	if a.RetryAfterSeconds == 0 {
		t.Error("the 202 does not say when to ask again")
	}
	want(t, "by key, meanwhile", shop.byKey("late"), "200 unknown")
	var found answer
	eventually(t, "the payment is decided", func() bool {
		found = shop.byKey("late")
		return found.Status != "unknown"
	})
	want(t, "by key, in the end", found, "200 approved")
	if found.PaymentID != a.PaymentID || paytrace.charged("sale") != 1 {
		t.Errorf("payment %s after %s, %d charges; want the same and 1", found.PaymentID, a.PaymentID, paytrace.charged("sale"))
	}
}
