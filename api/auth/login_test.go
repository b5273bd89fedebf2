package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// staff is a store of operators in memory.
type staff struct {
	gateway.OperatorStore
	kept map[string]gateway.Operator
	read int64
	away error
}

func (s *staff) Operators(context.Context) (all []gateway.Operator, err error) {
	for _, o := range s.kept {
		all = append(all, o)
	}
	return all, s.away
}

func (s *staff) OperatorsVersion(context.Context) (int64, error) { s.read++; return s.read, s.away }

func (s *staff) SaveOperator(_ context.Context, o gateway.Operator, _ gateway.AuditRecord) error {
	if s.kept[o.Name].Version != o.Version-1 {
		return gateway.ErrStale
	}
	s.kept[o.Name] = o
	return nil
}

func (s *staff) BeginSession(context.Context, gateway.Session, int, gateway.AuditRecord) error {
	return s.away
}

// The command at the gateway's machine, by ada.
var (
	atTheMachine = Principal{ClientID: "operator:ada", MerchantID: "main"}
	byAda        = gateway.Actor{Client: "operator:ada"}
)

// newPeople are operators of the merchants main and other, at a time that stands.
func newPeople(t *testing.T) (*People, *staff, *clock) {
	t.Helper()
	kept, now := &staff{kept: map[string]gateway.Operator{}}, &clock{at: today}
	p := NewPeople(PeopleConfig{
		Store: kept, Merchants: map[string]bool{"main": false, "other": false}, Key: SecretKey("a key of the tests"),
		Now: now.now, Log: slog.New(slog.DiscardHandler),
	})
	return p, kept, now
}

func (p *People) invited(t *testing.T, a Assignment) (oneTime string) {
	t.Helper()
	a.By = byAda
	_, oneTime, err := p.Add(t.Context(), atTheMachine, a)
	if err != nil {
		t.Fatal(err)
	}
	return oneTime
}

// tries logs in from the address, and gives the code of the refusal.
func (p *People) tries(name, password, address string) gateway.Code {
	_, _, err := p.LogIn(context.Background(), LogIn{Name: name, Password: password, Address: address})
	return codeOf(err)
}

const wrong = "not the words of hers"

func TestWhoHasToWaitTakesNoOthersPlace(t *testing.T) {
	p, _, now := newPeople(t)
	for n := range 35 {
		p.tries(fmt.Sprintf("stranger-%d", n), wrong, "192.0.2.1")
		now.advance(250 * time.Millisecond)
	}
	for range 20 {
		if code := p.tries("anybody", wrong, "192.0.2.1"); code != gateway.CodeSlowDown {
			t.Fatalf("one who has guessed too much is told %s", code)
		}
	}
	if code := p.tries("bea", wrong, "192.0.2.2"); code != gateway.CodeLogInRefused {
		t.Errorf("somebody from elsewhere is told %s, want a look at the password", code)
	}
}

func TestTheRightOneTimePasswordIsLookedAtWhateverWasGuessed(t *testing.T) {
	p, _, _ := newPeople(t)
	oneTime := p.invited(t, Assignment{Name: "bea", Role: RoleViewer})
	var codes []gateway.Code
	for n := range 12 {
		codes = append(codes, p.tries("bea", wrong, address(n)))
	}
	if !slices.Contains(codes, gateway.CodeSlowDown) {
		t.Fatalf("the guesses at one name are told %v", codes)
	}
	if code := p.tries("bea", wrong, "192.0.2.9"); code != gateway.CodeSlowDown {
		t.Errorf("one more guess is told %s", code)
	}
	if code := p.tries("bea", oneTime, "192.0.2.9"); code != gateway.CodePasswordNeeded {
		t.Errorf("the right one-time password is told %s, want %s", code, gateway.CodePasswordNeeded)
	}
}

// What could not be looked up was no guess.
func TestALedgerThatIsAwayIsNoWrongPassword(t *testing.T) {
	p, kept, now := newPeople(t)
	p.invited(t, Assignment{Name: "bea", Role: RoleViewer})
	kept.away = errors.New("it is away")
	for range 70 {
		if code := p.tries("bea", wrong, "192.0.2.1"); code != gateway.CodeLedgerUnavailable {
			t.Fatalf("without the ledger a log-in is told %s", code)
		}
		now.advance(250 * time.Millisecond)
	}
	kept.away = nil
	if code := p.tries("bea", wrong, "192.0.2.1"); code != gateway.CodeLogInRefused {
		t.Errorf("once it is back: %s, want a look at the password", code)
	}
}
