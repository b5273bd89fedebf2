package main

import (
	"context"
	"fmt"
	"time"

	"paytrace-gateway/api/auth"
)

// openClients knows who may call: the clients of the configuration, and those
// that were added by command and are kept in the ledger.
func (a *app) openClients(ctx context.Context) (auth.Config, error) {
	keys, err := a.openKeys()
	if err != nil {
		return auth.Config{}, err
	}
	clients, err := configuredClients(a.cfg)
	if err != nil {
		return auth.Config{}, err
	}
	secret, err := gatewaySecret(a.cfg, clientSecretsKey)
	if err != nil {
		return auth.Config{}, err
	}
	modes := map[string]bool{}
	for _, m := range a.cfg.Merchants {
		modes[m.ID] = m.LiveMode
	}
	a.roster = auth.NewRoster(auth.RosterConfig{
		Store: a.ledger, Clients: clients, SecretKey: secret, Now: time.Now, Log: a.log,
		Serves: func(merchantID string, liveMode bool) bool {
			live, configured := modes[merchantID]
			return configured && live == liveMode
		},
	})
	if err := a.roster.Load(ctx); err != nil {
		return auth.Config{}, fmt.Errorf("clients: %w", err)
	}
	return auth.Config{Issuer: a.cfg.PublicURL, Lifetime: a.cfg.TokenLifetime, Keys: keys, Clients: clients, Now: time.Now}, nil
}
