package claimstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var keySpecs = []spec{
	{"Key/keys apart do not meet", keysApart},
	{"Key/of a kept answer belongs to one merchant", answerOfOneMerchant},
	{"Key/every character and length is a key", everyKey},
}

// keysApart claims keys that meet where merchant and key are merely put
// together, where case is ignored, or where brackets and wildcards mean something.
func keysApart(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	keys := []gateway.ClaimKey{
		{MerchantID: "m1", Key: "a"}, {MerchantID: "m2", Key: "a"}, {MerchantID: "m1", Key: "A"},
		{MerchantID: "m", Key: "1a"}, {MerchantID: "m1a", Key: ""}, {MerchantID: "", Key: "m1a"},
		{MerchantID: "m1:", Key: "a"}, {MerchantID: "m1", Key: ":a"}, {MerchantID: "m1", Key: "{a}"},
		{MerchantID: "m1", Key: "a\x00b"}, {MerchantID: "m1", Key: "*"}, {MerchantID: "m1", Key: "?"},
	}
	for i, k := range keys {
		wantWon(t, c, k, fmt.Sprintf("owner-%d", i))
	}
	for i, k := range keys {
		wantBusy(t, c, k, fmt.Sprintf("owner-%d", i+1))
		wantWon(t, c, k, fmt.Sprintf("owner-%d", i))
	}
}

func answerOfOneMerchant(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	other := gateway.ClaimKey{MerchantID: "m2", Key: key.Key}
	finish(t, c, key, "one", []byte("answer"))
	wantWon(t, c, other, "two")
	finish(t, c, other, "two", nil)
	wantAnswer(t, c, key, "three", []byte("answer"))
}

func everyKey(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:-"
	for _, text := range []string{"", "-", allowed, strings.Repeat(allowed, 4)[:255]} {
		k := gateway.ClaimKey{MerchantID: "m1", Key: text}
		wantWon(t, c, k, "one")
		wantBusy(t, c, k, "two")
		finish(t, c, k, "one", []byte(text+"!"))
		wantAnswer(t, c, k, "two", []byte(text+"!"))
	}
}
