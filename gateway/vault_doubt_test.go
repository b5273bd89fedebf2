package gateway_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// gone says that the vault has no such customer.
func (h *house) gone(id string) {
	h.t.Helper()
	if c, err := h.Customer(context.Background(), "main", id); codeOf(err) != gateway.CodeCustomerNotFound {
		h.t.Errorf("the customer is there: %+v, %v", c, err)
	}
}

// says makes a call's answer that, without its having acted.
func (h *house) says(call string, r gateway.Result) {
	h.processor.SetBefore(func(_ context.Context, name string) *gateway.Result {
		if name == call {
			return &r
		}
		return nil
	})
}

var oneCustomer = gateway.CreateCustomer{CustomerID: "c", Card: fields("t")}

func TestWhatPayTraceRefusesLeavesNoCustomer(t *testing.T) {
	h := newHouse(t)
	h.says("create_profile", gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "961", Message: "No such token."}})
	for range 2 {
		a, err := h.createCustomer(time.Second, "k", oneCustomer)
		if h.vaulted(a, err, gateway.OpRejected); a.Operation.Rejection.Code != "961" {
			t.Errorf("%+v", a.Operation)
		}
		h.gone("c")
	}
	h.answers()
	a, err := h.createCustomer(time.Second, "k2", oneCustomer)
	h.vaulted(a, err, gateway.OpApproved)
	if n := h.processor.Calls("create_profile"); n != 2 {
		t.Errorf("%d profiles were asked for", n)
	}
}

func TestWhatDidNotLeaveIsSentByItsKey(t *testing.T) {
	for what, r := range map[string]gateway.Result{
		"not sent":  {Outcome: gateway.NotSent},
		"no log-in": {Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "998", Credentials: true, Again: true}},
	} {
		t.Run(what, func(t *testing.T) {
			h := newHouse(t)
			h.says("create_profile", r)
			a, err := h.createCustomer(time.Second, "k", oneCustomer)
			if err != nil || !a.Operation.Continuable() {
				t.Fatalf("%+v, %v", a, err)
			}
			h.gone("c")
			h.answers()
			again, err := h.createCustomer(time.Second, "k", oneCustomer)
			h.vaulted(again, err, gateway.OpApproved)
			if again.MethodID != a.MethodID || again.Operation.ID != a.Operation.ID || !again.Replayed || again.Method().Card != shown {
				t.Errorf("%+v, before %+v", again, a)
			}
		})
	}
}

func TestACustomerWithoutMethodsStays(t *testing.T) {
	h := newHouse(t)
	m := h.stored("t").Methods[0]
	if err := h.RemoveMethod(t.Context(), as(""), "c", m.ID); err != nil {
		t.Fatal(err)
	}
	h.says("create_profile", gateway.Result{Outcome: gateway.NotSent})
	a, err := h.addMethod(time.Second, "k", gateway.AddMethod{CustomerID: "c", Card: fields("u")})
	h.vaulted(a, err, gateway.OpNotSent)
	h.answers()
	a, err = h.addMethod(time.Second, "k", gateway.AddMethod{CustomerID: "c", Card: fields("u")})
	if h.vaulted(a, err, gateway.OpApproved); !a.Method().Default {
		t.Errorf("%+v", a.Customer)
	}
}

func TestWhatDidNotLeaveDoesNotTakeTheCustomerOfAnother(t *testing.T) {
	h := newHouse(t)
	h.says("create_profile", gateway.Result{Outcome: gateway.NotSent})
	a, err := h.createCustomer(time.Second, "k", oneCustomer)
	h.vaulted(a, err, gateway.OpNotSent)
	h.answers()
	time.Sleep(time.Microsecond)
	b, err := h.createCustomer(time.Second, "other", oneCustomer)
	h.vaulted(b, err, gateway.OpApproved)
	if _, err := h.createCustomer(time.Second, "k", oneCustomer); codeOf(err) != gateway.CodeCustomerExists {
		t.Errorf("%v", err)
	}
}

// TestACustomerOutlivesTheOperationThatMadeIt lets another request put a method
// into a customer whose own first method comes to nothing.
func TestACustomerOutlivesTheOperationThatMadeIt(t *testing.T) {
	h := newHouse(t)
	gate, sent := make(chan struct{}), make(chan struct{}, 1)
	var calls atomic.Int64
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call != "create_profile" || calls.Add(1) > 1 {
			return nil
		}
		sent <- struct{}{}
		<-gate
		return &gateway.Result{Outcome: gateway.NotSent}
	})
	first := make(chan gateway.VaultAnswer, 1)
	go func() {
		a, _ := h.createCustomer(time.Minute, "k", oneCustomer)
		first <- a
	}()
	<-sent
	b, err := h.addMethod(time.Second, "other", gateway.AddMethod{CustomerID: "c", Card: fields("u")})
	h.vaulted(b, err, gateway.OpApproved)
	close(gate)
	h.vaulted(<-first, nil, gateway.OpNotSent)
	if c := h.customer("c"); len(c.Methods) != 1 || len(c.Pending) != 0 {
		t.Errorf("%+v", c)
	}
	a, err := h.createCustomer(time.Second, "k", oneCustomer)
	h.vaulted(a, err, gateway.OpApproved)
	if c := h.customer("c"); len(c.Methods) != 2 || !slices.Equal(defaults(c), []string{b.MethodID}) {
		t.Errorf("%+v", c)
	}
}

func TestALostAnswerIsFoundByALookAtOnce(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.loses("create_profile")
		a, err := h.createCustomer(9*time.Second, "k", oneCustomer)
		if h.vaulted(a, err, gateway.OpApproved); a.Method().Card != shown {
			t.Errorf("%+v", a)
		}
	})
}

func TestALostAnswerIsFoundLater(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.loses("create_profile")
		h.says("profile", gateway.Result{})
		a, err := h.createCustomer(5*time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpUnknown)
		if _, err := h.CreatePayment(t.Context(), as("pay"), byVault("c", "")); codeOf(err) != gateway.CodeMethodNotFound {
			t.Errorf("a method that may not be there is charged: %v", err)
		}
		time.Sleep(5 * time.Minute) // looks that fail are no misses
		again, err := h.createCustomer(time.Second, "k", oneCustomer)
		h.vaulted(again, err, gateway.OpUnknown)
		h.processor.SetBefore(nil)
		again, err = h.createCustomer(time.Hour, "k", oneCustomer)
		if h.vaulted(again, err, gateway.OpApproved); again.MethodID != a.MethodID || h.processor.Calls("create_profile") != 1 {
			t.Errorf("%+v after %d calls", again, h.processor.Calls("create_profile"))
		}
	})
}

func TestWhatNoLookShowsHasFailed(t *testing.T) {
	days(t, 20*time.Second, func(t *testing.T, h *house) {
		h.dies("create_profile")
		a, err := h.createCustomer(5*time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpUnknown)
		h.answers()
		if err := h.RemoveCustomer(t.Context(), as(""), "c"); codeOf(err) != gateway.CodeInProgress {
			t.Errorf("removed while it is not decided: %v", err)
		}
		time.Sleep(90 * time.Second) // somebody may still be at work on it
		a, err = h.createCustomer(time.Second, "k", oneCustomer)
		if h.vaulted(a, err, gateway.OpUnknown); a.Operation.Misses < 2 {
			t.Errorf("%+v", a.Operation)
		}
		time.Sleep(5 * time.Minute)
		a, err = h.createCustomer(time.Second, "k", oneCustomer)
		if h.vaulted(a, err, gateway.OpFailed); a.Operation.Rejection == nil || a.Operation.Rejection.Message == "" {
			t.Errorf("%+v", a.Operation)
		}
		h.gone("c")
		if n := h.processor.Calls("create_profile"); n != 1 {
			t.Errorf("the token was sent %d times", n)
		}
		late := a.Operation.ProfileID
		h.processor.ClerkStores(late, shown)
		a, err = h.createCustomer(time.Second, "k2", oneCustomer)
		h.vaulted(a, err, gateway.OpApproved)
		time.Sleep(25 * time.Hour)
		if all := h.processor.Profiles(); len(all) != 1 || all[late].Card == shown {
			t.Errorf("a card that came late is kept: %v", all)
		}
	})
}

func TestALookThatFailsIsNoMiss(t *testing.T) {
	days(t, 20*time.Second, func(t *testing.T, h *house) {
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			return &gateway.Result{Outcome: gateway.Unknown}
		})
		a, err := h.createCustomer(5*time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpUnknown)
		time.Sleep(5 * time.Minute)
		h.answers()
		time.Sleep(10 * time.Minute)
		a, err = h.createCustomer(time.Second, "k", oneCustomer)
		if h.vaulted(a, err, gateway.OpUnknown); a.Operation.Misses != 1 {
			t.Errorf("%+v", a.Operation)
		}
		time.Sleep(time.Hour)
		a, err = h.createCustomer(time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpFailed)
	})
}

func TestAProfileWithOurIdIsOurs(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
			if call == "create_profile" {
				return gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: gateway.RejectedProfileTaken}}
			}
			return r
		})
		a, err := h.createCustomer(5*time.Second, "k", oneCustomer)
		if h.vaulted(a, err, gateway.OpApproved); a.Method().Card != shown || a.Operation.Rejection != nil {
			t.Errorf("%+v", a)
		}
	})
}

func TestACardThatIsNotReadBackIsReadSoon(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.says("profile", gateway.Result{})
		start := time.Now()
		a, err := h.createCustomer(5*time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpApproved)
		if m := a.Method(); m.Card.LastFour != "" || m.CheckDue.Sub(start) > 70*time.Second {
			t.Errorf("it is compared after %v: %+v", m.CheckDue.Sub(start), m)
		}
	})
}

func TestACardIsKeptWhateverItsReadingDoes(t *testing.T) {
	h := newHouse(t)
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "profile" {
			panic("a mistake")
		}
		return nil
	})
	a, err := h.createCustomer(5*time.Second, "k", oneCustomer)
	h.vaulted(a, err, gateway.OpApproved)
}

func TestTheBudgetEndsTheWaitingForACardAndNotTheWork(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.processor.SetAfter(func(_ context.Context, _ string, r gateway.Result) gateway.Result {
			time.Sleep(12 * time.Second)
			return r
		})
		start := time.Now()
		a, err := h.createCustomer(2*time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpSending)
		a, err = h.createCustomer(55*time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpApproved)
		if took := time.Since(start); took < 12*time.Second || took > 13*time.Second {
			t.Errorf("the repeat waited until %v after the start", took)
		}
	})
}

func TestStopWaitsForACardThatIsUnderWay(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.processor.SetAfter(func(_ context.Context, _ string, r gateway.Result) gateway.Result {
			time.Sleep(7 * time.Second)
			return r
		})
		a, err := h.createCustomer(time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpSending)
		start := time.Now()
		if err := h.Stop(t.Context()); err != nil || time.Since(start) < 5*time.Second {
			t.Errorf("stopped after %v: %v", time.Since(start), err)
		}
		if c := h.customer("c"); len(c.Methods) != 1 {
			t.Errorf("%+v", c)
		}
		if _, err := h.createCustomer(time.Second, "k2", gateway.CreateCustomer{Card: fields("u")}); codeOf(err) != gateway.CodeStopping {
			t.Errorf("after the stop: %v", err)
		}
	})
}

func TestAReplacementThatWasLostIsSeenByItsCard(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		m := h.stored("a").Methods[0]
		other := gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{Number: "x", ExpirationMonth: "07", ExpirationYear: "2034"}}
		h.loses("update_profile")
		a, err := h.updateMethod(5*time.Second, "done", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: other})
		if h.vaulted(a, err, gateway.OpApproved); a.Method().Card.ExpirationYear != "2034" {
			t.Errorf("%+v", a.Method())
		}
		h.dies("update_profile")
		a, err = h.updateMethod(5*time.Second, "lost", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: fields("b").Method, Default: true})
		h.vaulted(a, err, gateway.OpUnknown)
		if paid, err := h.CreatePayment(t.Context(), as("pay"), byVault("c", m.ID)); err != nil || paid.Payment.Status != gateway.StatusApproved {
			t.Errorf("the method is charged meanwhile: %v", err)
		}
		time.Sleep(5 * time.Minute)
		a, err = h.updateMethod(5*time.Second, "lost", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: fields("b").Method, Default: true})
		h.vaulted(a, err, gateway.OpFailed)
		if c := h.customer("c"); len(c.Pending) != 0 || c.Methods[0].Card.ExpirationYear != "2034" || c.Methods[0].CheckDue.After(time.Now()) {
			t.Errorf("%+v", c)
		}
	})
}

func TestAnAddressWhoseAnswerWasLostIsToBeSentAgain(t *testing.T) {
	h := newHouse(t)
	m := h.stored("a").Methods[0]
	h.loses("update_profile")
	a, err := h.updateMethod(5*time.Second, "", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Billing: &gateway.Address{PostalCode: "1"}})
	h.vaulted(a, err, gateway.OpFailed)
	if c := h.customer("c"); len(c.Pending) != 0 || c.Methods[0].Card != m.Card {
		t.Errorf("%+v", c)
	}
}
