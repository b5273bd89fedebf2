package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"paytrace-gateway/api"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// inScope is what an operator has to know who has card numbers come here.
const inScope = "this gateway receives card numbers: it, its machine and its network are in scope of PCI DSS, " +
	"which is assessed by SAQ D or as a service provider; see docs/pci.md"

// rawCardsOf says of a merchant whether its cards may be told in the clear.
func rawCardsOf(cfg *config.Config) func(merchantID string) bool {
	raw := map[string]bool{}
	for _, m := range cfg.Merchants {
		raw[m.ID] = m.RawCards
	}
	return func(merchantID string) bool { return raw[merchantID] }
}

func (a *app) listenForCards() (err error) {
	c := a.cfg.Cards
	if c == nil {
		return nil
	}
	if a.cards, err = listenOn("cardListener.listen", c.Listen); err != nil {
		return err
	}
	a.onClose(func() { a.cards.Close() })
	if c.CertFile == "" {
		return nil
	}
	own, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return fmt.Errorf("cardListener: %s and %s cannot be used together as certificate and key", c.CertFile, c.KeyFile)
	}
	a.cards = tls.NewListener(api.ForgetRecords(a.cards), &tls.Config{
		Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	})
	return nil
}

func (a *app) warnOfCards() {
	a.log.Warn("cards.received", "listen", a.cards.Addr().String(), "tls", a.cfg.Cards.CertFile != "",
		"merchants", rawMerchants(a.cfg), "consequence", inScope)
}

func rawMerchants(cfg *config.Config) []string {
	var ids []string
	for _, m := range cfg.Merchants {
		if m.RawCards {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// examineCards says whether this gateway is in scope of PCI DSS by what it is
// configured to take.
func examineCards(_ context.Context, cfg *config.Config) gateway.Finding {
	f := gateway.Finding{Grade: gateway.Well, Tried: "card numbers", Found: "none are taken in the clear"}
	if cfg.Cards != nil {
		f.Grade = gateway.Doubtful
		f.Found = fmt.Sprintf("taken in the clear on %s (merchants: %s): %s", cfg.Cards.Listen, strings.Join(rawMerchants(cfg), ", "), inScope)
		f.Mend = "if no caller needs it, remove cardListener and rawCards; hosted fields keep card numbers away from the gateway"
	}
	return f
}
