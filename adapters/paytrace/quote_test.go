package paytrace

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

// TestAnAnswerThatQuotesOurSecretsIsToldWithoutThem holds that no detail shows
// the password, the token or a security code, not even where it is cut.
func TestAnAnswerThatQuotesOurSecretsIsToldWithoutThem(t *testing.T) {
	const password = "a-secret-of-26-characters"
	long := strings.Repeat("word ", 38) + password
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request, int){
		"a message":             always(200, `{"success":false,"response_code":1,"status_message":"for `+password+`","errors":{"35":["csc=123 of `+password+`"]}}`),
		"a message that is cut": always(200, `{"success":false,"response_code":1,"status_message":"`+long+`","errors":{"35":["`+long+`"]}}`),
		"an approval":           always(200, `{"success":true,"response_code":101,"status_message":"x","transaction_id":9,"approval_code":"`+password+`","avs_response":"`+password+`"}`),
		"no HTTP": func(w http.ResponseWriter, _ *http.Request, _ int) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = connection.Write([]byte("HTTP/1.1 " + password + "\r\n\r\n"))
				connection.Close()
			}
		},
	} {
		f := newFake(t, answer)
		c := f.client(t, func(config *Config) { config.Password = password })
		r := c.Charge(context.Background(), sale())
		said := r.Detail + r.ApprovalCode + r.AVS + r.CSC
		if strings.Contains(said, password[:8]) || strings.Contains(said, "123") || !strings.Contains(said, "[secret]") {
			t.Errorf("%s: %s", name, said)
		}
	}
}
