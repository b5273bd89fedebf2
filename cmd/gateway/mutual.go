package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// listenMutually listens where every caller proves itself by a certificate,
// before a request is read.
func (a *app) listenMutually() (err error) {
	c := a.cfg.Mutual
	if c == nil {
		return nil
	}
	own, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return fmt.Errorf("tlsListener: %s and %s cannot be used together as certificate and key", c.CertFile, c.KeyFile)
	}
	text, err := os.ReadFile(c.CAFile)
	if err != nil {
		return fmt.Errorf("tlsListener.caFile: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return fmt.Errorf("tlsListener.caFile: %s holds no certificate in PEM form", c.CAFile)
	}
	plain, err := a.serveOn("tlsListener.listen", c.Listen, aFewOfThem)
	if err != nil {
		return err
	}
	a.mutual = tls.NewListener(plain, &tls.Config{
		Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authorities,
		// A connection that is taken up again would be one whose certificate was
		// looked at long ago.
		SessionTicketsDisabled: true,
	})
	a.onClose(func() { a.mutual.Close() })
	return nil
}
