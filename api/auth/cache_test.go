package auth

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"
)

func TestCacheIsBounded(t *testing.T) {
	c := newCache(10)
	for i := range 100 {
		c.put(strconv.Itoa(i), grant{clientID: "shop", expires: today})
		if len(c.grants) > 10 {
			t.Fatalf("%d tokens remembered", len(c.grants))
		}
	}
	if g, ok := c.get("99", today.Add(-time.Second)); !ok || g.clientID != "shop" {
		t.Errorf("the newest was forgotten")
	}
	if _, ok := c.get("99", today); ok || len(c.grants) != 9 {
		t.Errorf("a token past its end is kept")
	}
}

func TestIssuingAndVerifyingAtOnce(t *testing.T) {
	c, clock := testConfig(t)
	issuer, verifier := NewIssuer(c), NewVerifier(c)
	verifier.seen = newCache(4)
	shared := shopToken(t, c)
	assertion := direct().token(t)
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for range 10 {
				got, refusal := issuer.Token(context.Background(), TokenRequest{
					GrantType: grantClientCredentials, ClientID: "shop", ClientSecret: shopSecret,
				})
				if refusal != nil {
					t.Error(refusal)
				}
				clock.advance(time.Millisecond)
				for _, token := range []string{shared, got.AccessToken, assertion} {
					if _, err := verifier.Verify(token); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	done.Wait()
}
