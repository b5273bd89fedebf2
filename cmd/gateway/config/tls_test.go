package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// tlsWorld has the files of an authority and of a certificate of our own.
func tlsWorld(t *testing.T) world {
	t.Helper()
	w := newWorld()
	key := rsaKey(t, 2048)
	w.files["etc/ca.pem"] = file{data: certificatePEM(t, rsaKey(t, 2048)), mode: 0o644}
	w.files["etc/own.pem"] = file{data: certificatePEM(t, key), mode: 0o644}
	w.files["etc/own-key.pem"] = file{data: keyPEM(t, key), mode: 0o600}
	w.files["etc/open-key.pem"] = file{data: keyPEM(t, key), mode: 0o644}
	w.files["etc/other-key.pem"] = file{data: privateKeyPEM(t), mode: 0o600}
	w.files["etc/words.pem"] = file{data: "no certificate", mode: 0o600}
	w.env["REDIS"] = "rediss://redis.test"
	return w
}

func withTLS(section string) string { return withRedis(`{url: "${REDIS}", tls: ` + section + `}`) }

func TestTLSIsReadWithItsFiles(t *testing.T) {
	w := tlsWorld(t)
	c := w.mustParse(t, withTLS("{caFile: ca.pem, certFile: own.pem, keyFile: own-key.pem, serverName: redis.internal}"))
	names := c.Redis.TLS
	if filepath.ToSlash(names.CAFile) != "etc/ca.pem" || filepath.ToSlash(names.CertFile) != "etc/own.pem" ||
		filepath.ToSlash(names.KeyFile) != "etc/own-key.pem" || names.ServerName != "redis.internal" {
		t.Errorf("got %+v", names)
	}
	const want = "  tls:\n    caFile: etc/ca.pem\n    serverName: redis.internal\n    certFile: etc/own.pem\n    keyFile: etc/own-key.pem\n"
	if got := strings.ReplaceAll(c.Redacted(), `\`, "/"); !strings.Contains(got, want) {
		t.Errorf("got:\n%s\nwant in it:\n%s", got, want)
	}
}

func TestEachFaultOfTLSIsNamedWithItsPosition(t *testing.T) {
	for _, row := range []struct{ name, tls, want string }{
		{"truth", "true", "1:31: redis.tls: expected members (name: value), found a single value"},
		{"switched off checks", "{insecure: true}", "1:32: redis.tls.insecure: is not known here; known are caFile, serverName, certFile, keyFile"},
		{"server name", "{serverName: 'a b'}", "1:44: redis.tls.serverName: expected the host in the server's certificate"},
		{"no such authority", "{caFile: none.pem}", "1:40: redis.tls.caFile: cannot read etc/none.pem: there is no such file"},
		{"authority of words", "{caFile: words.pem}", "1:40: redis.tls.caFile: etc/words.pem holds no certificate in PEM form"},
		{"authority as a reference", "{caFile: {file: ca.pem}}", "1:40: redis.tls.caFile: expected a path, found members (name: value)"},
		{"certificate without its key", "{certFile: own.pem}", "1:42: redis.tls.certFile: stands without keyFile"},
		{"key without its certificate", "{keyFile: own-key.pem}", "1:41: redis.tls.keyFile: stands without certFile"},
		{"no such key", "{certFile: own.pem, keyFile: none}", "1:60: redis.tls.keyFile: cannot read etc/none: there is no such file"},
		{"key for everyone", "{certFile: own.pem, keyFile: open-key.pem}",
			"1:60: redis.tls.keyFile: etc/open-key.pem is open to everyone (mode 0644); run chmod 0600 on it, or mount it as 0440"},
		{"key of another", "{certFile: own.pem, keyFile: other-key.pem}", "1:60: redis.tls.keyFile: etc/other-key.pem and etc/own.pem " +
			"are no private key and certificate, both in PEM form, that belong together"},
		{"key of words", "{certFile: own.pem, keyFile: words.pem}", "1:60: redis.tls.keyFile: etc/words.pem and etc/own.pem " +
			"are no private key and certificate, both in PEM form, that belong together"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := tlsWorld(t).parse(withTLS(row.tls))
			if want := "etc/gateway.yaml:" + row.want; err == nil || filepath.ToSlash(err.Error()) != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}
