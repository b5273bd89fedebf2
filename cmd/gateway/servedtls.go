package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// renewalLook is how often the files of a listener are read again at the most. A
// handshake does it, so where nobody calls nothing is read.
const renewalLook = time.Minute

// servedTLS is the TLS of a listener whose certificate is renewed while it listens.
// Files that cannot be used together change nothing: callers get the certificate
// that there was, and the log says so.
type servedTLS struct {
	listener string // as the configuration calls it
	files    []string
	// settings makes of the files' texts what TLS has to know.
	settings func(texts [][]byte) (*tls.Config, error)
	now      func() time.Time
	log      *slog.Logger

	mu       sync.Mutex
	taken    [][]byte
	current  *tls.Config
	lookedAt time.Time
	refused  int // how many looks in a row
}

// open reads the files for the first time.
func (s *servedTLS) open() (*tls.Config, error) {
	texts, err := readAll(s.files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.listener, err)
	}
	if s.current, err = s.settings(texts); err != nil {
		return nil, fmt.Errorf("%s: %w", s.listener, err)
	}
	s.taken, s.lookedAt = texts, s.now()
	config := s.current.Clone()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.latest(), nil }
	return config, nil
}

func (s *servedTLS) latest() *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); now.Sub(s.lookedAt) >= renewalLook {
		s.lookedAt = now
		s.look()
	}
	return s.current
}

// look takes what has changed. Files are replaced one after the other, so that only
// what cannot be used twice in a row is worth a word.
func (s *servedTLS) look() {
	texts, err := readAll(s.files)
	if err == nil && slices.EqualFunc(texts, s.taken, bytes.Equal) {
		s.refused = 0
		return
	}
	var renewed *tls.Config
	if err == nil {
		renewed, err = s.settings(texts)
	}
	if err != nil {
		if s.refused++; s.refused == 2 {
			s.log.Error("tls.not_renewed", "listener", s.listener, "error", err.Error(), "until", endOf(s.current))
		}
		return
	}
	s.current, s.taken, s.refused = renewed, texts, 0
	s.log.Info("tls.renewed", "listener", s.listener, "until", endOf(renewed))
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
