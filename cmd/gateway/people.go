package main

import (
	"context"
	"fmt"
	"time"

	"paytrace-gateway/adapters/oidc"
	"paytrace-gateway/api/auth"
)

// openPeople knows who may log in.
func (a *app) openPeople(ctx context.Context) error {
	key, err := gatewaySecret(a.cfg, sessionsKey)
	if err != nil {
		return err
	}
	merchants := map[string]bool{}
	for _, m := range a.cfg.Merchants {
		merchants[m.ID] = m.LiveMode
	}
	people := auth.PeopleConfig{Store: a.ledger, Merchants: merchants, Key: key, Now: time.Now, Log: a.log}
	if c := a.cfg.Operators.OIDC; c != nil {
		people.Provider = oidc.New(oidc.Config{
			Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), RedirectURL: a.cfg.PublicURL + "/sessions/oidc/callback",
			RoleClaim: c.RoleClaim, Roles: c.Roles, Now: time.Now,
		})
	}
	a.people = auth.NewPeople(people)
	if err := a.people.Load(ctx); err != nil {
		return fmt.Errorf("operators: %w", err)
	}
	return nil
}
