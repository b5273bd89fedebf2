package main

import (
	"log"
	"log/slog"
	"regexp"
	"strings"
)

// longNumber is a run of digits that may be a card number, also when grouped.
var longNumber = regexp.MustCompile(`\p{Nd}(?:[\p{Zs}\p{Pd}.·_/]?\p{Nd}){12,}`)

// discreet makes a text fit to be shown that may quote an argument or a file:
// people paste card numbers where none belong, and what a command says is kept
// by shells' histories, terminals and tickets.
func discreet(text string) string { return longNumber.ReplaceAllString(text, "[digits]") }

// libraries takes what libraries write into Go's own log, which knows no levels
// and is on standard error unless somebody takes it. Some of it quotes what was
// read from the network, such as an answer that nobody asked for: what is told
// is the beginning, up to the first quote or digit.
type libraries struct{ log *slog.Logger }

func (l libraries) Write(text []byte) (int, error) {
	words := string(text)
	if end := strings.IndexAny(words, "\"'`0123456789\n"); end >= 0 {
		words = words[:end]
	}
	l.log.Warn("library.warned", "text", words)
	return len(text), nil
}

// listenToLibraries has their words told in the gateway's own log.
func listenToLibraries(to *slog.Logger) {
	log.SetFlags(0)
	log.SetOutput(libraries{to})
}
