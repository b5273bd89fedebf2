package config

import (
	"crypto/x509"
	"encoding/pem"

	"go.yaml.in/yaml/v3"
)

// tlsListener reads where callers prove themselves by certificates, nil when
// nowhere.
func (o object) tlsListener() *TLSListener {
	if !o.has("tlsListener") {
		return nil
	}
	l := o.child("tlsListener", "tlsListener")
	listener := &TLSListener{Listen: require(l, "listen", address), CAFile: l.authorities()}
	listener.CertFile, listener.KeyFile = l.ownCertificate()
	for _, member := range []string{"certFile", "caFile"} {
		if !l.has(member) && (member != "certFile" || !l.has("keyFile")) {
			l.fault(member, "is missing; the listener needs a certificate of its own (certFile, keyFile), and in caFile those who sign its callers'")
		}
	}
	return listener
}

// judgeTLS holds the listener against the others.
func (o object) judgeTLS(c *Config) {
	if c.Mutual == nil || c.Mutual.Listen == "" {
		return
	}
	if c.Mutual.Listen == c.Listen || c.Mutual.Listen == c.OperatorListen || (c.Cards != nil && c.Mutual.Listen == c.Cards.Listen) {
		o.child("tlsListener", "tlsListener").fault("listen", "is the address of another listener; callers with certificates have one of their own")
	}
}

// tlsCertificates reads to which certificates of its own a client is bound.
func (o object) tlsCertificates() []Certificate {
	if o.has("tlsCertificates") && !o.r.mutual {
		o.fault("tlsCertificates", "there is no tlsListener, on which alone this client could call; add one, or remove this line")
	}
	var certificates []Certificate
	o.list("tlsCertificates", maxCertificates, func(node *yaml.Node, path string) {
		file, data, _, ok := o.r.referredFile(node, path)
		if !ok {
			return
		}
		block, rest := pem.Decode(data)
		if block == nil || block.Type != "CERTIFICATE" {
			o.r.faultAt(node, path, file+" holds no certificate in PEM form")
			return
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if second, _ := pem.Decode(rest); err != nil || second != nil {
			o.r.faultAt(node, path, file+" must hold exactly one certificate, the client's own without its chain")
			return
		}
		certificates = append(certificates, Certificate{certificate, file})
	})
	return certificates
}
