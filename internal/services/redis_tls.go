package services

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// RedisTLS starts a server that speaks TLS alone, as 127.0.0.1 and localhost,
// and asks clients for no certificate. The other result is the file of the
// authority that has signed the server's, in PEM.
func RedisTLS(t testing.TB, settings ...string) (*RedisInstance, string) {
	t.Helper()
	folder := t.TempDir()
	files, err := writeCertificates(folder)
	if err != nil {
		t.Fatal(err)
	}
	encrypted := func(port string) []string {
		return []string{"--port", "0", "--tls-port", port, "--tls-auth-clients", "no",
			"--tls-ca-cert-file", files.authority, "--tls-cert-file", files.server, "--tls-key-file", files.key}
	}
	r := ownRedis(t, func() (*RedisInstance, error) { return startRedis("rediss", encrypted, settings) })
	return r, files.authority
}

// certificates are the paths of a server's, in PEM.
type certificates struct{ authority, server, key string }

func writeCertificates(folder string) (certificates, error) {
	files := certificates{
		authority: filepath.Join(folder, "ca.pem"),
		server:    filepath.Join(folder, "server.pem"),
		key:       filepath.Join(folder, "server-key.pem"),
	}
	authority := certificate("Authority of a test", 1)
	authority.IsCA, authority.BasicConstraintsValid = true, true
	authority.KeyUsage = x509.KeyUsageCertSign
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return files, err
	}
	if err := sign(files.authority, authority, authority, &authorityKey.PublicKey, authorityKey); err != nil {
		return files, err
	}
	server := certificate("localhost", 2)
	server.KeyUsage = x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames, server.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return files, err
	}
	if err := sign(files.server, server, authority, &serverKey.PublicKey, authorityKey); err != nil {
		return files, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		return files, err
	}
	return files, writePEM(files.key, "PRIVATE KEY", der)
}

// certificate is valid since an hour ago, for clocks that were set back, and
// longer than tests last.
func certificate(name string, serial int64) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(7 * 24 * time.Hour),
	}
}

func sign(file string, c, by *x509.Certificate, key *ecdsa.PublicKey, with *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, c, by, key, with)
	if err != nil {
		return err
	}
	return writePEM(file, "CERTIFICATE", der)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
