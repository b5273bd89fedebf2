package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The operations of a mix.
const (
	Sale             = "sale"
	AuthorizeCapture = "authorize-capture"
	Refund           = "refund"
	ByKey            = "by-key"
	Replay           = "replay"
)

// Operations are all that a mix may name.
var Operations = []string{Sale, AuthorizeCapture, Refund, ByKey, Replay}

// heaviest is the greatest weight of a share.
const heaviest = 1_000_000

// Share is how often an operation is made, relative to the others.
type Share struct {
	Operation string
	Weight    int
}

// Mix is which operations are made, and how often each.
type Mix []Share

// ParseMix reads shares such as sale=80,refund=20.
func ParseMix(text string) (Mix, error) {
	var m Mix
	for part := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(part, "=")
		if !slices.Contains(Operations, name) {
			return nil, fmt.Errorf("%q is no operation; there are %s", name, strings.Join(Operations, ", "))
		}
		if m.has(name) {
			return nil, fmt.Errorf("%s stands there twice", name)
		}
		weight, err := strconv.Atoi(number)
		if err != nil || weight < 1 || weight > heaviest {
			return nil, fmt.Errorf("%q: a share is an operation and a whole number from 1 to %d, such as sale=100", part, heaviest)
		}
		m = append(m, Share{name, weight})
	}
	return m, nil
}

func (m Mix) has(operation string) bool {
	return slices.ContainsFunc(m, func(s Share) bool { return s.Operation == operation })
}

// pick is the operation of the n-th request. The same seed picks the same ones.
func (m Mix) pick(seed uint64, n int) string {
	total := 0
	for _, s := range m {
		total += s.Weight
	}
	at := int(scatter(seed+uint64(n)) % uint64(total))
	for _, s := range m {
		if at < s.Weight {
			return s.Operation
		}
		at -= s.Weight
	}
	return "" // Not reached: the weights add up to the total.
}

// scatter makes of numbers in a row numbers without any order (SplitMix64).
func scatter(x uint64) uint64 {
	x = (x + 1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (m Mix) String() string {
	var shares []string
	for _, s := range m {
		shares = append(shares, s.Operation+"="+strconv.Itoa(s.Weight))
	}
	return strings.Join(shares, ",")
}
