package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWhoAsksForReadinessIsToldWhyThereIsNone(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"a gateway":     {`{"code":"ledger_unavailable","detail":"payments cannot be taken: the disk\u001b[2J is full"}`, "503 Service Unavailable; payments cannot be taken: the disk?[2J is full"},
		"another thing": {"upstream down", "503 Service Unavailable; its log says why"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			_, err := askReady(t.Context(), strings.TrimPrefix(server.URL, "http://"))
			if err == nil || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("it says %v, want %s", err, c.want)
			}
		})
	}
}
