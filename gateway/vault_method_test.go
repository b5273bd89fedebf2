package gateway_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// defaults are the ids of the default methods: there has to be one.
func defaults(c gateway.VaultCustomer) (ids []string) {
	for _, m := range c.Methods {
		if m.Default {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func TestOneMethodIsTheDefault(t *testing.T) {
	h := newHouse(t)
	c := h.stored("a", "b", "c")
	first, second, third := c.Methods[0].ID, c.Methods[1].ID, c.Methods[2].ID
	is := func(what, want string) {
		t.Helper()
		if got := defaults(h.customer("c")); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: the default is %v, want %s", what, got, want)
		}
	}
	is("the first", first)
	if _, err := h.updateMethod(time.Second, "", gateway.UpdateMethod{CustomerID: "c", MethodID: third, Default: true}); err != nil {
		t.Fatal(err)
	}
	is("another was chosen", third)
	version := h.customer("c").Version
	if _, err := h.updateMethod(time.Second, "", gateway.UpdateMethod{CustomerID: "c", MethodID: third, Default: true}); err != nil || h.customer("c").Version != version {
		t.Errorf("the same again made version %d of %d, %v", h.customer("c").Version, version, err)
	}
	if err := h.RemoveMethod(t.Context(), as(""), "c", third); err != nil {
		t.Fatal(err)
	}
	is("it was removed", first)
	if _, err := h.UpdateCustomer(t.Context(), as(""), gateway.UpdateCustomer{CustomerID: "c", DefaultMethodID: second}); err != nil {
		t.Fatal(err)
	}
	is("by the customer", second)
	a, err := h.addMethod(time.Second, "d", gateway.AddMethod{CustomerID: "c", Card: fields("d"), Default: true})
	h.vaulted(a, err, gateway.OpApproved)
	is("added as default", a.MethodID)
	types, _ := h.vaultEvents()
	created, updated, deleted := gateway.EventMethodCreated, gateway.EventMethodUpdated, gateway.EventMethodDeleted
	want := []string{created, created, created, updated, updated, deleted, updated, updated, updated, created, updated}
	slices.Sort(want)
	if slices.Sort(types); !slices.Equal(types, want) {
		t.Errorf("told %v, want %v", types, want)
	}
}

func TestOtherRecordsAreNewsOfEveryMethod(t *testing.T) {
	h := newHouse(t)
	h.stored("a", "b")
	var before gateway.SourceRecords
	for i, source := range []gateway.SourceRecords{{ContactID: "003"}, {}, {AccountID: "001"}} {
		c, err := h.UpdateCustomer(t.Context(), as(""), gateway.UpdateCustomer{CustomerID: "c", Source: &source})
		if err != nil || c.Source != source {
			t.Fatalf("%+v, %v", c, err)
		}
		_, events := h.vaultEvents()
		if len(events) != 4+2*i {
			t.Fatalf("%d events", len(events))
		}
		for _, e := range events[2+2*i:] {
			if e.Type != gateway.EventMethodUpdated || e.Vault.Source != source || e.Vault.Previous != before || e.Version != c.Version {
				t.Errorf("%+v", e)
			}
		}
		before = source
	}
	if _, err := h.UpdateCustomer(t.Context(), as(""), gateway.UpdateCustomer{CustomerID: "c", DefaultMethodID: h.customer("c").Methods[1].ID}); err != nil {
		t.Fatal(err)
	}
	if _, events := h.vaultEvents(); events[len(events)-1].Vault.Previous != (gateway.SourceRecords{}) {
		t.Errorf("where nothing has moved: %+v", events[len(events)-1].Vault)
	}
}

func TestACardIsReplacedInItsMethod(t *testing.T) {
	h := newHouse(t)
	before := h.stored("a").Methods[0]
	cmd := gateway.UpdateMethod{CustomerID: "c", MethodID: before.ID, Card: gateway.PaymentMethod{
		EncryptedCard: &gateway.EncryptedCard{Number: "x", ExpirationMonth: "07", ExpirationYear: "2034"},
	}}
	a, err := h.updateMethod(time.Second, "k", cmd)
	h.vaulted(a, err, gateway.OpApproved)
	m := a.Method()
	if m.ID != before.ID || m.ProfileID != before.ProfileID || m.Card.ExpirationYear != "2034" || m.Card.LastFour != "5439" || !m.Default || a.Operation.Before != shown {
		t.Errorf("%+v", a)
	}
	for range 2 { // which needs no key, and so is no repeat
		a, err = h.updateMethod(time.Second, "", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Billing: &gateway.Address{PostalCode: "1"}})
		if h.vaulted(a, err, gateway.OpApproved); a.Method().Card != m.Card || a.Operation.Key != "" || a.Replayed {
			t.Errorf("another address: %+v", a)
		}
	}
	if types, _ := h.vaultEvents(); !slices.Equal(types, []string{gateway.EventMethodCreated, gateway.EventMethodUpdated}) {
		t.Errorf("told %v", types)
	}
}

func TestAProfileThatIsGoneIsNotReplaced(t *testing.T) {
	h := newHouse(t)
	m := h.stored("a").Methods[0]
	h.processor.ClerkDeletes(m.ProfileID)
	a, err := h.updateMethod(time.Second, "k", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: fields("b").Method})
	h.vaulted(a, err, gateway.OpRejected)
	if now := a.Method(); now.Card != m.Card || now.CheckDue.After(time.Now()) {
		t.Errorf("it is compared at %v: %+v", now.CheckDue, now)
	}
}

func TestWhatIsBeingChangedIsNotChangedTwice(t *testing.T) {
	h := newHouse(t)
	m := h.stored("a").Methods[0]
	gate, sent := make(chan struct{}), make(chan struct{}, 1)
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "update_profile" {
			sent <- struct{}{}
			<-gate
		}
		return nil
	})
	done := make(chan error, 1)
	go func() {
		_, err := h.updateMethod(time.Minute, "k", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: fields("b").Method})
		done <- err
	}()
	<-sent
	_, replace := h.updateMethod(time.Second, "k2", gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: fields("c").Method})
	for what, err := range map[string]error{
		"replacing": replace, "removing": h.RemoveMethod(t.Context(), as(""), "c", m.ID), "removing the customer": h.RemoveCustomer(t.Context(), as(""), "c"),
	} {
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Code != gateway.CodeInProgress || !refused.Retryable {
			t.Errorf("%s: %v", what, err)
		}
	}
	if a, err := h.addMethod(time.Second, "k3", gateway.AddMethod{CustomerID: "c", Card: fields("d")}); err != nil || len(a.Customer.Methods) != 2 {
		t.Errorf("another method meanwhile: %v", err)
	}
	close(gate)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := h.RemoveCustomer(t.Context(), as(""), "c"); err != nil {
		t.Error(err)
	}
}

func TestARemovedMethodIsNotCharged(t *testing.T) {
	h := newHouse(t)
	m := h.stored("a").Methods[0]
	gate, sent := make(chan struct{}), make(chan struct{}, 1)
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "charge" {
			sent <- struct{}{}
			<-gate
			return &gateway.Result{Outcome: gateway.NotSent}
		}
		return nil
	})
	running := make(chan gateway.Answer, 1)
	go func() { running <- h.create("running", byVault("c", m.ID)) }()
	<-sent
	if err := h.RemoveMethod(t.Context(), as(""), "c", m.ID); err != nil {
		t.Fatal(err)
	}
	close(gate)
	h.expect(<-running, nil, gateway.Failed, gateway.OpNotSent)
	h.answers()
	for _, key := range []string{"new", "running"} {
		if _, err := h.CreatePayment(t.Context(), as(key), byVault("c", m.ID)); codeOf(err) != gateway.CodeMethodNotFound {
			t.Errorf("%s: %v", key, err)
		}
	}
	if err := h.RemoveCustomer(t.Context(), as(""), "c"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreatePayment(t.Context(), as("running"), byVault("c", m.ID)); codeOf(err) != gateway.CodeCustomerNotFound {
		t.Errorf("without its customer: %v", err)
	}
	if n := len(h.processor.Records()); n != 0 {
		t.Errorf("%d charges", n)
	}
}

func TestACustomerHasABoundedNumberOfMethods(t *testing.T) {
	h := newHouse(t)
	h.stored("first")
	for i := range 100 {
		profile := "clerks" + time.Duration(i).String()
		h.processor.ClerkStores(profile, shown)
		_, err := h.addMethod(9*time.Second, profile, gateway.AddMethod{CustomerID: "c", Card: gateway.StoredCard{ProcessorProfile: profile}})
		if want := gateway.CodeTooManyMethods; i == 99 && codeOf(err) != want || i < 99 && err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
	}
}

func TestAChangeOfTheVaultIsToldAtOnce(t *testing.T) {
	var sink listener
	tellsEvery(t, time.Hour, func(t *testing.T, h *house) {
		c := h.stored("a", "b")
		if err := h.RemoveMethod(t.Context(), as(""), "c", c.Methods[0].ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		var told []string
		sink.mu.Lock()
		for _, d := range sink.told {
			told = append(told, d.Event.Type)
		}
		sink.mu.Unlock()
		created, updated, deleted := gateway.EventMethodCreated, gateway.EventMethodUpdated, gateway.EventMethodDeleted
		if slices.Sort(told); !slices.Equal(told, []string{created, created, deleted, updated}) {
			t.Errorf("told %v", told)
		}
	}, gateway.Subscriber{Name: "one", Sink: &sink})
}
