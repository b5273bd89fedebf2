package ledger

import (
	"errors"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestALedgerFromBeforeSealedSecretsTakesThem(t *testing.T) {
	eachLedgerFromBefore(t, "0013", func(t *testing.T, l *Ledger) {
		secret := gateway.SealedSecret{MerchantID: "main", Name: "password", LastNumber: 1, Version: 1,
			Values: []gateway.SealedValue{{Number: 1, KeyID: "k", Sealed: []byte("sealed"), SetAt: time.Unix(1, 0).UTC(), SetBy: "ada"}}}
		if err := l.SaveSealedSecrets(t.Context(), []gateway.SealedSecret{secret}, nil); err != nil {
			t.Fatal(err)
		}
		all, err := l.SealedSecrets(t.Context())
		if err != nil || len(all) != 1 || string(all[0].Values[0].Sealed) != "sealed" {
			t.Errorf("the sealed secrets are %+v, %v", all, err)
		}
	})
}

// A secret that cannot be read is not one that was never set, and keeps nobody
// from the others.
func TestASealedSecretThatCannotBeReadIsToldBesideTheOthers(t *testing.T) {
	s := stores["SQLite"](t)
	l := s.open(t)
	s.exec(t, `INSERT INTO sealed_secrets (merchant_id, live_mode, name, body, version) VALUES ('main', true, 'password', '{', 1), ('main', true, 'signing', '{}', 1)`)
	all, err := l.SealedSecrets(t.Context())
	var bad gateway.UnreadableError
	if !errors.As(err, &bad) || len(bad) != 1 || bad[0].ID != "password" || bad[0].MerchantID != "main" || !bad[0].LiveMode {
		t.Errorf("the one that cannot be read is told as %v", err)
	}
	if len(all) != 1 || all[0].Name != "signing" {
		t.Errorf("the others are %+v", all)
	}
}
