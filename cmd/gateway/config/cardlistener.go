package config

import (
	"net"
	"slices"
)

// cardListener reads where cards and accounts may be told in the clear, nil when
// nowhere.
func (o object) cardListener() *CardListener {
	if !o.has("cardListener") {
		return nil
	}
	l := o.child("cardListener", "cardListener")
	listener := &CardListener{Listen: require(l, "listen", address)}
	listener.CertFile, listener.KeyFile = l.ownCertificate()
	if listener.Listen != "" && !l.has("certFile") && !l.has("keyFile") && !onThisMachine(listener.Listen) {
		l.fault("listen", "takes card numbers from other machines in the clear; add certFile and keyFile, or listen on "+
			"127.0.0.1 or [::1], behind a proxy on this machine that ends TLS")
	}
	return listener
}

// onThisMachine says that nobody on another machine can reach the address.
func onThisMachine(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isThisMachine(host)
}

// judgeCards holds the listener for card data against the merchants that it is
// for: neither is of use alone, and a card belongs on no other listener.
func (o object) judgeCards(c *Config) {
	wanted := slices.ContainsFunc(c.Merchants, func(m Merchant) bool { return m.RawCards || m.RawBankAccounts })
	switch {
	case c.Cards == nil:
		return // each merchant has been told
	case !wanted:
		o.fault("cardListener", "no merchant has rawCards: true or rawBankAccounts: true, so it would take neither a card nor an account; set one of them, or remove the listener")
	case c.Cards.Listen != "" && (c.Cards.Listen == c.Listen || c.Cards.Listen == c.OperatorListen):
		o.child("cardListener", "cardListener").fault("listen", "is the address of listen or operatorListen; card numbers have a listener of their own")
	}
}

// raw reads whether a merchant's cards, or its bank accounts, may be told in the
// clear.
func (o object) raw(name, taken string) bool {
	raw := read(o, name, truth, false)
	if raw && !o.r.cards {
		o.fault(name, "there is no cardListener, on which alone "+taken+"; add one, or remove this line")
	}
	return raw
}
