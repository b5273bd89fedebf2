package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"

	"paytrace-gateway/cmd/gateway/config"
)

// level is that of a line of the log, as lines are counted.
type level uint8

const (
	levelDebug level = iota
	levelInfo
	levelWarn
	levelError
	levels
)

var levelNames = [levels]string{"debug", "info", "warn", "error"}

func levelOf(l slog.Level) level {
	switch {
	case l >= slog.LevelError:
		return levelError
	case l >= slog.LevelWarn:
		return levelWarn
	case l >= slog.LevelInfo:
		return levelInfo
	}
	return levelDebug
}

// pens write into a logbook, one for each level: slog's own handlers write a line
// without saying of which level it is.
type pens struct {
	of   [levels]slog.Handler
	book *logbook
}

// pen is what one of slog's handlers writes to.
type pen struct {
	book  *logbook
	level level
}

func (p pen) Write(line []byte) (int, error) {
	p.book.take(line, p.level)
	return len(line), nil
}

// newLog is the log of a gateway that runs, and what writes it to its end.
func newLog(c config.Log, to io.Writer) (log *slog.Logger, end func()) {
	lines := func(to io.Writer) slog.Handler {
		options := &slog.HandlerOptions{Level: c.Level}
		if c.Format == "text" {
			return slog.NewTextHandler(to, options)
		}
		return slog.NewJSONHandler(to, options)
	}
	book := openLogbook(to, func(lost lostLines) []byte {
		var line bytes.Buffer
		tellLost(slog.New(lines(&line)), lost)
		return line.Bytes()
	})
	p := &pens{book: book}
	for l := range levels {
		p.of[l] = lines(pen{book, l})
	}
	return slog.New(p), book.end
}

func tellLost(log *slog.Logger, lost lostLines) {
	log.Warn("log.lines_lost", "debug", lost.of[levelDebug], "info", lost.of[levelInfo], "warn", lost.of[levelWarn], "error", lost.of[levelError],
		"since", lost.since, "consequence", "what these lines said is not in the log; payments are in the ledger")
}

// lossesOf are the lost lines of a log by level, nil where it writes into no book.
func lossesOf(log *slog.Logger) func() map[string]uint64 {
	if p, ok := log.Handler().(*pens); ok {
		return p.book.losses
	}
	return nil
}

func (p *pens) Enabled(ctx context.Context, l slog.Level) bool {
	return p.of[levelDebug].Enabled(ctx, l)
}

// Handle leaves nothing waiting that somebody should look at, nor what came before it.
func (p *pens) Handle(ctx context.Context, r slog.Record) error {
	l := levelOf(r.Level)
	err := p.of[l].Handle(ctx, r)
	if l >= levelWarn {
		p.book.settle()
	}
	return err
}

func (p *pens) WithAttrs(attrs []slog.Attr) slog.Handler {
	return p.each(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

func (p *pens) WithGroup(name string) slog.Handler {
	return p.each(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (p *pens) each(change func(slog.Handler) slog.Handler) *pens {
	changed := &pens{book: p.book}
	for l, h := range p.of {
		changed.of[l] = change(h)
	}
	return changed
}
