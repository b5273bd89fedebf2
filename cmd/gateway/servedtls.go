package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// renewalLook is how often the files of a listener are read again at the most. A
// handshake does it, so where nobody calls nothing is read, and what has changed is
// taken at the second look that finds it so.
const renewalLook = time.Minute

// servedTLS is the TLS of a listener whose certificate is renewed while it listens.
// Files that cannot be used change nothing: callers get the certificate that there
// was, and the log says so.
type servedTLS struct {
	listener string // as the configuration calls it
	files    []string
	// settings makes of the files' texts what TLS has to know.
	settings func(texts [][]byte) (*tls.Config, error)
	now      func() time.Time
	log      *slog.Logger

	current atomic.Pointer[tls.Config]
	// looking is held by the one handshake that looks. A disk that hangs keeps no
	// other waiting.
	looking  sync.Mutex
	lookedAt time.Time
	taken    [][]byte
	// seen is what the last look has found, and told says that the log has it.
	seen [][]byte
	told bool
}

// open reads the files for the first time.
func (s *servedTLS) open() (*tls.Config, error) {
	texts, err := readAll(s.files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.listener, err)
	}
	settings, err := s.settings(texts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.listener, err)
	}
	s.current.Store(settings)
	s.taken, s.lookedAt = texts, s.now()
	config := settings.Clone()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.latest(), nil }
	return config, nil
}

func (s *servedTLS) latest() *tls.Config {
	if s.looking.TryLock() {
		defer s.looking.Unlock()
		if now := s.now(); now.Sub(s.lookedAt) >= renewalLook {
			s.lookedAt = now
			s.look(now)
		}
	}
	return s.current.Load()
}

// look takes what has changed and was so at the look before: files are written one
// after the other, and a part of one may look like all of it.
func (s *servedTLS) look(now time.Time) {
	texts, err := readAll(s.files)
	if err != nil {
		texts = [][]byte{[]byte(err.Error())}
	}
	switch {
	case slices.EqualFunc(texts, s.taken, bytes.Equal):
		s.seen, s.told = nil, false
		return
	case !slices.EqualFunc(texts, s.seen, bytes.Equal):
		s.seen, s.told = texts, false
		return
	case s.told:
		return
	}
	var renewed *tls.Config
	if err == nil {
		if renewed, err = s.settings(texts); err == nil {
			err = goodAt(now, renewed)
		}
	}
	if err != nil {
		s.told = true
		s.log.Error("tls.not_renewed", "listener", s.listener, "error", err.Error(), "until", endOf(s.current.Load()))
		return
	}
	s.current.Store(renewed)
	s.taken, s.seen = texts, nil
	s.log.Info("tls.renewed", "listener", s.listener, "until", endOf(renewed))
}

// goodAt keeps an old certificate, which a backup or a wrong link has put there, from
// taking the place of one that is good.
func goodAt(now time.Time, c *tls.Config) error {
	leaf := c.Certificates[0].Leaf
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return fmt.Errorf("the certificate is good from %s to %s only", leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

func endOf(c *tls.Config) time.Time { return c.Certificates[0].Leaf.NotAfter.UTC() }

func readAll(files []string) ([][]byte, error) {
	texts := make([][]byte, len(files))
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		texts[i] = text
	}
	return texts, nil
}

// serverTLS is what both listeners with a certificate have in common. The error has none of the
// parser's words, which could say something of the key.
func serverTLS(certFile, keyFile string, certificate, key []byte) (*tls.Config, error) {
	own, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s cannot be used together as certificate and key", certFile, keyFile)
	}
	return &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
}
