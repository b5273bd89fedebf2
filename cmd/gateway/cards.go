package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/api"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// inScope is what an operator has to know who has card numbers come here.
const inScope = "this gateway receives card numbers: it, its machine and its network are in scope of PCI DSS, " +
	"which as a rule means SAQ D, or an assessment as a service provider; see docs/pci.md"

// accountsInScope is the same of whoever has the numbers of bank accounts come here.
const accountsInScope = "this gateway receives the numbers of bank accounts: Nacha's rules on the security of account numbers hold for it; see docs/pci.md"

// takesCards and takesAccounts say of a merchant what may be told in the clear.
func takesCards(m config.Merchant) bool    { return m.RawCards }
func takesAccounts(m config.Merchant) bool { return m.RawBankAccounts }

// among says of a merchant by its id whether it is one of those.
func among(cfg *config.Config, those func(config.Merchant) bool) func(merchantID string) bool {
	ids := rawMerchants(cfg, those)
	return func(merchantID string) bool { return slices.Contains(ids, merchantID) }
}

func (a *app) listenForCards() (err error) {
	c := a.cfg.Cards
	if c == nil {
		return nil
	}
	if a.cards, err = a.serveOn("cardListener.listen", c.Listen, aFewOfThem); err != nil {
		return err
	}
	a.onClose(func() { a.cards.Close() })
	if c.CertFile == "" {
		return nil
	}
	files := &servedTLS{
		listener: "cardListener", files: []string{c.CertFile, c.KeyFile}, now: time.Now, log: a.log,
		settings: func(texts [][]byte) (*tls.Config, error) {
			return serverTLS(c.CertFile, c.KeyFile, texts[0], texts[1])
		},
	}
	settings, err := files.open()
	if err != nil {
		return err
	}
	a.cards = tls.NewListener(api.ForgetRecords(a.cards), settings)
	return nil
}

func (a *app) warnOfCards() {
	a.log.Warn("cards.received", "listen", a.cards.Addr().String(), "tls", a.cfg.Cards.CertFile != "",
		"merchants", rawMerchants(a.cfg, takesCards), "bankAccounts", rawMerchants(a.cfg, takesAccounts), "consequence", scopeOf(a.cfg))
}

// scopeOf says what it means to take what this gateway takes.
func scopeOf(cfg *config.Config) string {
	var scopes []string
	if len(rawMerchants(cfg, takesCards)) > 0 {
		scopes = append(scopes, inScope)
	}
	if len(rawMerchants(cfg, takesAccounts)) > 0 {
		scopes = append(scopes, accountsInScope)
	}
	return strings.Join(scopes, "; ")
}

func rawMerchants(cfg *config.Config, those func(config.Merchant) bool) []string {
	var ids []string
	for _, m := range cfg.Merchants {
		if those(m) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// examineCards says whether this gateway is in scope of PCI DSS, or of Nacha's
// rules, by what it is configured to take.
func examineCards(_ context.Context, cfg *config.Config) gateway.Finding {
	f := gateway.Finding{Grade: gateway.Well, Tried: "card numbers", Found: "none are taken in the clear"}
	if cfg.Cards != nil {
		f.Grade = gateway.Doubtful
		f.Found = fmt.Sprintf("taken in the clear on %s (cards of merchants: %s; bank accounts of merchants: %s): %s", cfg.Cards.Listen,
			listed(rawMerchants(cfg, takesCards)), listed(rawMerchants(cfg, takesAccounts)), scopeOf(cfg))
		f.Mend = "if no caller needs it, remove cardListener, rawCards and rawBankAccounts; hosted fields keep card numbers away from the gateway"
	}
	return f
}

func listed(ids []string) string { return cmp.Or(strings.Join(ids, ", "), "none") }

// renewedBy is how long before its end a certificate is worth a word: one that
// renews itself has done it by then.
const renewedBy = 14 * 24 * time.Hour

// examineCertificate says until when the file's certificate is good, which a
// listener shows to its callers.
func examineCertificate(tried, listener, certFile, keyFile string, now time.Time) gateway.Finding {
	f := gateway.Finding{Grade: gateway.Well, Tried: tried}
	own, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		f.Grade, f.Found = gateway.Broken, certFile+" and "+keyFile+" cannot be used together as certificate and key"
		f.Mend = "mend certFile and keyFile of " + listener + "; the gateway would not start with them, and one that runs goes on with those that it has"
		return f
	}
	end := own.Leaf.NotAfter
	f.Found = certFile + " is good until " + end.UTC().Format(time.DateOnly)
	switch {
	case !end.After(now):
		f.Grade, f.Found = gateway.Broken, certFile+" has ended on "+end.UTC().Format(time.DateOnly)
		f.Mend = "renew it; no caller takes it any more. The gateway that runs takes the new one within two minutes"
	case end.Sub(now) < renewedBy:
		f.Grade, f.Mend = gateway.Doubtful, "renew it; after its end no caller takes it. The gateway that runs takes the new one within two minutes"
	}
	return f
}
