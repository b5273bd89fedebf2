package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"time"

	"paytrace-gateway/cmd/gateway/config"
)

// listenMutually listens where every caller proves itself by a certificate,
// before a request is read.
func (a *app) listenMutually() (err error) {
	c := a.cfg.Mutual
	if c == nil {
		return nil
	}
	settings, err := mutualTLS(*c, time.Now, a.log).open()
	if err != nil {
		return err
	}
	plain, err := a.serveOn("tlsListener.listen", c.Listen, aFewOfThem)
	if err != nil {
		return err
	}
	a.mutual = tls.NewListener(plain, settings)
	a.onClose(func() { a.mutual.Close() })
	return nil
}

func mutualTLS(c config.TLSListener, now func() time.Time, log *slog.Logger) *servedTLS {
	settings := func(texts [][]byte) (*tls.Config, error) {
		settings, err := serverTLS(c.CertFile, c.KeyFile, texts[0], texts[1])
		if err != nil {
			return nil, err
		}
		settings.ClientCAs = x509.NewCertPool()
		if !settings.ClientCAs.AppendCertsFromPEM(texts[2]) {
			return nil, fmt.Errorf("caFile: %s holds no certificate in PEM form", c.CAFile)
		}
		settings.ClientAuth = tls.RequireAndVerifyClientCert
		// A connection that is taken up again would be one whose certificate was
		// looked at long ago.
		settings.SessionTicketsDisabled = true
		return settings, nil
	}
	return &servedTLS{listener: "tlsListener", files: []string{c.CertFile, c.KeyFile, c.CAFile}, settings: settings, now: now, log: log}
}
