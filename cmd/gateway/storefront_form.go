package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The shop's page. checkout.js is all that another shop needs of it:
// docs/hosted-fields.md shows it whole.
//
//go:embed storefront.html storefront.css storefront.js checkout.js
var storefrontFiles embed.FS

// formsKept bounds the forms that were shown and not paid with.
const formsKept = 1000

// forms serves the page and what its card form needs.
func (s *storefront) forms(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.file("storefront.html", "text/html"))
	mux.HandleFunc("GET /storefront.css", s.file("storefront.css", "text/css"))
	mux.HandleFunc("GET /storefront.js", s.file("storefront.js", "text/javascript"))
	mux.HandleFunc("GET /checkout.js", s.file("checkout.js", "text/javascript"))
	mux.HandleFunc("POST /client-key", s.clientKey)
}

// file serves one file. PayTrace's script and its frame are all that may come
// from elsewhere, and the page's data may go nowhere but to the shop.
func (s *storefront) file(name, kind string) http.HandlerFunc {
	payTrace := "http://" + s.control
	policy := "default-src 'none'; script-src 'self' " + payTrace + "; frame-src " + payTrace +
		"; connect-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return func(w http.ResponseWriter, r *http.Request) {
		content, err := storefrontFiles.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind+"; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(content)
	}
}

// clientKey gives the page what its card form needs: PayTrace's client key, by
// way of the gateway, and the number of the order that will be paid with it.
func (s *storefront) clientKey(w http.ResponseWriter, r *http.Request) {
	status, answer, err := s.ask(r.Context(), http.MethodPost, "/api/v1/client_tokens", "", struct{}{})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	var given struct{ ClientKey, ScriptURL string }
	if status != http.StatusCreated || json.Unmarshal(answer, &given) != nil {
		passOn(w, status, answer)
		return
	}
	shown(w, status, map[string]string{"clientKey": given.ClientKey, "scriptUrl": given.ScriptURL, "attempt": s.number()})
}

// number takes the next number of the shop's orders.
func (s *storefront) number() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.shown) >= formsKept {
		clear(s.shown)
	}
	number := fmt.Sprintf("%d%04d", time.Now().Unix()%100000, s.next)
	s.next++
	s.shown[number] = true
	return number
}
