package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// fields is a card by hosted fields, whose token works once.
func fields(token string) gateway.StoredCard {
	return gateway.StoredCard{Method: gateway.PaymentMethod{HostedFields: &gateway.HostedFields{Token: token, EncryptionKey: "k"}}}
}

func (h *house) createCustomer(budget time.Duration, key string, cmd gateway.CreateCustomer) (gateway.VaultAnswer, error) {
	return within(budget, func(ctx context.Context) (gateway.VaultAnswer, error) { return h.CreateCustomer(ctx, as(key), cmd) })
}

func (h *house) addMethod(budget time.Duration, key string, cmd gateway.AddMethod) (gateway.VaultAnswer, error) {
	return within(budget, func(ctx context.Context) (gateway.VaultAnswer, error) { return h.AddMethod(ctx, as(key), cmd) })
}

func (h *house) updateMethod(budget time.Duration, key string, cmd gateway.UpdateMethod) (gateway.VaultAnswer, error) {
	return within(budget, func(ctx context.Context) (gateway.VaultAnswer, error) { return h.UpdateMethod(ctx, as(key), cmd) })
}

// vaulted is what a change of the vault has to have ended as.
func (h *house) vaulted(a gateway.VaultAnswer, err error, want gateway.OperationStatus) gateway.VaultAnswer {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	if a.Operation.Status != want {
		h.t.Fatalf("the operation is %s, want %s: %+v", a.Operation.Status, want, a.Operation)
	}
	return a
}

// stored makes customer c with the methods of as many tokens.
func (h *house) stored(tokens ...string) gateway.VaultCustomer {
	h.t.Helper()
	a, err := h.createCustomer(9*time.Second, "new-"+tokens[0], gateway.CreateCustomer{CustomerID: "c", Card: fields(tokens[0])})
	h.vaulted(a, err, gateway.OpApproved)
	for _, token := range tokens[1:] {
		a, err = h.addMethod(9*time.Second, "new-"+token, gateway.AddMethod{CustomerID: "c", Card: fields(token)})
		h.vaulted(a, err, gateway.OpApproved)
		time.Sleep(time.Millisecond)
	}
	return a.Customer
}

func (h *house) customer(id string) gateway.VaultCustomer {
	h.t.Helper()
	c, err := h.Customer(context.Background(), "main", id)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// vaultEvents are those not told yet, by their types.
func (h *house) vaultEvents() (types []string, events []gateway.Event) {
	h.t.Helper()
	all, err := h.ledger.Unspread(context.Background(), []string{"main"}, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range all {
		if e.Vault != nil {
			types, events = append(types, e.Type), append(events, e)
		}
	}
	return types, events
}

var shown = gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"}

func TestACustomerIsMadeWithACardThatIsReadBack(t *testing.T) {
	h := newHouse(t)
	cmd := gateway.CreateCustomer{Source: gateway.SourceRecords{AccountID: "001"}, Card: fields("t")}
	a, err := h.createCustomer(9*time.Second, "k", cmd)
	h.vaulted(a, err, gateway.OpApproved)
	m := a.Method()
	if m.Card != shown || !m.Default || m.ProfileID == "" || m.CheckDue.Before(time.Now().Add(23*time.Hour)) || a.Replayed {
		t.Errorf("%+v", a)
	}
	if c := h.customer(a.Customer.ID); c.Version != a.Customer.Version || len(c.Methods) != 1 || c.Methods[0].Card != shown || c.Source.AccountID != "001" || len(c.Pending) != 0 {
		t.Errorf("the ledger has %+v", c)
	}
	again, err := h.createCustomer(9*time.Second, "k", cmd)
	h.vaulted(again, err, gateway.OpApproved)
	if !again.Replayed || again.Method() != m || again.Customer.ID != a.Customer.ID || h.processor.Calls("create_profile") != 1 {
		t.Errorf("the repeat is %+v, after %d calls", again, h.processor.Calls("create_profile"))
	}
	if paid := h.create("pay", byVault(a.Customer.ID, m.ID)); paid.Payment.Card != shown || paid.Payment.PaymentMethodID != m.ID {
		t.Errorf("paid with %+v", paid.Payment)
	}
	types, events := h.vaultEvents()
	if !slices.Equal(types, []string{gateway.EventMethodCreated}) || events[0].Version != a.Customer.Version || events[0].OperationID != a.Operation.ID ||
		events[0].Vault.Source.AccountID != "001" || events[0].Vault.Origin != gateway.OriginAPI || events[0].Vault.Method.Card != shown {
		t.Errorf("told %v %+v", types, events)
	}
}

func byVault(customerID, methodID string) gateway.CreatePayment {
	cmd := sale(1999)
	cmd.Method = gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: customerID, PaymentMethodID: methodID}}
	return cmd
}

func TestAKeyIsForOneRequestOfOneKind(t *testing.T) {
	h := newHouse(t)
	h.create("paid", sale(1999))
	h.stored("t")
	expect := func(what string, err error, want gateway.Code) {
		t.Helper()
		if codeOf(err) != want {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := h.createCustomer(time.Second, "paid", gateway.CreateCustomer{Card: fields("u")})
	expect("a payment's key for a customer", err, gateway.CodeKeyReused)
	_, err = h.CreatePayment(t.Context(), as("new-t"), sale(1999))
	expect("a customer's key for a payment", err, gateway.CodeKeyReused)
	_, err = h.createCustomer(time.Second, "new-t", gateway.CreateCustomer{CustomerID: "c", Card: fields("u")})
	expect("the same key with another token", err, gateway.CodeKeyReused)
	_, err = h.addMethod(time.Second, "new-t", gateway.AddMethod{CustomerID: "c", Card: fields("t")})
	expect("the same key for a method", err, gateway.CodeKeyReused)
	_, err = h.createCustomer(time.Second, "second", gateway.CreateCustomer{CustomerID: "c", Card: fields("u")})
	expect("an id that is there", err, gateway.CodeCustomerExists)
	_, err = h.ByKey(t.Context(), "main", "new-t")
	if expect("by key", err, gateway.CodeNotFound); err == nil || !strings.Contains(err.Error(), "vault") {
		t.Errorf("it does not say what the key was used for: %v", err)
	}
	_, err = h.Cancel(t.Context(), "main", "new-t")
	expect("a customer's key given up", err, gateway.CodeKeyReused)
	if _, err := h.Cancel(t.Context(), "main", "closed"); err != nil {
		t.Fatal(err)
	}
	_, err = h.createCustomer(time.Second, "closed", gateway.CreateCustomer{Card: fields("u")})
	expect("a key given up", err, gateway.CodeKeyCancelled)
	if n := h.processor.Calls("create_profile"); n != 1 {
		t.Errorf("%d profiles were asked for", n)
	}
}

func TestManyCallsWithOneKeyMakeOneCustomer(t *testing.T) {
	h := newHouse(t)
	ids := make([]string, 30)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			a, err := h.createCustomer(9*time.Second, "k", gateway.CreateCustomer{Card: fields("t")})
			if err != nil {
				t.Error(err)
			}
			ids[i] = a.Customer.ID + string(a.Operation.Status) + a.Method().Card.LastFour
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("one call got %s, another %s", ids[0], id)
		}
	}
	if n := h.processor.Calls("create_profile"); n != 1 {
		t.Errorf("%d profiles were asked for", n)
	}
}

func TestOneProfileIsAdoptedOnce(t *testing.T) {
	h := newHouse(t)
	card := gateway.CardSummary{Brand: gateway.Amex, LastFour: "0005", ExpirationMonth: "01", ExpirationYear: "2031"}
	h.processor.ClerkStores("clerks", card)
	cmd := gateway.CreateCustomer{Card: gateway.StoredCard{ProcessorProfile: "clerks"}}
	var wg sync.WaitGroup
	ids := make([]string, 10)
	for i := range ids {
		wg.Go(func() {
			a, err := h.createCustomer(9*time.Second, "k", cmd)
			if err != nil || a.Operation.Status != gateway.OpApproved || a.Method().Card != card {
				t.Errorf("%+v, %v", a, err)
			}
			ids[i] = a.Customer.ID
		})
	}
	wg.Wait()
	if slices.ContainsFunc(ids, func(id string) bool { return id != ids[0] }) {
		t.Errorf("one key made several customers: %v", ids)
	}
	if _, err := h.createCustomer(9*time.Second, "k2", cmd); codeOf(err) != gateway.CodeProfileTaken {
		t.Errorf("a second key: %v", err)
	}
	cmd.Card.ProcessorProfile = "nowhere"
	if _, err := h.createCustomer(9*time.Second, "k3", cmd); codeOf(err) != gateway.CodeProfileNotFound {
		t.Errorf("a profile that is not there: %v", err)
	}
	h.dies("profile")
	_, err := h.createCustomer(9*time.Second, "k4", cmd)
	if codeOf(err) != gateway.CodeProcessorUnavailable {
		t.Errorf("PayTrace cannot be asked: %v", err)
	}
	if h.processor.Calls("create_profile") != 0 {
		t.Error("a profile was made")
	}
}

func TestTheCardOfAPaymentIsStored(t *testing.T) {
	h := newHouse(t)
	paid := h.create("paid", sale(1999)).Payment
	declined := h.create("declined", sale(21)).Payment
	c := h.stored("t")
	byCard := h.create("stored", byVault(c.ID, "")).Payment
	voided := h.create("voided", sale(500)).Payment
	if _, err := h.Void(t.Context(), as("void"), voided.ID); err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{paid.ID, paid.TransactionID} {
		a, err := h.addMethod(9*time.Second, fmt.Sprint("k", i), gateway.AddMethod{CustomerID: "c", Card: gateway.StoredCard{TransactionID: id}})
		if h.vaulted(a, err, gateway.OpApproved); a.Method().Card.LastFour == "" {
			t.Errorf("%+v", a.Method())
		}
	}
	for i, id := range []string{declined.ID, byCard.ID, voided.ID, "pay_nobodys", "99999"} {
		_, err := h.addMethod(9*time.Second, fmt.Sprint("no", i), gateway.AddMethod{CustomerID: "c", Card: gateway.StoredCard{TransactionID: id}})
		if codeOf(err) != gateway.CodeNotStorable {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestWhatIsNotThereCannotBeChanged(t *testing.T) {
	h := newHouse(t)
	h.stored("t")
	nobody, nothing := gateway.CodeCustomerNotFound, gateway.CodeMethodNotFound
	_, add := h.addMethod(time.Second, "k1", gateway.AddMethod{CustomerID: "x", Card: fields("u")})
	_, replace := h.updateMethod(time.Second, "k2", gateway.UpdateMethod{CustomerID: "c", MethodID: "x", Card: fields("u").Method})
	_, prefer := h.updateMethod(time.Second, "", gateway.UpdateMethod{CustomerID: "c", MethodID: "", Default: true})
	_, update := h.UpdateCustomer(t.Context(), as(""), gateway.UpdateCustomer{CustomerID: "c", DefaultMethodID: "x"})
	_, get := h.Customer(t.Context(), "main", "x")
	for i, got := range []struct {
		err  error
		want gateway.Code
	}{
		{add, nobody}, {replace, nothing}, {prefer, nothing}, {update, nothing}, {get, nobody},
		{h.RemoveMethod(t.Context(), as(""), "c", "x"), nothing},
		{h.RemoveMethod(t.Context(), as(""), "c", ""), nothing},
		{h.RemoveCustomer(t.Context(), as(""), "x"), nobody},
	} {
		if codeOf(got.err) != got.want {
			t.Errorf("%d: %v, want %s", i, got.err, got.want)
		}
	}
}

// behind is a ledger whose next look at a key comes just before the key is
// bound.
type behind struct {
	gateway.Ledger
	late *atomic.Bool
}

func (b behind) Key(ctx context.Context, merchantID, key string) (gateway.KeyRecord, error) {
	if b.late.Swap(false) {
		return gateway.KeyRecord{}, gateway.ErrNotFound
	}
	return b.Ledger.Key(ctx, merchantID, key)
}

func TestWhatTheSameKeyHasMadeMeanwhileIsNoObstacle(t *testing.T) {
	h := newHouse(t)
	late := &atomic.Bool{}
	h.Gateway = gateway.New(gateway.Config{
		Ledger: behind{h.ledger, late}, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor},
		Secret: secret, Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard,
	})
	cmd := gateway.CreateCustomer{CustomerID: "c", Card: fields("t")}
	first, err := h.createCustomer(9*time.Second, "k", cmd)
	h.vaulted(first, err, gateway.OpApproved)
	late.Store(true)
	again, err := h.createCustomer(9*time.Second, "k", cmd)
	h.vaulted(again, err, gateway.OpApproved)
	if !again.Replayed || again.Operation.ID != first.Operation.ID {
		t.Errorf("%+v", again)
	}
}
