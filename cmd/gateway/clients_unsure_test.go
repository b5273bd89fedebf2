package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A secret whose answer was lost may be the only good one: nobody else has it.
func TestASecretIsShownWhenTheAnswerIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		shown  bool
	}{
		"broken off":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
		"not written": {problemOf(http.StatusServiceUnavailable, "ledger_unavailable"), true},
		"refused":     {problemOf(http.StatusConflict, "not_rotatable"), false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			o := &operator{address: strings.TrimPrefix(server.URL, "http://"), client: server.Client()}
			var w bytes.Buffer
			err := showUnsure(&w, "pgcs_SECRET", o.call(t.Context(), clientPath("shop", "rotate"), rotation{}, &apiClient{}))
			if err == nil || strings.Contains(err.Error(), "pgcs_") || strings.Contains(w.String(), "pgcs_SECRET") != c.shown {
				t.Errorf("it says %q, and ends with %v", w.String(), err)
			}
		})
	}
}

func problemOf(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"code":"` + code + `","detail":"no","requestId":"r"}`))
	}
}
