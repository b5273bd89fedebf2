package auth

import (
	"context"
	"testing"
	"time"
)

// boundClients are the shop and the org, bound to two certificates of TLS.
func boundClients(t *testing.T) (clients []Client, one, two string) {
	t.Helper()
	one = Thumbprint(certificate(t, strangeKey(), today, today.Add(time.Hour)))
	two = Thumbprint(certificate(t, otherOrgKey(), today, today.Add(time.Hour)))
	clients = testClients(t)
	for i := range clients[:2] {
		clients[i].BoundTo = []string{one, two}
	}
	return clients, one, two
}

func TestATokenIsGivenOverABoundClientsCertificateAlone(t *testing.T) {
	clients, one, _ := boundClients(t)
	c, _ := testConfig(t, clients...)
	for _, request := range []TokenRequest{
		shopRequest(func(*TokenRequest) {}), shopRequest(inBasic), granted(assertion().token(t)), proven(assertion().with(claim("sub", "org")).token(t)),
	} {
		for shown, want := range map[string]int{"": 401, "another": 401, one: 0} {
			request.Certificate = shown
			got, refusal := NewIssuer(c).Token(context.Background(), request)
			switch {
			case want == 0 && refusal != nil:
				t.Errorf("%s with its certificate: %v", request.GrantType, refusal)
			case want != 0 && (refusal == nil || refusal.Status != want || refusal.Code != invalidClient || got.AccessToken != ""):
				t.Errorf("%s with the certificate %q: %v", request.GrantType, shown, refusal)
			}
		}
	}
}

func TestABoundTokenGoesWithItsCertificate(t *testing.T) {
	clients, one, two := boundClients(t)
	c, _ := testConfig(t, clients...)
	ofOne := shopRequest(func(r *TokenRequest) { r.Certificate = one })
	got, refusal := NewIssuer(c).Token(context.Background(), ofOne)
	if refusal != nil {
		t.Fatal(refusal)
	}
	free, _ := testConfig(t)
	unbound := shopToken(t, free) // from before the shop was bound
	for name, tc := range map[string]struct {
		token string
		shown map[string]bool
	}{
		"got over one":                     {got.AccessToken, map[string]bool{one: true, two: false, "": false, "another": false}},
		"from before":                      {unbound, map[string]bool{one: true, two: true, "": false, "another": false}},
		"signed by the org":                {direct().token(t), map[string]bool{one: true, two: true, "": false, "another": false}},
		"of one that is not":               {ours(c).with(claim("client_id", "closed")).token(t), map[string]bool{one: false, "": false}},
		"bound to one that is no more its": {ours(c).with(claim("cnf", map[string]string{"x5t#S256": "another"})).token(t), map[string]bool{one: false, "another": false}},
	} {
		v := NewVerifier(c)
		for range 2 { // the second is answered from memory
			for shown, want := range tc.shown {
				if _, err := v.VerifyFrom(tc.token, shown); (err == nil) != want {
					t.Errorf("a token %s with the certificate %q: %v", name, shown, err)
				}
			}
		}
	}
	if _, err := NewVerifier(free).Verify(got.AccessToken); err == nil {
		t.Error("a bound token is taken without its certificate once its client is bound to none")
	}
}
