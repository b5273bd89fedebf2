package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

func TestARemovedProfileIsDeletedUntilItIsGone(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		c := h.stored("a", "b", "d")
		var tries atomic.Int64
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			switch {
			case call != "delete_profile":
				return nil
			case tries.Add(1) == 1:
				return &gateway.Result{Outcome: gateway.Unknown}
			case tries.Load() == 2:
				return &gateway.Result{Outcome: gateway.NotSent}
			case tries.Load() < 12:
				return &gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "998", Credentials: true, Again: true}}
			}
			return nil
		})
		if err := h.RemoveMethod(t.Context(), as(""), "c", c.Methods[1].ID); err != nil {
			t.Fatal(err)
		}
		if now := h.customer("c"); len(now.Methods) != 2 {
			t.Errorf("%+v", now)
		}
		time.Sleep(time.Hour)
		if n := h.processor.Calls("delete_profile"); n < 4 || n > 6 {
			t.Errorf("%d calls in the first hour", n)
		}
		time.Sleep(19 * time.Hour)
		if err := h.RemoveCustomer(t.Context(), as(""), "c"); err != nil {
			t.Fatal(err)
		}
		h.gone("c")
		h.processor.ClerkDeletes(c.Methods[0].ProfileID)
		time.Sleep(6 * time.Minute)
		if left := h.processor.Profiles(); len(left) != 0 || h.processor.Calls("delete_profile") != 14 {
			t.Errorf("PayTrace keeps %v, after %d calls", left, h.processor.Calls("delete_profile"))
		}
		types, events := h.vaultEvents()
		deleted := slices.DeleteFunc(types, func(kind string) bool { return kind != gateway.EventMethodDeleted })
		if len(deleted) != 3 || events[len(events)-1].Vault.Source != c.Source {
			t.Errorf("told %v", types)
		}
		time.Sleep(48 * time.Hour)
		if n := h.processor.Calls("delete_profile"); n != 14 {
			t.Errorf("%d calls in the end", n)
		}
	})
}

// forgetfulVault keeps a change of the vault and says that it failed, or fails
// without keeping it.
type forgetfulVault struct {
	gateway.Ledger
	fails func(gateway.VaultChange) (keep, fail bool)
}

func (f forgetfulVault) ApplyVault(ctx context.Context, c gateway.VaultChange) error {
	keep, fail := f.fails(c)
	if !fail || keep {
		if err := f.Ledger.ApplyVault(ctx, c); err != nil {
			return err
		}
	}
	if fail {
		return errors.New("the reply to COMMIT was lost")
	}
	return nil
}

func TestAnIntentThatTheLedgerMayHaveKeptIsNotSent(t *testing.T) {
	for _, keep := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		bubble(t, func(t *testing.T) {
			h := open(t, path, "one", processortest.New(time.Now))
			defer h.ledger.Close()
			var lost atomic.Bool
			h.on(forgetfulVault{h.ledger, func(c gateway.VaultChange) (bool, bool) { return keep, !lost.Swap(true) }})
			if _, err := h.createCustomer(time.Second, "k", oneCustomer); codeOf(err) != gateway.CodeLedgerUnavailable {
				t.Errorf("%v", err)
			}
			time.Sleep(time.Second)
			h.gone("c")
			if n := h.processor.Calls("create_profile"); n != 0 {
				t.Errorf("%d calls", n)
			}
			a, err := h.createCustomer(5*time.Second, "k", oneCustomer)
			h.vaulted(a, err, gateway.OpApproved)
			synctest.Wait()
		})
	}
}

// overtaken is a ledger in which somebody else is faster a few times.
type overtaken struct {
	gateway.Ledger
	left atomic.Int64
}

func (o *overtaken) ApplyVault(ctx context.Context, c gateway.VaultChange) error {
	if o.left.Add(-1) >= 0 {
		return gateway.ErrStale
	}
	return o.Ledger.ApplyVault(ctx, c)
}

func TestOneWhoIsOvertakenDecidesAnewSoOftenAndNoMore(t *testing.T) {
	h := newHouse(t)
	h.processor.ClerkStores("clerks", shown)
	books := &overtaken{Ledger: h.ledger}
	h.on(books)
	cmd := gateway.CreateCustomer{Card: gateway.StoredCard{ProcessorProfile: "clerks"}}
	books.left.Store(39)
	a, err := h.createCustomer(time.Minute, "k", cmd)
	h.vaulted(a, err, gateway.OpApproved)
	if n := h.processor.Calls("profile"); n != 1 {
		t.Errorf("PayTrace was asked %d times", n)
	}
	h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
		books.left.Store(30) // the answer is overtaken too
		return r
	})
	a, err = h.addMethod(9*time.Second, "k1", gateway.AddMethod{CustomerID: a.Customer.ID, Card: fields("s")})
	h.vaulted(a, err, gateway.OpApproved)
	books.left.Store(1000)
	if _, err := h.addMethod(time.Minute, "k2", gateway.AddMethod{CustomerID: a.Customer.ID, Card: fields("t")}); codeOf(err) != gateway.CodeInProgress {
		t.Errorf("overtaken for ever: %v", err)
	}
	if h.processor.Calls("create_profile") != 1 {
		t.Error("it was sent without an intent")
	}
}

func TestALateRecordOfACardDoesNotDecideTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		var lost atomic.Bool
		h.on(forgetfulVault{h.ledger, func(c gateway.VaultChange) (bool, bool) {
			return true, c.Operations[0].Status == gateway.OpNotSent && !lost.Swap(true)
		}})
		h.says("create_profile", gateway.Result{Outcome: gateway.NotSent})
		a, err := h.createCustomer(10*time.Millisecond, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpSending)
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result { time.Sleep(time.Second); return nil })
		a, err = h.createCustomer(9*time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpApproved)
		if c := h.customer("c"); !lost.Load() || len(c.Methods) != 1 {
			t.Errorf("lost %v: %+v", lost.Load(), c)
		}
		synctest.Wait()
	})
}

func TestAnAnswerIsRecordedOnceTheLedgerCanWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		var writes atomic.Int64
		h.on(forgetfulVault{h.ledger, func(c gateway.VaultChange) (bool, bool) { n := writes.Add(1); return n == 5, n > 1 && n < 6 }})
		a, err := h.createCustomer(30*time.Second, "k", oneCustomer)
		h.vaulted(a, err, gateway.OpApproved)
		if c := h.customer("c"); len(c.Methods) != 1 || c.Version != a.Customer.Version {
			t.Errorf("%+v", c)
		}
	})
}

// TestASenderThatDies leaves an intent behind that was sent, or was not, and lets
// another instance find out.
func TestASenderThatDies(t *testing.T) {
	for _, c := range []struct {
		what  string
		after bool
		want  gateway.OperationStatus
	}{{"before it has sent", false, gateway.OpFailed}, {"before it has an answer", true, gateway.OpApproved}} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		bubble(t, func(t *testing.T) {
			h := open(t, path, "one", processortest.New(time.Now))
			defer h.ledger.Close()
			dead := make(chan struct{})
			dies := func(call string) {
				if call == "create_profile" {
					<-dead
				}
			}
			h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
				if !c.after {
					dies(call)
				}
				return nil
			})
			h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result { dies(call); return r })
			a, err := h.createCustomer(time.Second, "k", oneCustomer)
			h.vaulted(a, err, gateway.OpSending)

			other := tellingHouse(t, h.ledger, "two", h.processor)
			ctx, cancel := context.WithCancel(t.Context())
			go other.RunDue(ctx, 2*time.Second)
			a, err = other.createCustomer(time.Hour, "k", oneCustomer)
			other.vaulted(a, err, c.want)
			if found := len(a.Customer.Methods) == 1; found != c.after || h.processor.Calls("create_profile") != 1 {
				t.Errorf("%s: %+v", c.what, a)
			}
			// The dead one wakes up, and has nothing to say any more.
			close(dead)
			time.Sleep(time.Second)
			a, err = other.createCustomer(time.Second, "k", oneCustomer)
			other.vaulted(a, err, c.want)
			ends(cancel)
		})
	}
}

func TestARemovalWhoseSenderDiedIsSentAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		c := h.stored("a", "b")
		if err := h.RemoveCustomer(t.Context(), as(""), "c"); err != nil {
			t.Fatal(err)
		}
		dead := make(chan struct{})
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			<-dead
			return &gateway.Result{Outcome: gateway.NotSent}
		})
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 2*time.Second)
		time.Sleep(time.Second)

		other := tellingHouse(t, h.ledger, "two", processortest.New(time.Now))
		for _, m := range c.Methods {
			other.processor.ClerkStores(m.ProfileID, m.Card)
		}
		go other.RunDue(ctx, 2*time.Second)
		time.Sleep(time.Minute)
		if n := other.processor.Calls("delete_profile"); n != 0 {
			t.Errorf("%d calls while another is at work on them", n)
		}
		time.Sleep(time.Minute)
		close(dead)
		time.Sleep(time.Minute)
		if n := other.processor.Calls("delete_profile"); n != 2 || len(other.processor.Profiles()) != 0 {
			t.Errorf("%d calls", n)
		}
		ends(cancel)
	})
}

// TestManyChangesOfOneCustomer changes one customer by all verbs at once: every
// one of them has its effect.
func TestManyChangesOfOneCustomer(t *testing.T) {
	h := newHouse(t)
	c := h.stored("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
	var wg sync.WaitGroup
	try := func(what string, change func(context.Context) error) {
		wg.Go(func() {
			_, err := within(30*time.Second, func(ctx context.Context) (struct{}, error) { return struct{}{}, change(ctx) })
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
	approved := func(a gateway.VaultAnswer, err error) error {
		if err == nil && a.Operation.Status != gateway.OpApproved {
			return fmt.Errorf("%+v", a.Operation)
		}
		return err
	}
	for i := range 5 {
		key := fmt.Sprint("k", i)
		replaced, removed := c.Methods[i].ID, c.Methods[5+i].ID
		try("add", func(ctx context.Context) error {
			return approved(h.AddMethod(ctx, as("add"+key), gateway.AddMethod{CustomerID: "c", Card: fields("add" + key), Default: i == 3}))
		})
		try("replace", func(ctx context.Context) error {
			return approved(h.UpdateMethod(ctx, as("replace"+key), gateway.UpdateMethod{CustomerID: "c", MethodID: replaced, Card: fields("replace" + key).Method}))
		})
		try("remove", func(ctx context.Context) error { return h.RemoveMethod(ctx, as(""), "c", removed) })
		try("update", func(ctx context.Context) error {
			_, err := h.UpdateCustomer(ctx, as(""), gateway.UpdateCustomer{CustomerID: "c", Source: &gateway.SourceRecords{AccountID: key}})
			return err
		})
	}
	wg.Wait()
	now := h.customer("c")
	if len(now.Methods) != 10 || len(now.Pending) != 0 || len(defaults(now)) != 1 || now.Version != c.Version+30 || now.Source.AccountID == "" {
		t.Errorf("version %d after %d: %+v", now.Version, c.Version, now)
	}
	_, events := h.vaultEvents()
	versions := map[int64]bool{}
	for _, e := range events {
		versions[e.Version] = true
	}
	if types, _ := h.vaultEvents(); len(versions) != 10+20 {
		t.Errorf("%d versions were told: %v", len(versions), types)
	}
}
