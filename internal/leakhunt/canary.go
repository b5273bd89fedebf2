package leakhunt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// Kind says what a canary stands for, and so where it may be.
type Kind string

// The kinds. Only secrets and tokens have places where they belong.
const (
	Card    Kind = "card number"
	CSC     Kind = "csc"
	Account Kind = "account number"
	Secret  Kind = "secret"
)

// Canary is something that must be found nowhere. Printed it is its label.
type Canary struct {
	Kind  Kind
	Label string
	// spellings are what is searched for, each in every form.
	spellings []string
}

// String never holds what is searched for.
func (c Canary) String() string { return string(c.Kind) + " of " + c.Label }

// Format is String under every verb.
func (c Canary) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.String()) }

// Cage makes canaries and remembers all of them. Its methods may be called
// concurrently.
type Cage struct {
	mu       sync.Mutex
	random   *rand.Rand
	used     map[string]bool
	canaries []Canary
}

// NewCage is an empty cage. The same seed makes the same numbers.
func NewCage(seed uint64) *Cage {
	return &Cage{random: rand.New(rand.NewPCG(seed, 1)), used: map[string]bool{}}
}

// issue is a kind of number that a brand gives out.
type issue struct {
	brand, prefix string
	digits        int
}

var issues = []issue{
	{"visa", "4", 16}, {"mastercard", "53", 16}, {"amex", "37", 15}, {"discover", "6011", 16},
	{"diners", "36", 14}, {"jcb", "3530", 16}, {"mastercard two", "2301", 16}, {"visa long", "4", 19},
}

// Card is a card number that nobody else has, of one brand after the other.
func (c *Cage) Card(label string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.card(label, issues[len(c.canaries)%len(issues)])
}

// Visa is a number that the simulator takes for a card.
func (c *Cage) Visa(label string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.card(label, issues[0])
}

func (c *Cage) card(label string, of issue) string {
	for {
		number := c.digits(of.prefix, of.digits-1)
		number += checkDigit(number)
		if !c.used[number] {
			c.used[number] = true
			c.canaries = append(c.canaries, Canary{Card, label + " (" + of.brand + ")", []string{number}})
			return number
		}
	}
}

// Account is the number of a bank account, as long as they are issued, so that
// it is found by itself.
func (c *Cage) Account(label string) string { return c.account(label, 17) }

// ShortAccount is one that has fewer digits than any card.
func (c *Cage) ShortAccount(label string) string { return c.account(label, 11) }

func (c *Cage) account(label string, digits int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	number := c.digits("7", digits)
	c.canaries = append(c.canaries, Canary{Account, label, []string{number}})
	return number
}

// cscNames are the words that stand beside the code where it is written. Three
// digits alone are in every file there is.
var cscNames = []string{"csc", "CSC", "cvv", "securityCode"}

// CSC is a security code. Being so short, it is searched for beside its name
// only, as JSON, forms, Go and logs write it.
func (c *Cage) CSC(label string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	code := c.digits("", 3)
	for tries := 0; c.used[code]; tries++ {
		if tries == 100 {
			return code // there are too few for all; the first label stands for them
		}
		code = c.digits("", 3)
	}
	c.used[code] = true
	var spellings []string
	for _, name := range cscNames {
		for _, between := range []string{`":"`, `": "`, `\":\"`, `=`, `="`, `:`, `: `, `:"`} {
			text := name + between + code
			if len(text) >= shortest {
				spellings = append(spellings, text)
				continue
			}
			for _, before := range []string{"{", " ", "&", "?", ",", "\n"} {
				spellings = append(spellings, before+text)
			}
		}
	}
	c.canaries = append(c.canaries, Canary{CSC, label, spellings})
	return code
}

// Keep takes a secret that others have made. One that is too short to be told
// from other text cannot be searched for, and is refused.
func (c *Cage) Keep(label, secret string) string {
	if len(secret) < 12 {
		panic("leakhunt: the secret of " + label + " is too short to be searched for")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.used[secret] {
		c.used[secret] = true
		c.canaries = append(c.canaries, Canary{Secret, label, []string{secret}})
	}
	return secret
}

// Canaries are all that were made, or those of some kinds.
func (c *Cage) Canaries(kinds ...Kind) []Canary {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Canary
	for _, canary := range c.canaries {
		if len(kinds) == 0 || slices.Contains(kinds, canary.Kind) {
			all = append(all, canary)
		}
	}
	return all
}

// digits appends random ones until there are n. None is zero, so that no number
// is a round one.
func (c *Cage) digits(prefix string, n int) string {
	var b strings.Builder
	b.WriteString(prefix)
	for b.Len() < n {
		b.WriteByte(byte('1' + c.random.IntN(9)))
	}
	return b.String()
}

// checkDigit makes a number pass the Luhn check.
func checkDigit(number string) string {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return string(byte('0' + (10-sum%10)%10))
}
