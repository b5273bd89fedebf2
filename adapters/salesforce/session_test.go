package salesforce

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"paytrace-gateway/gateway"
)

func TestEvery401RenewsTheSessionOnce(t *testing.T) {
	for _, body := range []string{
		"", "<html>sign in</html>", `{"error":"invalid_token"}`,
		faulty("INVALID_SESSION_ID", "expired"), faulty("INVALID_AUTH_HEADER", "no"), faulty("NEVER_HEARD_OF", "what?"),
	} {
		for _, row := range []struct {
			good             string // the token that is taken
			want             gateway.DeliveryOutcome
			logIns, upserts  int
			logInsOfTwo, all int // after a second delivery
		}{
			{"token 2", gateway.Told, 2, 2, 2, 3},
			{"none", gateway.Later, 2, 2, 4, 4},
		} {
			logIns, upserts := 0, 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == tokenPath {
					logIns++
					fmt.Fprintf(w, `{"access_token":"token %d","instance_url":"http://%s"}`, logIns, r.Host)
					return
				}
				upserts++
				if r.Header.Get("Authorization") != "Bearer "+row.good {
					w.WriteHeader(http.StatusUnauthorized)
					fmt.Fprint(w, body)
					return
				}
				w.WriteHeader(http.StatusNoContent)
			}))
			sink := newSink(t, server.URL, newClock(), nil)
			if v := sink.Deliver(t.Context(), delivery(1)); v.Outcome != row.want || (v.Pause > 0) != (row.want == gateway.Later) || logIns != row.logIns || upserts != row.upserts {
				t.Errorf("%q, %s is good: %+v after %d log-ins and %d upserts", body, row.good, v, logIns, upserts)
			}
			if v := sink.Deliver(t.Context(), delivery(1)); v.Outcome != row.want || logIns != row.logInsOfTwo || upserts != row.all {
				t.Errorf("%q, %s is good, the second time: %+v after %d log-ins and %d upserts", body, row.good, v, logIns, upserts)
			}
			server.Close()
		}
	}
}
