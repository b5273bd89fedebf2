package auth

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

// guesses slows those down who try secrets. Wrong ones are counted by client
// and by address; a client that has shown its secret at an address has a count
// of its own there, so that nobody can keep it from its tokens by guessing
// elsewhere.
type guesses struct {
	mu sync.Mutex
	// met are the pairs of client and address that have shown a good secret.
	met map[guesser]bool
	// Ids that no client has are counted as clients are, or the answers would tell
	// which ones exist; but apart, so that any number of them displaces no client.
	clients, strangers, addresses, pairs budget
}

// guesser is who guesses: a client's id, an address, or both.
type guesser struct{ client, address string }

// who is what is known of the client that a secret is tried for.
type who int

const (
	stranger who = iota
	// guessable has a secret that a person may have chosen.
	guessable
	// unguessable has secrets of 130 bits or more, which the gateway drew.
	unguessable
)

// remembered bounds each of the lists, together below two megabytes.
const remembered = 4096

func newGuesses() *guesses {
	return &guesses{
		met:       map[guesser]bool{},
		clients:   newBudget(10, 30*time.Second),
		strangers: newBudget(10, 30*time.Second),
		addresses: newBudget(30, 10*time.Second),
		pairs:     newBudget(60, 2*time.Second),
	}
}

// try lets prove look at the secret unless too many were wrong; then it says how
// long to wait. One is looked at at a time, which takes microseconds: a thousand
// at once get no further than one after the other.
//
// Only a secret that cannot be guessed is looked at all the same: a gateway that
// has just started, or one behind a proxy, knows no addresses, and could be kept
// from giving tokens by anybody. A wrong one is told to wait as any other.
func (g *guesses) try(client string, known who, address string, now time.Time, prove func() error) (time.Duration, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	pair, counts := g.counts(client, known, address)
	wait := longest(counts, now)
	if wait > 0 && known != unguessable {
		return wait, nil
	}
	err := prove()
	if err == nil {
		makeRoom(g.met, pair)
		g.met[pair] = true
		return 0, nil
	}
	if ledgerIsAway(err) {
		return 0, err
	}
	if wait > 0 {
		return wait, nil
	}
	for budget, of := range counts {
		budget.spend(of, now)
	}
	return 0, err
}

// standing tells whether the client has shown its secret at the address, and how
// long try would have it wait.
func (g *guesses) standing(client string, known who, address string, now time.Time) (met bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	pair, counts := g.counts(client, known, address)
	return g.met[pair], longest(counts, now)
}

// counts are the budgets that a wrong secret is taken from.
func (g *guesses) counts(client string, known who, address string) (pair guesser, counts map[*budget]guesser) {
	address = network(address)
	pair = guesser{client, address}
	if g.met[pair] {
		return pair, map[*budget]guesser{&g.pairs: pair}
	}
	counts = map[*budget]guesser{&g.addresses: {address: address}}
	if known == stranger {
		counts[&g.strangers] = guesser{client: client[:min(len(client), maxIDLength)]}
	} else {
		counts[&g.clients] = guesser{client: client}
	}
	return pair, counts
}

func longest(counts map[*budget]guesser, now time.Time) (wait time.Duration) {
	for budget, of := range counts {
		wait = max(wait, budget.wait(of, now))
	}
	return wait
}

// ledgerIsAway is no wrong secret: nothing could be looked up.
func ledgerIsAway(err error) bool {
	var refused *gateway.Error
	return errors.As(err, &refused) && refused.Code == gateway.CodeLedgerUnavailable
}

// budget is how many wrong secrets are borne: so many at once, and then one each
// time that one has come back.
type budget struct {
	atOnce int
	each   time.Duration
	// full is when the whole of it is there again.
	full map[guesser]time.Time
}

func newBudget(atOnce int, each time.Duration) budget {
	return budget{atOnce: atOnce, each: each, full: map[guesser]time.Time{}}
}

func (b *budget) wait(of guesser, now time.Time) time.Duration {
	full, counted := b.full[of]
	if !counted || full.Before(now) {
		return 0
	}
	return max(0, full.Sub(now)-time.Duration(b.atOnce-1)*b.each)
}

func (b *budget) spend(of guesser, now time.Time) {
	full := b.full[of]
	if full.Before(now) {
		full = now
	}
	makeRoom(b.full, of)
	b.full[of] = full.Add(b.each)
}

// makeRoom forgets any one when there are as many as may be remembered.
func makeRoom[V any](all map[guesser]V, of guesser) {
	if _, there := all[of]; there || len(all) < remembered {
		return
	}
	for other := range all {
		delete(all, other)
		return
	}
}

// maxIDLength bounds what is remembered of an id that nobody has.
const maxIDLength = 64

// network is the address, or the network that one subscriber has in IPv6.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	prefix, _ := ip.Prefix(64) // it has 128 bits
	return prefix.String()
}
