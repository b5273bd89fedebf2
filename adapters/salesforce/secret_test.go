package salesforce

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
)

// dotted looks like a real token: its parts are too short to be taken for one
// by their form alone.
const dotted = "00Dxx0000001gPF!AQ0AQDpEDKYsn7ioKug2aS.mgCjgrPjG9eRLza8jXW.oW7uA90V39rvQaIy1FGx.jFHN1ZtusBGljnc"

// told is what becomes of a delivery when the log-in is answered with the token,
// a status and something behind it, and then every call by the other handler.
func told(t *testing.T, status int, behind string, call http.HandlerFunc) gateway.Verdict {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == tokenPath {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"access_token":%q,"instance_url":"http://%s"}%s`, dotted, r.Host, behind)
			return
		}
		call(w, r)
	}))
	defer server.Close()
	return newSink(t, server.URL, newClock(), nil).Deliver(t.Context(), delivery(1))
}

func TestNoPartOfATokenIsInADetail(t *testing.T) {
	unasked := func(http.ResponseWriter, *http.Request) { t.Error("a record went out without a session") }
	for name, v := range map[string]gateway.Verdict{
		"a log-in with another status": told(t, http.StatusNonAuthoritativeInfo, "", unasked),
		"a log-in with text behind it": told(t, http.StatusOK, "<!-- proxied -->", unasked),
		"a log-in that fails":          told(t, http.StatusBadGateway, "", unasked),
		"an echo in a refused session": told(t, http.StatusOK, "", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `[{"errorCode":"INVALID_SESSION_ID","message":"not valid: %s"}]`, dotted)
		}),
		"an echo in a proxy's redirect": told(t, http.StatusOK, "", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusFound)
			fmt.Fprint(w, "moved, with "+dotted)
		}),
		"an echo of an address": told(t, http.StatusOK, "", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "refused: Bearer+"+url.QueryEscape(dotted))
		}),
	} {
		if v.Outcome != gateway.Later || v.Detail == "" {
			t.Errorf("%s: %+v", name, v)
		}
		for part := range strings.FieldsFuncSeq(dotted, func(r rune) bool { return r == '.' || r == '!' }) {
			if part == "00Dxx0000001gPF" {
				continue // It is the org's id, and may stand alone.
			}
			if strings.Contains(v.Detail, part) {
				t.Errorf("%s: %q is in %s", name, part, v.Detail)
			}
		}
	}
}

func TestARefusalThatNamesTheTokenIsStillARefusal(t *testing.T) {
	h := settle(t, nil, nil)
	h.org.Order(salesforcetest.Fault{
		Operation: salesforcetest.OpToken, Kind: salesforcetest.Answer, Status: 400,
		Body: `{"error":"invalid_grant","error_description":"no access_token for this user"}`,
	})
	if v := h.tell(delivery(1), gateway.Later); v.Pause != refusedPause {
		t.Errorf("%+v", v)
	}
}
