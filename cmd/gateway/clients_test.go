package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

var printedSecret = regexp.MustCompile(`(?m)^pgcs_[A-Z2-7]{52}$`)

// clients runs a command about clients that has to go well.
func (s *serving) clients(args ...string) string {
	s.t.Helper()
	f := s.operate(append([]string{"clients"}, args...)...)
	if f.code != 0 {
		s.t.Fatalf("gateway clients %s: %s%s", strings.Join(args, " "), f.stdout, f.stderr)
	}
	return f.stdout
}

// secret is the one that such a command prints.
func (s *serving) secret(args ...string) string {
	s.t.Helper()
	printed := s.clients(args...)
	secret := printedSecret.FindString(printed)
	if secret == "" {
		s.t.Fatalf("no secret is printed:\n%s", printed)
	}
	return secret
}

// asks asks for a token, and tells the status.
func asks(address, client, secret string) (int, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {secret}}
	answer, err := http.PostForm("http://"+address+"/oauth/token", form)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	return answer.StatusCode, json.NewDecoder(answer.Body).Decode(&struct{}{})
}

func wantToken(t *testing.T, address, client, secret string, want int) {
	t.Helper()
	if status, err := asks(address, client, secret); err != nil || status != want {
		t.Errorf("a token for %s: %d, %v, want %d", client, status, err, want)
	}
}

func TestAClientLivesByCommand(t *testing.T) {
	t.Parallel()
	s, paytrace, shop := serve(t)
	first := s.secret("add", "terminal", "--scope", "payments:write", "--scope", "payments:read", "--channel", "pos", "--by", "Ada Byron")
	terminal := openShop(t, s.address, "terminal", first)
	want(t, "a sale", terminal.pay("sale", "a-sale", paytrace.hostedFields(), 0), "201 approved")
	want(t, "the shop's look at it", shop.byKey("a-sale"), "200 approved")
	eventually(t, "the list shows the use", func() bool {
		list := s.clients("list")
		return strings.Contains(list, "terminal") && strings.Contains(list, "Ada Byron") && strings.Contains(list, "shop") && !strings.Contains(list, "never")
	})

	second := s.secret("rotate", "terminal")
	wantToken(t, s.address, "terminal", first, 200)
	wantToken(t, s.address, "terminal", second, 200)
	if f := s.operate("clients", "rotate", "terminal"); f.code != 1 || !strings.Contains(f.stderr, "a rotation is under way") {
		t.Errorf("a second rotation: %+v", f)
	}
	s.clients("rotate", "terminal", "--finish")
	wantToken(t, s.address, "terminal", first, 401)

	// What was kept is there after a restart, and nobody finds a secret in it.
	s.stop()
	s.start()
	wantToken(t, s.address, "terminal", second, 200)
	kept, err := os.ReadFile(s.ledger())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{first, second} {
		if strings.Contains(string(kept)+s.stderr.String(), secret) {
			t.Error("a secret stands in the ledger or in the log")
		}
	}

	s.clients("revoke", "terminal")
	wantToken(t, s.address, "terminal", second, 401)
	want(t, "its token", terminal.byKey("a-sale"), "401 unauthorized")
	want(t, "the shop's", shop.byKey("a-sale"), "200 approved")
	if list := s.clients("list"); !strings.Contains(list, "revoked") {
		t.Errorf("the list:\n%s", list)
	}
	for name, args := range map[string][]string{
		"the client stands in the configuration file": {"rotate", "shop"},
		"a client has or had this id":                 {"add", "terminal", "--scope", "payments:read"},
		"there is no scope":                           {"add", "another", "--scope", "everything"},
		"exactly one certificate":                     {"add", "another", "--scope", "payments:read", "--certificate", s.config},
	} {
		if f := s.operate(append([]string{"clients"}, args...)...); f.code != 1 || !strings.Contains(f.stderr, name) {
			t.Errorf("gateway clients %v: %+v", args, f)
		}
	}
}

// A rotation as an operator does it, while the client asks for tokens and pays
// all the time and changes its secret in the middle.
func TestNothingIsRefusedDuringARotation(t *testing.T) {
	t.Parallel()
	s, paytrace, _ := serve(t)
	var secret atomic.Value
	secret.Store(s.secret("add", "terminal", "--scope", "payments:write,payments:read"))
	ctx, stop := context.WithCancel(t.Context())
	var asked [2]atomic.Int64
	ended := make(chan error, len(asked))
	for worker := range asked {
		go func() {
			for ctx.Err() == nil {
				if status, err := asks(s.address, "terminal", secret.Load().(string)); err != nil || status != http.StatusOK {
					ended <- fmt.Errorf("worker %d is answered %d, %v", worker, status, err)
					return
				}
				asked[worker].Add(1)
			}
			ended <- nil
		}()
	}
	// flows waits until each worker has begun and ended a request from now on.
	flows := func() {
		t.Helper()
		for worker := range asked {
			before := asked[worker].Load()
			eventually(t, "requests flow", func() bool { return len(ended) > 0 || asked[worker].Load() > before+5 })
		}
	}
	terminal := openShop(t, s.address, "terminal", secret.Load().(string))
	flows()
	second := s.secret("rotate", "terminal")
	flows()
	secret.Store(second)
	flows() // whoever still has the old one in hand has asked by now
	s.clients("rotate", "terminal", "--finish")
	flows()
	want(t, "a sale with a token got by the old secret", terminal.pay("sale", "late", paytrace.hostedFields(), 0), "201 approved")
	stop()
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestARevokedClientIsRefusedByEveryGatewayOnTheLedger(t *testing.T) {
	t.Parallel()
	p := servePair(t)
	secret := p.gateways[0].secret("add", "terminal", "--scope", "payments:read")
	eventually(t, "the other gateway knows the client", func() bool {
		status, err := asks(p.gateways[1].address, "terminal", secret)
		return err == nil && status == http.StatusOK
	})
	terminal := openShop(t, p.gateways[1].address, "terminal", secret)
	want(t, "a look", terminal.byKey("none"), "404 not_found")
	p.gateways[0].clients("revoke", "terminal")
	eventually(t, "the other gateway refuses its token", func() bool { return terminal.byKey("none").httpStatus == http.StatusUnauthorized })
	wantToken(t, p.gateways[1].address, "terminal", secret, http.StatusUnauthorized)
}

// An id that was given out by command cannot be taken by the configuration, which
// would let in again whoever was revoked.
func TestAnAddedClientsIdInTheConfigurationIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	s, _, _ := serve(t)
	s.secret("add", "terminal", "--scope", "payments:read")
	s.stop()
	content, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.write(strings.Replace(string(content), "id: shop", "id: terminal", 1))
	p := s.launch()
	if code := p.exit(); code != 1 || !strings.Contains(p.stderr.String(), "client terminal stands in the configuration") {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
}
