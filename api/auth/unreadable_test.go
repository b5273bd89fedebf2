package auth

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// torn is a store with a row that nobody can read.
type torn struct{ *memory }

func (s torn) APIClients(ctx context.Context) ([]gateway.APIClient, error) {
	all, err := s.memory.APIClients(ctx)
	return all, errors.Join(err, gateway.UnreadableError{{ID: "torn", Err: errors.New("it is torn")}})
}

func TestAClientThatCannotBeReadKeepsNobodyElseFromCalling(t *testing.T) {
	o := newOffice(t, torn{&memory{clients: []gateway.APIClient{kept("terminal", "its secret")}}}, nil).load(t)
	if !o.lets(o.token("terminal", "its secret")) {
		t.Error("the client beside it may not call")
	}
	if o.lets(o.token("torn", "its secret")) {
		t.Error("the client that cannot be read may call")
	}
	o.add(t, kept("another", "its own"))
	if !o.lets(o.token("another", "its own")) {
		t.Error("nobody can be added any more")
	}
	if log := o.log.String(); strings.Count(log, "clients.left_out") != 1 || !strings.Contains(log, "client=torn") || !strings.Contains(log, "it is torn") {
		t.Errorf("the log says %s", log)
	}
}

// tornPeople is a store with an operator whom nobody can read.
type tornPeople struct{ gateway.OperatorStore }

func (tornPeople) OperatorsVersion(context.Context) (int64, error) { return 2, nil }

func (tornPeople) Operators(context.Context) ([]gateway.Operator, error) {
	return []gateway.Operator{{Name: "eve", Role: "viewer", Version: 1}}, gateway.UnreadableError{{ID: "ada", Err: errors.New("it is torn")}}
}

func TestAnOperatorWhoCannotBeReadKeepsNobodyElseOut(t *testing.T) {
	var log strings.Builder
	p := NewPeople(PeopleConfig{Store: tornPeople{}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 2 {
		if err := p.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.read = false
	}
	if _, known := p.find("eve"); !known {
		t.Error("the operator beside them is not known")
	}
	if _, known := p.find("ada"); known {
		t.Error("the one who cannot be read is known")
	}
	if strings.Count(log.String(), "operators.left_out") != 1 || !strings.Contains(log.String(), "operator=ada") {
		t.Errorf("the log says %s", log.String())
	}
}
