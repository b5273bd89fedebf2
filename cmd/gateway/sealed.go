package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
	"paytrace-gateway/sealing"
)

// openSecrets has the configuration's sealed secrets ask for what they are now.
func (a *app) openSecrets(ctx context.Context) (err error) {
	if a.secrets, err = newKeeper(ctx, a.cfg, a.ledger, a.log); err != nil {
		return err
	}
	if err := a.secrets.Load(ctx); err != nil {
		return err
	}
	a.cfg.Unseal(a.secrets.Values)
	return nil
}

// newKeeper is not loaded yet.
func newKeeper(ctx context.Context, cfg *config.Config, store gateway.SecretStore, log *slog.Logger) (*sealing.Keeper, error) {
	keys, err := sealingKeys(ctx, cfg.Sealing)
	if err != nil {
		return nil, err
	}
	var uses []sealing.Use
	for _, s := range cfg.Sealed {
		uses = append(uses, sealing.Use{
			MerchantID: s.MerchantID, LiveMode: s.LiveMode, Name: s.Name, Path: s.Path, Overlaps: s.Overlaps, Fits: s.Fits,
		})
	}
	return sealing.NewKeeper(sealing.Config{Store: store, Keys: keys, Uses: uses, Now: time.Now, Log: log}), nil
}

// sealingKeys are the master keys, the one that seals first.
func sealingKeys(ctx context.Context, s config.Sealing) (sealing.Keys, error) {
	var keys sealing.Keys
	for _, k := range []struct {
		path string
		config.SealingKey
	}{{"sealing.key", s.Key}, {"sealing.previousKey", s.PreviousKey}} {
		if k.IsZero() {
			continue
		}
		key, err := sealingKey(ctx, k.SealingKey)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.path, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func sealingKey(ctx context.Context, k config.SealingKey) (sealing.Key, error) {
	if len(k.Command) > 0 {
		return sealing.KeyFrom(ctx, k.Command)
	}
	return sealing.ParseKey(k.Secret.Reveal())
}

// unsealFromLedger is for commands that look at what the configuration leads to.
// They see the secrets as they are now.
func unsealFromLedger(ctx context.Context, cfg *config.Config) error {
	if len(cfg.Sealed) == 0 {
		return nil
	}
	l, err := lookIntoLedger(ctx, cfg)
	if err != nil {
		return fmt.Errorf("the sealed secrets cannot be read: %w", err)
	}
	defer l.Close()
	keeper, err := newKeeper(ctx, cfg, l, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	err = keeper.Load(ctx)
	cfg.Unseal(keeper.Values)
	return err
}

// examineSecrets unseals for the examinations that come after it.
func examineSecrets(ctx context.Context, cfg *config.Config) gateway.Finding {
	f := gateway.Finding{Grade: gateway.Well, Tried: "sealed secrets", Found: fmt.Sprintf("every place that takes one has it: %d", len(cfg.Sealed))}
	if err := unsealFromLedger(ctx, cfg); err != nil {
		f.Grade, f.Found = gateway.Broken, err.Error()
		f.Mend = "see docs/secrets.md; the gateway does not start without them, and what needs them cannot be looked at below"
	}
	return f
}
