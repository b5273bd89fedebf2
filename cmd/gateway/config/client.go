package config

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	maxScopes       = 20
	maxCertificates = 4 // as many as are tried against one signature
	minKeyBits      = 2048
)

// Certificate is what a client signs its assertions with.
type Certificate struct {
	*x509.Certificate
	File string
}

// MarshalText names the file, the subject and the last day.
func (c Certificate) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%s (%s, until %s)", c.File, c.Subject, c.NotAfter.UTC().Format(time.DateOnly)), nil
}

func (o object) clients(live bool) []Client {
	var clients []Client
	o.list("clients", maxClients, func(node *yaml.Node, path string) {
		clients = append(clients, o.r.object(node, path, "client").client(live))
	})
	if o.members["clients"] == nil {
		o.fault("clients", "is missing; expected at least one client, or [] where `gateway clients add` makes them")
	}
	return clients
}

func (o object) client(live bool) Client {
	c := Client{
		ID:           o.unique("id", clientID, o.r.clientIDs),
		Secret:       o.secret("secret"),
		Scopes:       o.distinct("scopes", maxScopes, scope),
		Channel:      read(o, "channel", channel, ""),
		Quota:        o.quota(),
		Certificates: o.certificates(),

		TLSCertificates: o.tlsCertificates(),
	}
	if hash := read(o, "secretHash", secretHash, ""); hash != "" {
		c.SecretHash = newSecret(hash, "this file")
	}
	switch {
	case o.has("secret") && o.has("secretHash"):
		o.fault("secretHash", "stands beside secret; keep one of them")
	case !o.has("secret") && !o.has("secretHash") && !o.has("certificates"):
		o.fault("secret", "is missing; expected secret, secretHash or certificates")
	}
	o.judgeClient(c, live)
	return c
}

func (o object) quota() Quota {
	q := o.child("quota", "quota")
	return Quota{
		Requests: read(q, "requests", number(0, 100_000), 0),
		Per:      read(q, "per", between(time.Second, time.Hour), time.Second),
	}
}

func (o object) certificates() []Certificate {
	var certificates []Certificate
	o.list("certificates", maxCertificates, func(node *yaml.Node, path string) {
		file, data, _, ok := o.r.referredFile(node, path)
		if !ok {
			return
		}
		certificate, message := parseCertificate(data)
		if message != "" {
			o.r.faultAt(node, path, file+" "+message)
			return
		}
		certificates = append(certificates, Certificate{certificate, file})
	})
	return certificates
}

// parseCertificate takes exactly one certificate, so that nobody believes the
// second one in a file to be in use. It returns a message when there is none.
func parseCertificate(data []byte) (*x509.Certificate, string) {
	block, rest := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, "holds no certificate in PEM form"
	}
	if second, _ := pem.Decode(rest); second != nil {
		return nil, "holds more than one certificate; give each a file of its own"
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, "holds a certificate that cannot be read; export it again"
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKeyBits {
		return nil, "holds a certificate whose key is not RSA with at least 2048 bits"
	}
	return certificate, ""
}
