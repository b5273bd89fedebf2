package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// withCards is the minimal file with a listener for card data, and with a
// merchant that wants one.
func withCards(t *testing.T, listener string) string {
	t.Helper()
	return "cardListener: " + listener + "\n" + replaced(t, "id: main", "id: main\n    rawCards: true")
}

func TestCardsAreTakenWhereListenerAndMerchantSaySo(t *testing.T) {
	w := tlsWorld(t)
	c := w.mustParse(t, withCards(t, "{listen: ':8443', certFile: own.pem, keyFile: own-key.pem}"))
	if c.Cards == nil || c.Cards.Listen != ":8443" || filepath.ToSlash(c.Cards.CertFile) != "etc/own.pem" ||
		filepath.ToSlash(c.Cards.KeyFile) != "etc/own-key.pem" || !c.Merchants[0].RawCards {
		t.Errorf("got %+v, %+v", c.Cards, c.Merchants[0])
	}
	for _, listen := range []string{"127.0.0.1:8443", "127.9.9.9:1", "[::1]:8443", "localhost:8443"} {
		c := w.mustParse(t, withCards(t, "{listen: '"+listen+"'}"))
		if c.Cards == nil || c.Cards.Listen != listen || c.Cards.CertFile != "" {
			t.Errorf("%s: got %+v", listen, c.Cards)
		}
	}
	accounts := "cardListener: {listen: '127.0.0.1:8443'}\n" + replaced(t, "id: main", "id: main\n    rawBankAccounts: true")
	if c := w.mustParse(t, accounts); c.Cards == nil || c.Merchants[0].RawCards || !c.Merchants[0].RawBankAccounts {
		t.Errorf("for accounts alone: %+v, %+v", c.Cards, c.Merchants[0])
	}
	if c := w.mustParse(t, minimal); c.Cards != nil || c.Merchants[0].RawCards || c.Merchants[0].RawBankAccounts {
		t.Errorf("by default: %+v, %+v", c.Cards, c.Merchants[0])
	}
}

func TestEachFaultOfTheCardListenerIsNamedWithItsPosition(t *testing.T) {
	const clear = ": cardListener.listen: takes card numbers from other machines in the clear; add certFile and keyFile, or listen on " +
		"127.0.0.1 or [::1], behind a proxy on this machine that ends TLS"
	w := tlsWorld(t)
	for _, row := range []struct{ name, text, want string }{
		{"switch without a listener", replaced(t, "id: main", "id: main\n    rawCards: true"),
			"3:15: merchants[0].rawCards: there is no cardListener, on which alone card numbers are taken; add one, or remove this line"},
		{"switch for accounts without a listener", replaced(t, "id: main", "id: main\n    rawBankAccounts: true"),
			"3:22: merchants[0].rawBankAccounts: there is no cardListener, on which alone numbers of bank accounts are taken; add one, or remove this line"},
		{"listener without a merchant", "cardListener: {listen: '127.0.0.1:8443'}\n" + minimal,
			"1:15: cardListener: no merchant has rawCards: true or rawBankAccounts: true, so it would take neither a card nor an account; set one of them, or remove the listener"},
		{"no address", withCards(t, "{}"), "1:15: cardListener.listen: is missing; expected host:port, such as 127.0.0.1:8080 or :8080"},
		{"every address in the clear", withCards(t, "{listen: ':8443'}"), "1:24" + clear},
		{"every IPv4 address in the clear", withCards(t, "{listen: '0.0.0.0:8443'}"), "1:24" + clear},
		{"every IPv6 address in the clear", withCards(t, "{listen: '[::]:8443'}"), "1:24" + clear},
		{"a private address in the clear", withCards(t, "{listen: '10.0.0.5:8443'}"), "1:24" + clear},
		{"a name in the clear", withCards(t, "{listen: 'cards.internal:8443'}"), "1:24" + clear},
		{"certificate without its key", withCards(t, "{listen: ':8443', certFile: own.pem}"), "1:43: cardListener.certFile: stands without keyFile"},
		{"key for everyone", withCards(t, "{listen: ':8443', certFile: own.pem, keyFile: open-key.pem}"),
			"1:61: cardListener.keyFile: etc/open-key.pem is open to everyone (mode 0644); run chmod 0600 on it, or mount it as 0440"},
		{"the public address", withCards(t, "{listen: '127.0.0.1:8080'}"),
			"1:24: cardListener.listen: is the address of listen or operatorListen; card numbers have a listener of their own"},
		{"the operator's address", withCards(t, "{listen: '127.0.0.1:9090'}"),
			"1:24: cardListener.listen: is the address of listen or operatorListen; card numbers have a listener of their own"},
		{"unknown member", withCards(t, "{listen: '127.0.0.1:8443', tls: true}"),
			"1:42: cardListener.tls: is not known here; known are listen, certFile, keyFile"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := w.parse(row.text)
			if want := "etc/gateway.yaml:" + row.want; err == nil || !strings.HasPrefix(filepath.ToSlash(err.Error()), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}
