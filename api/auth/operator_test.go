package auth

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func operatorToken(t *testing.T, c Config) string {
	t.Helper()
	token, err := NewIssuer(c).OperatorToken("ada", "m2", true)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestAnOperatorActsForTheMerchantOfTheToken(t *testing.T) {
	c, _ := testConfig(t)
	verifier, token := NewVerifier(c), operatorToken(t, c)
	for range 2 { // the second time out of the cache
		who, err := verifier.Verify(token)
		if err != nil {
			t.Fatal(err)
		}
		if who.ClientID != "operator:ada" || who.MerchantID != "m2" || !who.LiveMode || who.Channel != "" {
			t.Errorf("the token is that of %+v", who)
		}
		if !slices.Equal(who.Scopes, Scopes{PaymentsRead, ReportsRead, CallbacksRead, CallbacksWrite, Admin}) {
			t.Errorf("an operator may do %v", who.Scopes)
		}
	}
}

func TestAnOperatorsTokenEndsSoon(t *testing.T) {
	c, clock := testConfig(t)
	c.Lifetime = time.Hour
	verifier, token := NewVerifier(c), operatorToken(t, c)
	if _, err := verifier.Verify(token); err != nil {
		t.Fatal(err)
	}
	clock.advance(operatorLife)
	if who, err := verifier.Verify(token); err == nil {
		t.Errorf("after %s the token is still that of %+v", operatorLife, who)
	}
}

// asOperator is an operator's token of another making.
func asOperator(f forged) forged {
	f.claims["client_id"], f.claims["merchant_id"] = "operator:ada", "m2"
	f.claims["scope"] = "payments:read admin"
	f.claims["exp"] = today.Add(time.Minute).Unix()
	return f
}

func TestAForgedOperatorIsRefused(t *testing.T) {
	c, _ := testConfig(t)
	if _, err := NewVerifier(c).Verify(asOperator(ours(c)).token(t)); err != nil {
		t.Fatalf("the token to be spoiled is not good: %v", err)
	}
	for name, f := range map[string]forged{
		"signed with a key that nobody knows": asOperator(ours(c)).with(signed(ours(c).method, strangeKey())),
		"signed with a client's key":          asOperator(ours(c)).with(signed(ours(c).method, orgKey())),
		"of another kind of token":            asOperator(ours(c)).with(header("typ", "JWT")),
		"that lives for an hour":              asOperator(ours(c)).with(claim("exp", today.Add(time.Hour).Unix())),
		"that has no end":                     asOperator(ours(c)).with(claim("exp", nil)),
		"that has ended":                      asOperator(ours(c)).with(claim("exp", today.Unix())),
		"for another gateway":                 asOperator(ours(c)).with(claim("aud", "https://other.example.com")),
	} {
		if who, err := NewVerifier(c).Verify(f.token(t)); err == nil {
			t.Errorf("a token %s is taken for that of %+v", name, who)
		}
	}
}

// A client that signs its own tokens stays itself, whatever they say.
func TestAClientCannotMakeItselfAnOperator(t *testing.T) {
	c, _ := testConfig(t)
	who, err := NewVerifier(c).Verify(asOperator(direct()).with(claim("merchant_id", "m1")).token(t))
	if err != nil {
		t.Fatal(err)
	}
	if who.ClientID != "org" || who.MerchantID != "m2" || who.Has(Admin) {
		t.Errorf("a client's own token makes it %+v", who)
	}
	if _, err := NewClients([]Client{{ID: "operator:ada", MerchantID: "m1", Scopes: Scopes{Admin}, SecretHash: HashSecret(shopSecret)}}); err == nil {
		t.Error("a client may be named as operators are")
	}
}

func TestAnOperatorMayNotTakeMoney(t *testing.T) {
	c, _ := testConfig(t)
	for _, scope := range []any{"payments:write admin", AllScopes().String(), nil} {
		who, err := NewVerifier(c).Verify(asOperator(ours(c)).with(claim("scope", scope)).token(t))
		if err != nil {
			t.Fatal(err)
		}
		if who.Has(PaymentsWrite) || who.Has(VaultWrite) || (scope == nil && len(who.Scopes) > 0) {
			t.Errorf("with the scopes %v an operator may do %v", scope, who.Scopes)
		}
	}
}

func TestAnOperatorsNameIsPlain(t *testing.T) {
	c, _ := testConfig(t)
	for _, name := range []string{"", "a b", "a:b", "a\nb", `DOMAIN\ada`, "ädä", strings.Repeat("a", 65)} {
		if _, err := NewIssuer(c).OperatorToken(name, "m1", false); err == nil {
			t.Errorf("the name %q is taken", name)
		}
	}
}
