package simulator

import (
	"embed"
	"net/http"
)

// The script that a shop's page loads, and the frame that it opens.
//
//go:embed protect.js fields.html fields.css fields.js
var browserFiles embed.FS

// framePolicy lets the frame load and call nothing but its own origin. Any page
// may show it, as any page may show PayTrace's.
const framePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"

// browserFile is one file of what PayTrace serves to a shopper's browser.
func browserFile(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		content, err := browserFiles.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", kind+"; charset=utf-8")
		h.Set("Content-Security-Policy", framePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		_, _ = w.Write(content)
	}
}

// forBrowsers adds what a shopper's browser asks for.
func (s *Simulator) forBrowsers(mux *http.ServeMux) {
	mux.HandleFunc("GET /protect.js", browserFile("protect.js", "text/javascript"))
	mux.HandleFunc("GET /hpf/all", browserFile("fields.html", "text/html"))
	mux.HandleFunc("GET /hpf/fields.js", browserFile("fields.js", "text/javascript"))
	mux.HandleFunc("GET /hpf/fields.css", browserFile("fields.css", "text/css"))
	mux.HandleFunc("POST /hpf/validate", s.controlled(postValidate))
	mux.HandleFunc("POST /hpf/tokenize", s.controlled(postTokenize))
}
