package simulator_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

func TestEncryptedCardsAreReadWithThePaddingOfTheSetting(t *testing.T) {
	encryptions := map[string]func(*rsa.PublicKey, []byte) ([]byte, error){
		"pkcs1v15": func(k *rsa.PublicKey, b []byte) ([]byte, error) { return rsa.EncryptPKCS1v15(rand.Reader, k, b) },
		"oaep-sha1": func(k *rsa.PublicKey, b []byte) ([]byte, error) {
			return rsa.EncryptOAEP(sha1.New(), rand.Reader, k, b, nil)
		},
		"oaep-sha256": func(k *rsa.PublicKey, b []byte) ([]byte, error) {
			return rsa.EncryptOAEP(sha256.New(), rand.Reader, k, b, nil)
		},
	}
	a := openAccount(t, simulator.Options{})
	key := a.encryptionKey()
	for padding := range encryptions {
		for used, encrypt := range encryptions {
			t.Run(padding+" given "+used, func(t *testing.T) {
				sealed := func(s string) string {
					b, err := encrypt(key, []byte(s))
					if err != nil {
						t.Fatal(err)
					}
					return base64.StdEncoding.EncodeToString(b)
				}
				number := sealed("4012000098765439")
				if len(number) != 344 {
					t.Errorf("%d characters, want 344", len(number))
				}
				a.control("PUT", "/settings", `{"encryptionPadding":"`+padding+`"}`)
				_, answer := a.post("transactions/sale/keyed", fmt.Sprintf(
					`{"integrator_id":"simulator001","amount":"5","encrypted_csc":%q,"credit_card":{"encrypted_number":%q,"expiration_month":"12","expiration_year":"2030"}}`,
					sealed("999"), number))
				want := "error 35"
				if used == padding {
					want = "101"
				}
				if result(answer) != want {
					t.Errorf("answer %v, want %s", answer, want)
				}
				if used == padding && (answer["csc_response"] != "Match" || answer["masked_card_number"] != "xxxxxxxxxxxx5439") {
					t.Errorf("answer %v, want the card and the CSC known", answer)
				}
			})
		}
	}
}

func (a *account) encryptionKey() *rsa.PublicKey {
	a.t.Helper()
	w := httptest.NewRecorder()
	a.sim.Control().ServeHTTP(w, httptest.NewRequest("GET", "/encryption_key", nil))
	block, _ := pem.Decode(w.Body.Bytes())
	if block == nil {
		a.t.Fatal("no PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		a.t.Fatal(err)
	}
	if bits := key.(*rsa.PublicKey).N.BitLen(); bits != 2048 {
		a.t.Errorf("the key has %d bits, want 2048", bits)
	}
	return key.(*rsa.PublicKey)
}
