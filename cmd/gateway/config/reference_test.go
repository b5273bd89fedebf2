package config

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestASecretComesFromTheEnvironmentOrAFile(t *testing.T) {
	w := newWorld()
	w.files["etc/password"] = file{data: "from-the-file\r\n", mode: 0o600}
	w.files["/run/secrets/client"] = file{data: "from-the-mount", mode: 0o440}
	w.env["WHERE"] = "/run/secrets/client"
	text := strings.Replace(replaced(t, "${PASSWORD}", "{file: password}"), "${CLIENT}", "{file: '${WHERE}'}", 1)
	m := w.mustParse(t, text).Merchants[0]
	if got := m.PayTrace.Password.Reveal(); got != "from-the-file" {
		t.Errorf("from a file: %q", got)
	}
	if got := m.Clients[0].Secret.Reveal(); got != "from-the-mount" {
		t.Errorf("from a mounted file: %q", got)
	}
	if got := newWorld().mustParse(t, minimal).Merchants[0].PayTrace.Password.Reveal(); got != "paytrace-pass-word" {
		t.Errorf("from the environment: %q", got)
	}
}

func TestAnyValueMayComeFromTheEnvironment(t *testing.T) {
	w := newWorld()
	w.env["USER_NAME"], w.env["N"], w.env["T"] = "12", "9", "20s"
	c := w.mustParse(t, replaced(t, "username: shop", "username: ${USER_NAME}\n      maxConnections: ${N}\n      callDeadline: ${T}"))
	if p := c.Merchants[0].PayTrace; p.Username != "12" || p.MaxConnections != 9 || p.CallDeadline != 20*time.Second {
		t.Errorf("got %+v", p)
	}
}

func TestAVariableIsNoSecretInOnePlaceAndShownInAnother(t *testing.T) {
	w := newWorld()
	w.env["GATEWAY_SECRET"] = strings.Repeat("s", 32)
	for variable, secret := range map[string]string{"CLIENT": "merchants[0].clients[0].secret", "GATEWAY_SECRET": "secret"} {
		_, err := w.parse(replaced(t, "username: shop", "username: ${"+variable+"}"))
		want := "merchants[0].paytrace.username: " + variable + " is the secret of " + secret + ", and would be shown here; use another variable"
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v", err)
		}
	}
}

func TestBadReferences(t *testing.T) {
	const at = "etc/gateway.yaml:6:17: merchants[0].paytrace.password: "
	const inside = "etc/gateway.yaml:6:24: merchants[0].paytrace.password.file: "
	for _, row := range []struct{ name, reference, want string }{
		{"literal", "hunter2", at + secretInFile},
		{"literal number", "4711", at + secretInFile},
		{"literal before a reference", "x${PASSWORD}", at + secretInFile},
		{"list", "[a]", at + secretInFile},
		{"text beside the reference", "${PASSWORD}x", at + "expected ${NAME} and nothing beside it, the name of letters, digits and underscores"},
		{"bad name", "${PASS-WORD}", at + "expected ${NAME} and nothing beside it, the name of letters, digits and underscores"},
		{"variable not set", "${NONE}", at + "the environment has no NONE; set it"},
		{"variable empty", "${EMPTY}", at + "EMPTY is empty in the environment; set it"},
		{"variable of two lines", "${LINES}", at + "the secret is not plain text on one line; write binary data as hex or base64"},
		{"variable with a blank", "${BLANK}", at + "the secret begins or ends with a blank; remove it"},
		{"variable too long", "${LONG}", at + "the secret is longer than 4096 characters"},
		{"no such file", "{file: none}", inside + "cannot read etc/none: there is no such file"},
		{"file of another user", "{file: theirs}", inside + "cannot read etc/theirs: this user may not read it"},
		{"folder", "{file: folder}", inside + "cannot read etc/folder: is a directory"},
		{"file too large", "{file: large}", inside + "etc/large is larger than 256 KiB"},
		{"file for everyone", "{file: open}", at + "etc/open is open to everyone (mode 0604); run chmod 0600 on it, or mount it as 0440"},
		{"empty file", "{file: empty}", at + "the secret is empty"},
		{"binary file", "{file: binary}", at + "the secret is not plain text on one line; write binary data as hex or base64"},
		{"no name", "{}", at[:len(at)-2] + ".file: is missing; expected a path"},
		{"other member", "{env: X, file: empty}", at + "the secret is empty\netc/gateway.yaml:6:18: merchants[0].paytrace.password.env: is not known here; known are file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			w.env["EMPTY"], w.env["LINES"], w.env["BLANK"], w.env["LONG"] = "", "a\nb", " a", strings.Repeat("x", 4097)
			w.files["etc/theirs"] = file{err: fs.ErrPermission}
			w.files["etc/folder"] = file{err: &fs.PathError{Op: "read", Path: "folder", Err: errors.New("is a directory")}}
			w.files["etc/large"] = file{data: strings.Repeat("x", maxFile+1)}
			w.files["etc/open"] = file{data: "hunter2", mode: 0o604}
			w.files["etc/empty"] = file{data: "\n", mode: 0o600}
			w.files["etc/binary"] = file{data: "\x00\xff", mode: 0o600}
			_, err := w.parse(replaced(t, "${PASSWORD}", row.reference))
			if err == nil {
				t.Fatal("accepted")
			}
			if got := filepath.ToSlash(err.Error()); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the secret is quoted")
			}
		})
	}
}

func TestTheGatewaysSecretHasAtLeast32Characters(t *testing.T) {
	for _, length := range []int{31, 32} {
		w := newWorld()
		w.env["KEY"] = strings.Repeat("k", length)
		_, err := w.parse("secret: ${KEY}\n" + minimal)
		want := "etc/gateway.yaml:1:9: secret: the secret is shorter than 32 characters; `openssl rand -base64 32` makes one"
		if length < 32 && (err == nil || err.Error() != want) {
			t.Errorf("%d characters: %v", length, err)
		}
		if length >= 32 && err != nil {
			t.Errorf("%d characters: %v", length, err)
		}
	}
}

func TestSigningKeysAreNamedNewestFirst(t *testing.T) {
	w := newWorld()
	for path, mode := range map[string]fs.FileMode{"etc/new.pem": 0o600, "etc/old.pem": 0o640, "etc/open.pem": 0o644} {
		w.files[path] = file{data: privateKeyPEM(t), mode: mode}
	}
	w.files["etc/text.pem"] = file{data: "no key", mode: 0o600}
	w.files["etc/copy.pem"] = w.files["etc/new.pem"]
	c := w.mustParse(t, "signingKeys: [{file: new.pem}, {file: old.pem}]\n"+minimal)
	if len(c.SigningKeys) != 2 || filepath.ToSlash(c.SigningKeys[0].File) != "etc/new.pem" || filepath.ToSlash(c.SigningKeys[1].File) != "etc/old.pem" {
		t.Errorf("got %v", c.SigningKeys)
	}
	_, err := w.parse("signingKeys: [{file: open.pem}, {file: text.pem}, {file: new.pem}, {file: new.pem}, new.pem, {file: copy.pem}]\n" + minimal)
	want := `etc/gateway.yaml:1:15: signingKeys[0]: etc/open.pem is open to everyone (mode 0644); run chmod 0600 on it, or mount it as 0440
etc/gateway.yaml:1:33: signingKeys[1]: etc/text.pem holds no private key in PEM form
etc/gateway.yaml:1:68: signingKeys[3]: etc/new.pem is named twice; keep one
etc/gateway.yaml:1:85: signingKeys[4]: expected {file: path}
etc/gateway.yaml:1:94: signingKeys[5]: etc/copy.pem holds the same key as etc/new.pem; keep one`
	if err == nil || filepath.ToSlash(err.Error()) != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestSigningKeysAreThoseThatCanSign(t *testing.T) {
	const convert = "holds a key that is not in the PKCS#8 form; `openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW` converts it"
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(rsaKey(t, 2048))
	for name, row := range map[string]struct{ data, want string }{
		"good":           {privateKeyPEM(t), ""},
		"PKCS#1":         {pemOf("RSA PRIVATE KEY", pkcs1), convert},
		"SEC 1":          {pemOf("EC PRIVATE KEY", []byte{1}), convert},
		"encrypted":      {pemOf("ENCRYPTED PRIVATE KEY", []byte{1}), convert},
		"PKCS#1 renamed": {pemOf("PRIVATE KEY", pkcs1), convert},
		"elliptic":       {keyPEM(t, elliptic), "holds a key that is not RSA with at least 2048 bits"},
		"short":          {keyPEM(t, rsaKey(t, 1024)), "holds a key that is not RSA with at least 2048 bits"},
		"public":         {pemOf("PUBLIC KEY", []byte{1}), "holds no private key in PEM form"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.files["etc/a.pem"] = file{data: row.data, mode: 0o600}
			_, err := w.parse("signingKeys: [{file: a.pem}]\n" + minimal)
			if row.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want := "etc/gateway.yaml:1:15: signingKeys[0]: etc/a.pem " + row.want
			if err == nil || filepath.ToSlash(err.Error()) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestCertificatesOfAClient(t *testing.T) {
	good := certificatePEM(t, rsaKey(t, 2048))
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct{ data, want string }{
		"good":        {good, ""},
		"two":         {good + good, "holds more than one certificate; give each a file of its own"},
		"private key": {privateKeyPEM(t), "holds no certificate in PEM form"},
		"words":       {"certificate", "holds no certificate in PEM form"},
		"garbage":     {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds a certificate that cannot be read; export it again"},
		"elliptic":    {certificatePEM(t, elliptic), "holds a certificate whose key is not RSA with at least 2048 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.files["etc/a.crt"] = file{data: row.data, mode: 0o644} // public, so everyone may read it
			c, err := w.parse(replaced(t, "secret: ${CLIENT}", "certificates: [{file: a.crt}]"))
			if row.want == "" {
				if err != nil || c.Merchants[0].Clients[0].Certificates[0].Subject.CommonName != "org" {
					t.Errorf("got %+v, %v", c, err)
				}
				return
			}
			want := "etc/gateway.yaml:10:24: merchants[0].clients[0].certificates[0]: etc/a.crt " + row.want
			if err == nil || filepath.ToSlash(err.Error()) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func privateKeyPEM(t *testing.T) string {
	t.Helper()
	return keyPEM(t, rsaKey(t, 2048))
}

func keyPEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("PRIVATE KEY", der)
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func certificatePEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "org"}, NotAfter: time.Date(2031, 1, 2, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestSigningKeysAreNamedOrMadeInAFolder(t *testing.T) {
	w := newWorld()
	w.files["etc/key.pem"] = file{data: privateKeyPEM(t), mode: 0o600}
	for text, want := range map[string][2]any{
		"": {"etc/var/gateway/signing-key.pem", 90},
		"signingKeyFolder: keys\nsigningKeyDays: 0\n": {"etc/keys/signing-key.pem", 0},
		"dataDir: /data\nsigningKeyDays: 3650\n":      {"/data/signing-key.pem", 3650},
	} {
		c := w.mustParse(t, text+minimal)
		if got := [2]any{filepath.ToSlash(c.SigningKeyPath()), c.SigningKeyDays}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"signingKeyDays: 3651\n":                                   "signingKeyDays: expected a whole number from 0 to 3650",
		"signingKeys: [{file: key.pem}]\nsigningKeyFolder: keys\n": "signingKeyFolder: stands beside signingKeys, which are changed by hand; keep one of them",
		"signingKeys: [{file: key.pem}]\nsigningKeyDays: 30\n":     "signingKeyDays: stands beside signingKeys, which are changed by hand; keep one of them",
	} {
		if _, err := w.parse(text + minimal); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
