package auth

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestAMerchantThatIsGoneKeepsNoAdminFromShuttingOut(t *testing.T) {
	p, kept, _ := newPeople(t)
	p.invited(t, Assignment{Name: "cyd", Role: RoleAdmin})
	admin := Principal{ClientID: "operator:cyd", Role: RoleAdmin, MerchantID: "main"}
	for name, c := range map[string]struct {
		worksFor []string
		want     gateway.Code
	}{
		"one of them is gone": {[]string{"gone", "main"}, ""},
		"all are gone":        {[]string{"gone"}, gateway.CodeNotFound},
		"one is another's":    {[]string{"gone", "main", "other"}, gateway.CodeNotFound},
	} {
		kept.kept["bea"] = gateway.Operator{Name: "bea", Role: "viewer", MerchantIDs: c.worksFor, Version: 1}
		if _, err := p.Disable(t.Context(), admin, "bea", gateway.Actor{Client: "operator:cyd"}); codeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Another gateway on the ledger may serve what this one does not: with bea's
// password cyd would decide there.
func TestAnAdminLetsNobodyDoMoreForMerchantsThatTheAdminDoesNotWorkFor(t *testing.T) {
	p, kept, _ := newPeople(t)
	p.invited(t, Assignment{Name: "cyd", Role: RoleAdmin})
	admin := Principal{ClientID: "operator:cyd", Role: RoleAdmin, MerchantID: "main"}
	by := gateway.Actor{Client: "operator:cyd"}
	reset := func(who Principal) error {
		_, oneTime, err := p.Reset(t.Context(), who, "bea", by)
		if err != nil && oneTime != "" {
			t.Error("the refusal has a one-time password")
		}
		return err
	}
	assign := func(role Role, merchants ...string) func(Principal) error {
		return func(who Principal) error {
			_, err := p.Assign(t.Context(), who, Assignment{Name: "bea", Role: role, MerchantIDs: merchants, By: by})
			return err
		}
	}
	for name, c := range map[string]struct {
		who    Principal
		works  []string // for which cyd does
		change func(Principal) error
		want   gateway.Code
	}{
		"a reset":                            {admin, []string{"main"}, reset, codeForbiddenRole},
		"a higher role":                      {admin, []string{"main"}, assign(RoleAdmin), codeForbiddenRole},
		"a lower role":                       {admin, []string{"main"}, assign(RoleViewer), codeForbiddenRole},
		"a role for main alone":              {admin, []string{"main"}, assign(RoleAdmin, "main"), ""},
		"a reset by an admin of both":        {admin, []string{"main", "shoes"}, reset, ""},
		"a higher role by an admin of both":  {admin, []string{"main", "shoes"}, assign(RoleAdmin), ""},
		"a reset at the machine":             {atTheMachine, nil, reset, ""},
		"a higher role at the machine":       {atTheMachine, nil, assign(RoleAdmin), ""},
		"a role for shoes, not served here":  {admin, []string{"main", "shoes"}, assign(RoleAdmin, "main", "shoes"), codeInvalidRequest},
		"a reset of one who works for other": {admin, []string{"main", "other"}, reset, codeForbiddenRole},
	} {
		kept.kept["cyd"] = gateway.Operator{Name: "cyd", Role: "admin", MerchantIDs: c.works, Version: kept.kept["cyd"].Version}
		bea := gateway.Operator{Name: "bea", Role: "operator", MerchantIDs: []string{"main", "shoes"}, PasswordHash: "hers", Version: 1}
		kept.kept["bea"] = bea
		if err := p.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := c.change(c.who)
		if codeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if c.want == codeForbiddenRole && (err == nil || !strings.Contains(err.Error(), "shoes") || !reflect.DeepEqual(kept.kept["bea"], bea)) {
			t.Errorf("%s: %v, and bea is %+v", name, err, kept.kept["bea"])
		}
	}
}

func TestNamesThatDifferInCapitalsAloneAreOneName(t *testing.T) {
	p, _, _ := newPeople(t)
	p.invited(t, Assignment{Name: "Bea", Role: RoleViewer})
	for _, name := range []string{"bea", "BEA", "Bea"} {
		if _, _, err := p.Add(t.Context(), atTheMachine, Assignment{Name: name, Role: RoleViewer, By: byAda}); codeOf(err) != gateway.CodeOperatorExists {
			t.Errorf("%s is added beside Bea: %v", name, err)
		}
		if _, _, err := p.SignIn(t.Context(), gateway.Identity{Issuer: "https://id.test", Subject: "7", Name: name, Role: "viewer"}, "192.0.2.1"); codeOf(err) != gateway.CodeLogInRefused {
			t.Errorf("%s comes from the identity provider beside Bea: %v", name, err)
		}
	}
	p.invited(t, Assignment{Name: "bea2", Role: RoleViewer})
}

// refusing is an identity provider that refuses all codes, and counts them.
type refusing int

func (r *refusing) Begin(context.Context, gateway.SignIn) (string, error) { return "", nil }

func (r *refusing) Finish(context.Context, gateway.SignIn, string) (gateway.Identity, error) {
	*r++
	return gateway.Identity{}, gateway.NotLoggedIn("the identity provider refuses the code")
}

func TestAnIdentityProviderIsAskedAboutFewCodes(t *testing.T) {
	p, _, now := newPeople(t)
	provider := new(refusing)
	p.Provider = provider
	s := signingIn{gateway.SignIn{State: "s"}, today.Add(SignInLife)}
	sealed, err := p.Key.sealSignIn(s)
	if err != nil {
		t.Fatal(err)
	}
	brings := func(address string) gateway.Code {
		_, _, err := p.FinishSignIn(t.Context(), sealed, "s", "bad", address)
		return codeOf(err)
	}
	for range 50 {
		brings("192.0.2.1")
	}
	if *provider != 10 {
		t.Errorf("of one address the provider is asked about %d codes, want 10", *provider)
	}
	if code := brings("192.0.2.2"); code != gateway.CodeLogInRefused {
		t.Errorf("somebody from elsewhere is told %s", code)
	}
	for n := range 50 {
		brings(fmt.Sprintf("198.51.100.%d", n))
	}
	if *provider != 16 {
		t.Errorf("of all the provider is asked about %d codes at once, want 16", *provider)
	}
	now.advance(250 * time.Millisecond)
	if first, second := brings("203.0.113.1"), brings("203.0.113.2"); first != gateway.CodeLogInRefused || second != gateway.CodeSlowDown {
		t.Errorf("a quarter of a second later: %s, then %s", first, second)
	}
}
