package auth

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// guess tries a secret at the issuer and tells the HTTP status, 200 for a token.
func guess(i *Issuer, client, secret, address string) int {
	_, refusal := i.Token(context.Background(), TokenRequest{
		GrantType: grantClientCredentials, BasicID: client, BasicSecret: secret, Address: address,
	})
	if refusal != nil {
		return refusal.Status
	}
	return 200
}

func address(n int) string { return fmt.Sprintf("192.0.%d.%d", n/250, n%250+1) }

// A client is slowed down from wherever the guesses come, and an id that nobody
// has looks the same.
func TestGuessesAtOneClientAreSlowedFromAnywhere(t *testing.T) {
	for _, client := range []string{"shop", "nobody"} {
		c, clock := testConfig(t)
		i := NewIssuer(c)
		var refused []int
		for n := range 12 {
			refused = append(refused, guess(i, client, "wrong", address(n)))
		}
		if got, want := fmt.Sprint(refused), "["+strings.Repeat("401 ", 10)+"429 429]"; got != want {
			t.Errorf("%s: %s, want %s", client, got, want)
		}
		clock.advance(30 * time.Second)
		if first, second := guess(i, client, "wrong", address(20)), guess(i, client, "wrong", address(21)); first != 401 || second != 429 {
			t.Errorf("%s, half a minute later: %d, then %d, want one more guess", client, first, second)
		}
	}
}

func TestNobodyIsKeptFromItsTokensByGuessesElsewhere(t *testing.T) {
	c, _ := testConfig(t)
	i := NewIssuer(c)
	if status := guess(i, "shop", shopSecret, "203.0.113.9"); status != 200 {
		t.Fatal(status)
	}
	for n := range 100 {
		guess(i, "shop", "wrong", address(n))
	}
	if status := guess(i, "shop", shopSecret, "203.0.113.9"); status != 200 {
		t.Errorf("the shop at its own address: %d", status)
	}
	if status := guess(i, "shop", shopSecret, "203.0.113.10"); status != 429 {
		t.Errorf("a right secret from an address of which nothing is known: %d, want 429", status)
	}
	last := 0
	for range 70 {
		last = guess(i, "shop", "wrong", "203.0.113.9")
	}
	if last != 429 {
		t.Errorf("guesses at the shop's own address end with %d, want 429", last)
	}
}

func TestGuessesFromOneAddressAreSlowedForAnyClient(t *testing.T) {
	for what, at := range map[string]func(int) string{
		"an address":                 func(int) string { return "192.0.2.7" },
		"the addresses of a network": func(n int) string { return fmt.Sprintf("2001:db8::%x", n+1) },
		"no address":                 func(int) string { return "" },
	} {
		c, clock := testConfig(t)
		i := NewIssuer(c)
		last := 0
		for n := range 31 {
			last = guess(i, fmt.Sprintf("stranger-%d", n), "wrong", at(n))
		}
		if last != 429 {
			t.Errorf("%s: the 31st guess is answered %d", what, last)
		}
		if status := guess(i, "shop", "wrong", "198.51.100.1"); status != 401 {
			t.Errorf("%s: another address is answered %d", what, status)
		}
		clock.advance(10 * time.Second)
		if status := guess(i, "stranger", "wrong", at(99)); status != 401 {
			t.Errorf("%s: after ten seconds %d", what, status)
		}
	}
}

func TestAThousandGuessesAtOnceGetNoFurther(t *testing.T) {
	c, _ := testConfig(t)
	i := NewIssuer(c)
	var wait sync.WaitGroup
	statuses := make([]int, 1000)
	for n := range statuses {
		wait.Go(func() { statuses[n] = guess(i, "shop", "wrong", address(n)) })
	}
	wait.Wait()
	looked := 0
	for _, status := range statuses {
		if status == 401 {
			looked++
		}
	}
	if looked != 10 {
		t.Errorf("%d secrets were looked at, want 10", looked)
	}
}

func TestWhatIsRememberedOfGuessesIsBounded(t *testing.T) {
	c, _ := testConfig(t)
	i := NewIssuer(c)
	for n := range 3 * remembered {
		guess(i, fmt.Sprintf("%d%s", n, strings.Repeat("x", 5000)), "wrong", address(n))
	}
	g := i.guesses
	for name, n := range map[string]int{
		"strangers": len(g.strangers.full), "addresses": len(g.addresses.full), "clients": len(g.clients.full), "met": len(g.met),
	} {
		if n > remembered {
			t.Errorf("%d %s are remembered", n, name)
		}
	}
	for who := range g.strangers.full {
		if len(who.client) > maxIDLength {
			t.Fatalf("%d characters of an id are remembered", len(who.client))
		}
	}
}

// What a stranger sends as its id may be a secret in the wrong place.
func TestARefusalNamesOnlyClientsThatExist(t *testing.T) {
	c, _ := testConfig(t)
	i := NewIssuer(c)
	for client, want := range map[string]string{"shop": "shop", "a secret in the wrong place": ""} {
		_, refusal := i.Token(context.Background(), TokenRequest{
			GrantType: grantClientCredentials, ClientID: client, ClientSecret: "wrong", Address: "192.0.2.1",
		})
		if refusal == nil || refusal.Client != want || strings.Contains(refusal.Error(), "wrong place") {
			t.Errorf("%q: %+v", client, refusal)
		}
	}
}

// A gateway that has just started has met nobody, and behind a proxy all come
// from one address: a secret that the command drew is a token's worth even then.
func TestADrawnSecretIsTakenWhoeverGuesses(t *testing.T) {
	o := newOffice(t, &memory{}, nil).load(t)
	secret := NewSecret()
	o.add(t, kept("terminal", secret))
	for n := range 100 {
		guess(o.issuer, "terminal", "wrong", "192.0.2.1")
		guess(o.issuer, fmt.Sprintf("stranger-%d", n), "wrong", "192.0.2.1")
	}
	if status := guess(o.issuer, "terminal", "wrong", "192.0.2.1"); status != 429 {
		t.Errorf("one more guess: %d, want 429", status)
	}
	if o.token("terminal", secret) == "" {
		t.Error("the right secret got no token")
	}
	if status := guess(o.issuer, "shop", shopSecret, "192.0.2.1"); status != 429 {
		t.Errorf("a secret that may have been chosen: %d, want 429", status)
	}
}
