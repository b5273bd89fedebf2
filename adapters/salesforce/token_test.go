package salesforce

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
)

func TestFiftyDeliveriesAskForOneToken(t *testing.T) {
	h := settle(t, nil, byJWT)
	release := make(chan struct{})
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpToken, Kind: salesforcetest.Slow, Until: release})
	var told sync.WaitGroup
	var failures atomic.Int64
	for n := range 50 {
		told.Go(func() {
			if v := h.sink.Deliver(t.Context(), delivery(n)); v.Outcome != gateway.Told {
				failures.Add(1)
			}
		})
	}
	close(release)
	told.Wait()
	if failures.Load() > 0 || h.org.Issued() != 1 {
		t.Errorf("%d failures, %d tokens", failures.Load(), h.org.Issued())
	}

	h.org.ExpireSessions()
	for n := range 50 {
		told.Go(func() {
			if v := h.sink.Deliver(t.Context(), delivery(n)); v.Outcome != gateway.Told {
				failures.Add(1)
			}
		})
	}
	told.Wait()
	if failures.Load() > 0 || h.org.Issued() != 2 {
		t.Errorf("after the expiry: %d failures, %d tokens", failures.Load(), h.org.Issued())
	}
}

func TestAnExpiredSessionIsRenewedOnce(t *testing.T) {
	h := settle(t, nil, nil)
	h.tell(delivery(1), gateway.Told)
	h.clock.pass(salesforcetest.DefaultSessionLife)
	h.tell(delivery(1), gateway.Told)
	if h.org.Issued() != 2 || h.org.Count(salesforcetest.OpUpsert) != 3 {
		t.Errorf("%d tokens, %d upserts", h.org.Issued(), h.org.Count(salesforcetest.OpUpsert))
	}

	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpUpsert, Kind: salesforcetest.Answer, Status: 401, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"})
	if v := h.tell(delivery(1), gateway.Later); v.Pause == 0 {
		t.Errorf("a session that is refused at once does not pause: %+v", v)
	}
	if h.org.Issued() != 3 || h.org.Count(salesforcetest.OpUpsert) != 5 {
		t.Errorf("%d tokens, %d upserts", h.org.Issued(), h.org.Count(salesforcetest.OpUpsert))
	}
}

func TestARefusedLogInIsToldAndNotHammered(t *testing.T) {
	for name, row := range map[string]struct {
		adjust    func(*salesforcetest.Settings)
		configure func(*Config)
		want      string
	}{
		"the user is not approved":  {func(s *salesforcetest.Settings) { s.NotApproved = true }, byJWT, "Admin approved users"},
		"another certificate":       {func(s *salesforcetest.Settings) { s.Certificate = nil }, byJWT, "certificate"},
		"another audience":          {func(s *salesforcetest.Settings) { s.Audience = "https://test.salesforce.com" }, byJWT, "set audience"},
		"an unknown app":            {func(s *salesforcetest.Settings) { s.ClientID = "other" }, byJWT, "clientID"},
		"a wrong secret":            {func(s *salesforcetest.Settings) { s.ClientSecret = "other" }, nil, "clientSecret"},
		"no user to run as":         {func(s *salesforcetest.Settings) { s.RunAs = "" }, nil, "runs as"},
		"an instance of somebody's": {func(s *salesforcetest.Settings) { s.InstanceURL = "https://salesforce.com.example.org" }, nil, "nothing is sent there"},
		"an instance without TLS":   {func(s *salesforcetest.Settings) { s.InstanceURL = "http://example.my.salesforce.com" }, nil, "nothing is sent there"},
	} {
		t.Run(name, func(t *testing.T) {
			h := settle(t, row.adjust, row.configure)
			v := h.tell(delivery(1), gateway.Later)
			if v.Pause != refusedPause || !strings.Contains(v.Detail, row.want) {
				t.Errorf("want %q: %+v", row.want, v)
			}
			h.clock.pass(refusedPause / 2)
			for range 10 {
				if v := h.tell(delivery(1), gateway.Later); v.Pause != refusedPause/2 {
					t.Errorf("half way: %+v", v)
				}
			}
			if n := h.org.Count(salesforcetest.OpToken); n != 1 || len(h.org.Calls()) != 1 {
				t.Errorf("%d log-ins, %d calls, want one", n, len(h.org.Calls()))
			}
			h.clock.pass(refusedPause / 2)
			h.tell(delivery(1), gateway.Later)
			if n := h.org.Count(salesforcetest.OpToken); n != 2 {
				t.Errorf("%d log-ins after the pause, want 2", n)
			}
		})
	}
}

func TestALogInThatFailsForAMomentIsTriedAgain(t *testing.T) {
	for name, fault := range map[string]salesforcetest.Fault{
		"away":       {Kind: salesforcetest.HTML, Status: 503},
		"broken":     {Kind: salesforcetest.ResetBefore},
		"too often":  {Kind: salesforcetest.Answer, Status: 400, Body: `{"error":"rate_limit_exceeded","error_description":"login rate exceeded"}`},
		"redirected": {Kind: salesforcetest.HTML, Status: 302},
		"no token":   {Kind: salesforcetest.Answer, Status: 200, Body: `{"instance_url":"https://example.my.salesforce.com"}`},
	} {
		t.Run(name, func(t *testing.T) {
			h := settle(t, nil, nil)
			fault.Operation, fault.Count = salesforcetest.OpToken, 1
			h.org.Order(fault)
			if v := h.tell(delivery(1), gateway.Later); v.Pause != 0 || v.Detail == "" {
				t.Errorf("%+v", v)
			}
			h.tell(delivery(1), gateway.Told)
		})
	}
}

func TestOneWhoGivesUpDoesNotTakeTheTokenFromOthers(t *testing.T) {
	h := settle(t, nil, nil)
	release, begun := make(chan struct{}), make(chan struct{}, 1)
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpToken, Kind: salesforcetest.Slow, Until: release, Begun: begun})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan gateway.Verdict)
	go func() { first <- h.sink.Deliver(ctx, delivery(1)) }()
	<-begun
	second := make(chan gateway.Verdict)
	go func() { second <- h.sink.Deliver(t.Context(), delivery(2)) }()
	cancel()
	if v := <-first; v.Outcome != gateway.Later {
		t.Errorf("who gave up has %+v", v)
	}
	close(release)
	if v := <-second; v.Outcome != gateway.Told || h.org.Issued() != 1 {
		t.Errorf("who stayed has %+v after %d tokens", v, h.org.Issued())
	}
}

// TestTheAssertionIsWhatSalesforceAsksFor opens it without a library.
func TestTheAssertionIsWhatSalesforceAsksFor(t *testing.T) {
	c := newClock()
	config := Config{LoginURL: "https://example.my.salesforce.com", ClientID: clientID, Username: username, PrivateKey: keyPEM(testKey()), Now: c.Now}.withDefaults()
	g, err := newGrant(config)
	if err != nil {
		t.Fatal(err)
	}
	form, err := g.form(c.Now())
	if err != nil {
		t.Fatal(err)
	}
	if len(form) != 2 || form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		t.Errorf("the form is %v", form)
	}
	parts := strings.Split(form.Get("assertion"), ".")
	part := func(i int) []byte {
		decoded, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		return decoded
	}
	var header, claims map[string]any
	if json.Unmarshal(part(0), &header) != nil || json.Unmarshal(part(1), &claims) != nil || header["alg"] != "RS256" {
		t.Fatalf("the header is %s, the claims %s", part(0), part(1))
	}
	want := fmt.Sprintf(`{"aud":"https://login.salesforce.com","exp":%d,"iss":%q,"sub":%q}`, c.Now().Unix()+120, clientID, username)
	if string(part(1)) != want {
		t.Errorf("the claims are %s, want %s", part(1), want)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&testKey().PublicKey, crypto.SHA256, sum[:], part(2)); err != nil {
		t.Error(err)
	}
}

func TestTheAudienceFollowsTheLogIn(t *testing.T) {
	for loginURL, want := range map[string]string{
		"":                                  "https://login.salesforce.com",
		"https://login.salesforce.com/":     "https://login.salesforce.com",
		"https://test.salesforce.com":       "https://test.salesforce.com",
		"https://example.my.salesforce.com": "https://login.salesforce.com",
		"https://example--dev.sandbox.my.salesforce.com": "https://test.salesforce.com",
	} {
		if got := (Config{LoginURL: loginURL}).withDefaults().Audience; got != want {
			t.Errorf("%s has audience %s, want %s", loginURL, got, want)
		}
	}
}

func TestTheOrgsAddressIsSalesforcesOrTheLogIns(t *testing.T) {
	const login = "https://example.my.salesforce.com"
	for instance, ok := range map[string]bool{
		login:                                 true,
		"https://na1.salesforce.com/":         true,
		"https://EXAMPLE.my.salesforce.com":   true,
		"https://example.my.salesforce.mil":   true,
		"http://example.my.salesforce.com":    false,
		"https://example.com":                 false,
		"https://salesforce.com.example.com":  false,
		"https://evilsalesforce.com":          false,
		"https://na1.salesforce.com:8443":     false,
		"https://u:p@na1.salesforce.com":      false,
		"https://na1.salesforce.com/services": false,
		"https://na1.salesforce.com?x=1":      false,
		"https://127.0.0.1":                   false,
		"http://127.0.0.1:1":                  false,
		"file:///etc/passwd":                  false,
		"na1.salesforce.com":                  false,
		"":                                    false,
	} {
		if base, err := instanceOf(instance, login); (err == nil) != ok {
			t.Errorf("%q: %q %v", instance, base, err)
		}
	}
	if _, err := instanceOf("http://127.0.0.1:8080", "http://127.0.0.1:8080"); err != nil {
		t.Errorf("the log-in's own loopback address: %v", err)
	}
	if _, err := instanceOf("http://127.0.0.1:8081", "http://127.0.0.1:8080"); err == nil {
		t.Error("another port of the loopback address was taken")
	}
}

func TestAnOrgThatMovesIsFoundByTheNextLogIn(t *testing.T) {
	logIns := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == tokenPath:
			logIns++
			fmt.Fprintf(w, `{"access_token":"t","instance_url":"http://%s"}`, r.Host)
		case logIns == 1:
			http.Redirect(w, r, "https://elsewhere.my.salesforce.com", http.StatusMovedPermanently)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer server.Close()
	sink := newSink(t, server.URL, newClock(), nil)
	for _, want := range []gateway.DeliveryOutcome{gateway.Later, gateway.Told} {
		if v := sink.Deliver(t.Context(), delivery(1)); v.Outcome != want {
			t.Errorf("%+v, want %s", v, want)
		}
	}
	if logIns != 2 {
		t.Errorf("%d log-ins, want 2", logIns)
	}
}

func TestWhoIsLateDropsNoNewSession(t *testing.T) {
	asked := 0
	k := &keeper{now: newClock().Now, timeout: DefaultTokenTimeout, fetch: func(context.Context) (session, error) {
		asked++
		return session{token: fmt.Sprint("token ", asked)}, nil
	}}
	first, _ := k.session(t.Context())
	k.drop(first)
	second, _ := k.session(t.Context())
	k.drop(first) // the second of two whose session was refused
	if third, _ := k.session(t.Context()); third != second || asked != 2 {
		t.Errorf("%v after %v, asked %d times", third, second, asked)
	}
	// One who saw none, and comes after the flight that brought one has ended.
	if third, _ := k.renew(t.Context()); third != second || asked != 2 {
		t.Errorf("%v after %v, asked %d times", third, second, asked)
	}
}
