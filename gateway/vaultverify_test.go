package gateway_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// careful is a merchant whose cards are verified before they are stored.
func careful(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	m := merchants[0]
	m.VerifyCards = true
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := openAs(t, path, "one", processortest.New(time.Now), m)
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 10*time.Second)
		test(t, h)
		ends(cancel)
		h.ledger.Close()
	})
}

func TestACardIsVerifiedAndStoredFromItsVerification(t *testing.T) {
	careful(t, func(t *testing.T, h *house) {
		cmd := gateway.CreateCustomer{CustomerID: "c", Card: fields("t")}
		a, err := h.createCustomer(9*time.Second, "k", cmd)
		h.vaulted(a, err, gateway.OpApproved)
		records := h.processor.Records()
		if len(records) != 1 || records[0].Amount != 0 || records[0].State != gateway.RecordAuthorized || a.Method().Card.LastFour != "5439" {
			t.Errorf("PayTrace has %+v, stored is %+v", records, a.Method())
		}
		again, err := h.createCustomer(9*time.Second, "k", cmd)
		h.vaulted(again, err, gateway.OpApproved)
		if !again.Replayed || h.processor.Calls("charge") != 1 || h.processor.Calls("create_profile") != 1 {
			t.Errorf("replayed %v after %d verifications and %d profiles", again.Replayed, h.processor.Calls("charge"), h.processor.Calls("create_profile"))
		}
		other := cmd
		other.CustomerID = "d"
		if _, err := h.createCustomer(9*time.Second, "k", other); codeOf(err) != gateway.CodeKeyReused {
			t.Errorf("the key of another request: %v", err)
		}
		b, err := h.addMethod(9*time.Second, "add", gateway.AddMethod{CustomerID: "c", Card: fields("u")})
		h.vaulted(b, err, gateway.OpApproved)
		if h.processor.Calls("charge") != 2 {
			t.Errorf("%d verifications", h.processor.Calls("charge"))
		}
		if _, err := h.addMethod(9*time.Second, "nobody", gateway.AddMethod{CustomerID: "x", Card: fields("v")}); codeOf(err) != gateway.CodeCustomerNotFound {
			t.Errorf("a card for nobody: %v", err)
		}
		from := gateway.StoredCard{TransactionID: h.create("paid", sale(500)).Payment.ID}
		c, err := h.addMethod(9*time.Second, "from", gateway.AddMethod{CustomerID: "c", Card: from})
		h.vaulted(c, err, gateway.OpApproved)
		if n := h.processor.Calls("charge"); n != 3 {
			t.Errorf("%d charges: nobody's card, or one that has paid, was verified", n)
		}
	})
}

func TestACardThatIsNotGoodIsNotStored(t *testing.T) {
	careful(t, func(t *testing.T, h *house) {
		cmd := gateway.CreateCustomer{CustomerID: "c", Card: fields("t")}
		for key, c := range map[string]struct {
			says gateway.Result
			code gateway.Code
		}{
			"declined": {gateway.Result{Outcome: gateway.Declined, TransactionID: "7", Decline: &gateway.Decline{Code: "103", Category: "avs_csc", Message: "The address does not match."}}, gateway.CodeVerificationDeclined},
			"rejected": {gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "961", Message: "used", Field: "paymentMethod.hostedFields.hpfToken"}}, gateway.CodeProcessorRejected},
			"set-up":   {gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "971", Credentials: true}}, gateway.CodeProcessorCredentials},
			"not sent": {gateway.Result{Outcome: gateway.NotSent}, gateway.CodeProcessorUnavailable},
		} {
			h.says("charge", c.says)
			for range 2 {
				if _, err := h.createCustomer(9*time.Second, key, cmd); codeOf(err) != c.code {
					t.Errorf("%s: %v", key, err)
				}
			}
			h.answers()
			h.gone("c")
		}
		a, err := h.createCustomer(9*time.Second, "not sent", cmd) // it may be sent still
		h.vaulted(a, err, gateway.OpApproved)
		if h.processor.Calls("create_profile") != 1 {
			t.Errorf("%d profiles", h.processor.Calls("create_profile"))
		}
	})
}

func TestACardOfWhichNobodyKnowsYetIsStoredByTheRepeat(t *testing.T) {
	careful(t, func(t *testing.T, h *house) {
		cmd := gateway.CreateCustomer{CustomerID: "c", Card: fields("t")}
		h.loses("charge")
		_, err := h.createCustomer(9*time.Second, "k", cmd)
		if codeOf(err) != gateway.CodeVerificationUndecided || h.processor.Calls("create_profile") != 0 {
			t.Errorf("%v, after %d profiles", err, h.processor.Calls("create_profile"))
		}
		h.answers()
		h.gone("c")
		time.Sleep(time.Minute)
		a, err := h.createCustomer(9*time.Second, "k", cmd)
		h.vaulted(a, err, gateway.OpApproved)
		if h.processor.Calls("charge") != 1 {
			t.Errorf("%d verifications", h.processor.Calls("charge"))
		}
	})
}

func TestACardThatReplacesAnotherIsVerified(t *testing.T) {
	careful(t, func(t *testing.T, h *house) {
		a, err := h.createCustomer(9*time.Second, "k", gateway.CreateCustomer{CustomerID: "c", Card: fields("t")})
		h.vaulted(a, err, gateway.OpApproved)
		encrypted := gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{Number: "n", ExpirationMonth: "12", ExpirationYear: "2031"}}
		cmd := gateway.UpdateMethod{CustomerID: "c", MethodID: a.MethodID, Card: fields("u").Method}
		if _, err := h.updateMethod(9*time.Second, "u", cmd); codeOf(err) != gateway.CodeNotStorable {
			t.Errorf("a token that would be used up: %v", err)
		}
		cmd.Card = encrypted
		h.says("charge", gateway.Result{Outcome: gateway.Declined, TransactionID: "7", Decline: &gateway.Decline{Code: "102"}})
		if _, err := h.updateMethod(9*time.Second, "d", cmd); codeOf(err) != gateway.CodeVerificationDeclined || h.processor.Calls("update_profile") != 0 {
			t.Errorf("%v, after %d updates", err, h.processor.Calls("update_profile"))
		}
		h.answers()
		b, err := h.updateMethod(9*time.Second, "r", cmd)
		h.vaulted(b, err, gateway.OpApproved)
		address := gateway.UpdateMethod{CustomerID: "c", MethodID: a.MethodID, Billing: &gateway.Address{City: "Spokane"}}
		n := h.processor.Calls("charge")
		c, err := h.updateMethod(9*time.Second, "a", address)
		h.vaulted(c, err, gateway.OpApproved)
		if h.processor.Calls("charge") != n {
			t.Error("an address was verified")
		}
	})
}

func TestAVerificationIsItsCustomersAndErasedWithIt(t *testing.T) {
	careful(t, func(t *testing.T, h *house) {
		encrypted := gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{Number: "n", ExpirationMonth: "12", ExpirationYear: "2031"}}
		for key, id := range map[string]string{"named": "c", "made": ""} {
			cmd := gateway.CreateCustomer{CustomerID: id, Card: gateway.StoredCard{Method: encrypted}}
			h.loses("charge")
			_, err := h.createCustomer(9*time.Second, key, cmd)
			h.isRefused("undecided", err, gateway.CodeVerificationUndecided)
			h.answers()
			time.Sleep(time.Minute)
			a, err := h.createCustomer(9*time.Second, key, cmd) // the repeat has the same customer
			h.vaulted(a, err, gateway.OpApproved)
			p := h.byKey(key + "/verify").Payment
			if p.CustomerID != a.Customer.ID || !p.Names(a.Customer.ID) || p.CustomerID == "" {
				t.Errorf("%s: the verification is of %q, the customer is %q", key, p.CustomerID, a.Customer.ID)
			}
		}
	})
}

func TestACardThatWasNotStoredBeforeCardsWereVerifiedIsVerifiedFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := openAs(t, path, "one", processortest.New(time.Now), merchants[0])
		cmd := gateway.CreateCustomer{CustomerID: "c", Card: fields("t")}
		h.says("create_profile", gateway.Result{Outcome: gateway.NotSent})
		a, err := h.createCustomer(9*time.Second, "k", cmd)
		h.vaulted(a, err, gateway.OpNotSent)
		h.ledger.Close()
		m := merchants[0]
		m.VerifyCards = true
		next := openAs(t, path, "two", h.processor, m)
		next.answers()
		next.says("charge", gateway.Result{Outcome: gateway.Declined, TransactionID: "7", Decline: &gateway.Decline{Code: "102"}})
		if _, err := next.createCustomer(9*time.Second, "k", cmd); codeOf(err) != gateway.CodeVerificationDeclined {
			t.Errorf("a card that is not good: %v", err)
		}
		next.gone("c")
		next.ledger.Close()
	})
}

// speechless is a ledger that does not answer whoever looks a key up.
type speechless struct {
	gateway.Ledger
	until <-chan struct{}
}

func (s speechless) Key(ctx context.Context, merchantID, key string) (gateway.KeyRecord, error) {
	<-s.until
	return s.Ledger.Key(context.WithoutCancel(ctx), merchantID, key)
}

func TestWhoWaitsForALedgerBeforeACardIsVerifiedIsAnsweredInTime(t *testing.T) {
	m := merchants[0]
	m.VerifyCards = true
	var until chan struct{} // it has to be the bubble's
	silenced := func(l gateway.Ledger) gateway.Ledger {
		until = make(chan struct{})
		return speechless{l, until}
	}
	bent(t, m, silenced, func(h *house, _ *spy) {
		encrypted := gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{Number: "n", ExpirationMonth: "12", ExpirationYear: "2031"}}
		for _, ask := range []func() error{
			func() error {
				_, err := h.createCustomer(2*time.Second, "k", gateway.CreateCustomer{CustomerID: "c", Card: fields("t")})
				return err
			},
			func() error {
				_, err := h.updateMethod(2*time.Second, "r", gateway.UpdateMethod{CustomerID: "c", MethodID: "pm_1", Card: encrypted})
				return err
			},
		} {
			answered := make(chan error, 1)
			go func() { answered <- ask() }()
			select {
			case err := <-answered:
				h.isRefused("in time", err, gateway.CodeOutcomeUnknown)
			case <-time.After(3 * time.Second):
				h.t.Error("nobody is answered within the budget of two seconds")
			}
		}
		close(until)
	})
}

func TestAKeyWhoseCardWasReplacedBeforeCardsWereVerifiedHasItsAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := openAs(t, path, "one", processortest.New(time.Now), merchants[0])
		a, err := h.createCustomer(9*time.Second, "k", gateway.CreateCustomer{CustomerID: "c", Card: fields("t")})
		h.vaulted(a, err, gateway.OpApproved)
		cmd := gateway.UpdateMethod{CustomerID: "c", MethodID: a.MethodID, Card: fields("u").Method}
		b, err := h.updateMethod(9*time.Second, "r", cmd)
		h.vaulted(b, err, gateway.OpApproved)
		h.ledger.Close()
		m := merchants[0]
		m.VerifyCards = true
		next := openAs(t, path, "two", h.processor, m)
		again, err := next.updateMethod(9*time.Second, "r", cmd)
		next.vaulted(again, err, gateway.OpApproved)
		if !again.Replayed || next.processor.Calls("update_profile") != 1 {
			t.Errorf("replayed %t after %d updates", again.Replayed, next.processor.Calls("update_profile"))
		}
		if _, err := next.updateMethod(9*time.Second, "new", cmd); codeOf(err) != gateway.CodeNotStorable {
			t.Errorf("a token that would be used up: %v", err)
		}
		next.ledger.Close()
	})
}
