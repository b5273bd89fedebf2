package config

import (
	"crypto/tls"
	"crypto/x509"
)

var serverName = kind[string]{expected: "the host in the server's certificate", text: true,
	parse: func(s string) (string, bool) { return s, isHost(s) }}

// tls reads how a server is reached by TLS, nil when the member is absent. An
// empty {} is TLS as the machine knows it.
func (o object) tls() *TLS {
	if !o.has("tls") {
		return nil
	}
	m := o.child("tls", "tls")
	t := &TLS{CAFile: m.authorities(), ServerName: read(m, "serverName", serverName, "")}
	t.CertFile, t.KeyFile = m.ownCertificate()
	return t
}

func (o object) authorities() (file string) {
	if !o.has("caFile") {
		return ""
	}
	file, data, _, ok := o.namedFile("caFile")
	if ok && !x509.NewCertPool().AppendCertsFromPEM(data) {
		o.fault("caFile", file+" holds no certificate in PEM form")
	}
	return file
}

// ownCertificate never repeats the words of the parser, which could say
// something of the key.
func (o object) ownCertificate() (certFile, keyFile string) {
	switch {
	case !o.has("certFile") && !o.has("keyFile"):
		return "", ""
	case !o.has("keyFile"):
		o.fault("certFile", "stands without keyFile")
		return "", ""
	case !o.has("certFile"):
		o.fault("keyFile", "stands without certFile")
		return "", ""
	}
	certFile, certificate, _, certOK := o.namedFile("certFile")
	keyFile, key, mode, keyOK := o.namedFile("keyFile")
	if keyOK && o.r.closed(o.members["keyFile"], join(o.path, "keyFile"), keyFile, mode) && certOK {
		if _, err := tls.X509KeyPair(certificate, key); err != nil {
			o.fault("keyFile", keyFile+" and "+certFile+" are no private key and certificate, both in PEM form, that belong together")
		}
	}
	return certFile, keyFile
}
