package auth

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
)

// ada decides in these tests.
var ada = gateway.Actor{Client: "operator:ada", Person: "Ada Byron", From: "127.0.0.1"}

// memory is a store of clients.
type memory struct {
	mu      sync.Mutex
	clients []gateway.APIClient
	// audited is the last record that came with a client.
	audited gateway.AuditRecord
	uses    int
	listed  int
	away    error
}

func (m *memory) APIClients(context.Context) ([]gateway.APIClient, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listed++
	return slices.Clone(m.clients), m.away
}

func (m *memory) APIClientsVersion(context.Context) (sum int64, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.clients {
		sum += c.Version
	}
	return sum, m.away
}

func (m *memory) SaveAPIClient(_ context.Context, c gateway.APIClient, r gateway.AuditRecord) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.audited = r
	if m.away != nil {
		return m.away
	}
	i := slices.IndexFunc(m.clients, func(other gateway.APIClient) bool { return other.ID == c.ID })
	switch {
	case i < 0 && c.Version == 1:
		m.clients = append(m.clients, c)
	case i >= 0 && m.clients[i].Version == c.Version-1:
		m.clients[i] = c
	default:
		return gateway.ErrStale
	}
	return nil
}

func (m *memory) UseAPIClient(_ context.Context, id string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.clients {
		if m.clients[i].ID == id {
			m.uses++
			m.clients[i].UsedAt = at
		}
	}
	return m.away
}

func (m *memory) fail(err error) { m.mu.Lock(); m.away = err; m.mu.Unlock() }

// office is one gateway's side of the store.
type office struct {
	*Roster
	issuer   *Issuer
	verifier *Verifier
	log      *bytes.Buffer
}

var officeKey = SecretKey("a key of the tests, as long as it needs")

func newOffice(t *testing.T, store gateway.ClientStore, now func() time.Time) office {
	t.Helper()
	config, _ := testConfig(t)
	if now != nil {
		config.Now = now
	}
	log := &bytes.Buffer{}
	roster := NewRoster(RosterConfig{
		Store: store, Clients: config.Clients, SecretKey: officeKey, Now: config.Now, Log: slog.New(slog.NewTextHandler(log, nil)),
		Serves: func(merchant string, live bool) bool { return merchant == "m1" && !live },
	})
	return office{roster, NewIssuer(config), NewVerifier(config), log}
}

func (o office) load(t *testing.T) office {
	t.Helper()
	if err := o.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o office) token(client, secret string) string {
	granted, _ := o.issuer.Token(context.Background(), TokenRequest{
		GrantType: grantClientCredentials, BasicID: client, BasicSecret: secret, Address: "192.0.2.1",
	})
	return granted.AccessToken
}

func (o office) lets(token string) bool {
	_, err := o.verifier.Verify(token)
	return err == nil
}

func kept(id, secret string) gateway.APIClient {
	return gateway.APIClient{
		ID: id, MerchantID: "m1", Scopes: []string{"payments:write", "payments:read"}, AddedBy: "ada", Version: 1,
		Quota: gateway.Quota{Requests: 7, Per: time.Minute}, Secrets: []gateway.APISecret{{Hash: officeKey.Hash(secret)}},
	}
}

func (o office) add(t *testing.T, c gateway.APIClient) {
	t.Helper()
	if _, err := o.Add(t.Context(), ada, c); err != nil {
		t.Fatal(err)
	}
}

func TestAnAddedClientCallsAtOnce(t *testing.T) {
	o := newOffice(t, &memory{}, nil).load(t)
	o.add(t, kept("terminal", "its secret"))
	who, err := o.verifier.Verify(o.token("terminal", "its secret"))
	if err != nil || who.ClientID != "terminal" || who.MerchantID != "m1" || who.LiveMode || who.Scopes.String() != "payments:write payments:read" {
		t.Errorf("it is %+v, %v", who, err)
	}
	if quota, limited := o.Clients.Quota("terminal"); !limited || quota.Requests != 7 {
		t.Errorf("its limit is %+v, %t", quota, limited)
	}
	for what, token := range map[string]string{
		"a wrong secret": o.token("terminal", "wrong"), "the hash for a secret": o.token("terminal", officeKey.Hash("its secret")),
		"no secret": o.token("terminal", ""),
	} {
		if token != "" {
			t.Errorf("a token for %s", what)
		}
	}
}

func TestBothSecretsAreGoodUntilTheOldOneEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, &memory{}, time.Now).load(t)
		o.add(t, kept("terminal", "old"))
		if _, err := o.Rotate(t.Context(), "m1", false, "terminal", officeKey.Hash("new"), ada, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if o.token("terminal", "old") == "" || o.token("terminal", "new") == "" {
			t.Error("not both secrets are good during the rotation")
		}
		time.Sleep(time.Hour)
		if o.token("terminal", "old") != "" || o.token("terminal", "new") == "" {
			t.Error("not just the new secret is good after the rotation")
		}
	})
}

// The other gateway is not told: it looks. Its payments never ask the ledger.
func TestARevocationIsKnownToEveryGatewayWithinFourSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		here, there := newOffice(t, store, time.Now).load(t), newOffice(t, store, time.Now).load(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go there.Run(ctx)
		here.add(t, kept("terminal", "its secret"))
		token := here.token("terminal", "its secret")
		time.Sleep(readEvery)
		synctest.Wait()
		listed := store.listed
		for range 1000 {
			if !there.lets(token) {
				t.Fatal("the other gateway refuses the client's token")
			}
		}
		time.Sleep(10 * readEvery)
		synctest.Wait()
		if store.listed != listed {
			t.Errorf("the ledger was read %d times while nothing changed", store.listed-listed)
		}
		if _, err := here.Revoke(t.Context(), "m1", false, "terminal", ada); err != nil {
			t.Fatal(err)
		}
		if here.lets(token) || here.token("terminal", "its secret") != "" {
			t.Error("the gateway that revoked it lets the client in")
		}
		time.Sleep(readEvery)
		synctest.Wait()
		if there.lets(token) || there.token("terminal", "its secret") != "" {
			t.Error("the other gateway lets a revoked client in")
		}
		cancel()
		synctest.Wait()
	})
}

func TestUsesAreWrittenOnceInFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		o := newOffice(t, store, time.Now).load(t)
		ctx, cancel := context.WithCancel(t.Context())
		go o.Run(ctx)
		o.add(t, kept("terminal", "its secret"))
		o.add(t, kept("idle", "its secret"))
		token := o.token("terminal", "its secret")
		began := time.Now()
		for range 299 {
			o.lets(token)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if store.uses != 1 || store.clients[0].UsedAt.Sub(began).Abs() > time.Second || !store.clients[1].UsedAt.IsZero() {
			t.Errorf("%d writes: %v and %v", store.uses, store.clients[0].UsedAt, store.clients[1].UsedAt)
		}
		time.Sleep(time.Second)
		o.lets(token)
		cancel() // what was not written yet is written at the end
		synctest.Wait()
		if store.uses != 2 {
			t.Errorf("%d writes after five minutes, want 2", store.uses)
		}
	})
}

func TestAUseIsNotForgottenWhenClientsAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		o := newOffice(t, store, time.Now).load(t)
		ctx, cancel := context.WithCancel(t.Context())
		go o.Run(ctx)
		o.add(t, kept("terminal", "its secret"))
		o.lets(o.token("terminal", "its secret"))
		o.add(t, kept("another", "its secret"))
		time.Sleep(readEvery)
		synctest.Wait()
		if store.uses != 1 {
			t.Errorf("%d uses are written, want 1", store.uses)
		}
		cancel()
		synctest.Wait()
	})
}

func TestALedgerThatIsAwayIsToldOfOnceAndChangesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		o := newOffice(t, store, time.Now).load(t)
		o.add(t, kept("terminal", "its secret"))
		token := o.token("terminal", "its secret")
		ctx, cancel := context.WithCancel(t.Context())
		go o.Run(ctx)
		store.fail(errors.New("the disk is away"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if !o.lets(token) || strings.Count(o.log.String(), "clients.not_read") != 1 {
			t.Errorf("while the ledger is away: %s", o.log)
		}
		if _, err := o.Revoke(t.Context(), "m1", false, "terminal", ada); codeOf(err) != gateway.CodeLedgerUnavailable {
			t.Errorf("a revocation that was not kept: %v", err)
		}
		cancel()
		synctest.Wait()
	})
}

func codeOf(err error) gateway.Code {
	var refused *gateway.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}
