package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
	"paytrace-gateway/sealing"
)

// secretsDesk is where secrets are changed: the gateway that runs, or the ledger
// itself where none does, as before the first start.
type secretsDesk struct {
	cfg      *config.Config
	merchant config.Merchant
	running  *operator       // nil where none runs
	keeper   *sealing.Keeper // nil where one runs, or where there is no ledger to look into
	close    func()
}

// secretsDesk is for a command that changes secrets. Before the first start it makes
// the ledger.
func (f operatorFlags) secretsDesk(ctx context.Context, log io.Writer) (*secretsDesk, error) {
	return f.openDesk(ctx, func(cfg *config.Config) (*ledger.Ledger, error) {
		if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("dataDir: %w; name a folder that the gateway may write to", err)
		}
		lines, endLog := newLog(cfg.Log, log)
		defer endLog()
		return takeLedgerAsItIs(ctx, cfg, lines)
	})
}

// secretsLook is for a command that changes nothing.
func (f operatorFlags) secretsLook(ctx context.Context) (*secretsDesk, error) {
	return f.openDesk(ctx, func(cfg *config.Config) (*ledger.Ledger, error) { return lookIntoLedger(ctx, cfg) })
}

func (f operatorFlags) openDesk(ctx context.Context, open func(*config.Config) (*ledger.Ledger, error)) (*secretsDesk, error) {
	cfg, err := config.Load(*f.config, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	m, err := chooseMerchant(cfg, *f.merchant)
	if err != nil {
		return nil, err
	}
	d := &secretsDesk{cfg: cfg, merchant: m, close: func() {}}
	d.running, err = runningGateway(ctx, cfg, m, *f.address)
	if d.running != nil || err != nil {
		return d, err
	}
	if owner, another := ownedByAnother(cfg.DataDir); another {
		return nil, fmt.Errorf("no gateway runs, and the data folder %s belongs to user %d: what root makes there the gateway could not read; run the command as that user, with sudo -u '#%d'", cfg.DataDir, owner, owner)
	}
	l, err := open(cfg)
	if errors.Is(err, ledger.ErrNone) {
		return d, nil
	}
	if err != nil {
		return nil, fmt.Errorf("no gateway runs, and the ledger is not to be had: %w", err)
	}
	d.close = func() { l.Close() }
	if d.keeper, err = newKeeper(ctx, cfg, l, slog.New(slog.DiscardHandler)); err != nil {
		l.Close()
		return nil, err
	}
	return d, nil
}

// runningGateway is nil where there is none. One that has never run has no key
// to sign for it.
func runningGateway(ctx context.Context, cfg *config.Config, m config.Merchant, address string) (*operator, error) {
	o, err := operatorOf(cfg, m, address)
	if errors.Is(err, auth.ErrNoKeys) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list secretsSaid
	if err := o.call(ctx, secretsPath, nil, &list); errors.Is(err, errNoGateway) && address == "" {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return o, nil
}

func (d *secretsDesk) list(ctx context.Context) (list secretsSaid, err error) {
	if d.running != nil {
		return list, d.running.call(ctx, secretsPath, nil, &list)
	}
	if d.keeper == nil {
		return list, nil
	}
	known, err := d.keeper.List(ctx, d.merchant.ID, d.merchant.LiveMode)
	return d.said(known), err
}

func (d *secretsDesk) change(ctx context.Context, asked secretsAsked) (after secretsSaid, err error) {
	if d.running != nil {
		return after, d.running.call(ctx, secretsPath, asked, &after)
	}
	change := sealing.Change{
		Act: asked.Act, MerchantID: d.merchant.ID, LiveMode: d.merchant.LiveMode, KeyID: asked.SealingKeyID,
		OldFor: time.Duration(asked.OldForSeconds) * time.Second, By: gateway.Actor{Client: "operator:" + userName(), Person: asked.DecidedBy},
	}
	for _, s := range asked.Secrets {
		change.Secrets = append(change.Secrets, sealing.Drawn{Name: s.SecretName, Number: s.ValueNumber, Sealed: s.SealedValue})
	}
	known, err := d.keeper.Make(ctx, change)
	return d.said(known), err
}

// sealsUnder is an error where the gateway that runs has another newest key than
// the configuration: what it says is under the current key is under the one before,
// which must not be taken away yet.
func (d *secretsDesk) sealsUnder(ctx context.Context, current string) error {
	if d.running == nil {
		return nil
	}
	keys, err := sealingKeys(ctx, d.cfg.Sealing)
	if err != nil {
		return fmt.Errorf("whether the gateway seals under the configuration's newest key is not known: %w", err)
	}
	if len(keys) == 0 && current == "" || len(keys) > 0 && keys[0].ID() == current {
		return nil
	}
	return fmt.Errorf("the gateway that runs seals under the master key %s, which is not sealing.key of this configuration; "+
		"start every gateway again first, then reseal, and keep previousKey until then", cmp.Or(current, "(none)"))
}

// said is what a gateway would say.
func (d *secretsDesk) said(all []sealing.Known) secretsSaid {
	list := secretsSaid{SealingKeyID: d.keeper.CurrentKey()}
	for _, k := range all {
		s := secretSaid{SecretName: k.Name, SecretStatus: "active", UsedAt: k.UsedAt, LastValueNumber: k.LastNumber, CurrentKey: k.Current}
		if !k.RemovedAt.IsZero() {
			s.SecretStatus = "removed"
		}
		for _, v := range k.Values {
			if v.Good(time.Now()) {
				s.ValueCount++
				s.SetAt, s.SetBy = v.SetAt, v.SetBy
				if !v.Until.IsZero() {
					s.OldValueUntil = v.Until
				}
			}
		}
		list.Items = append(list.Items, s)
	}
	return list
}

// draw seals the values here: not even the gateway that runs is told one.
func (d *secretsDesk) draw(ctx context.Context, asked *secretsAsked, names, values []string) error {
	keys, err := sealingKeys(ctx, d.cfg.Sealing)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return errors.New("there is no sealing.key in the configuration; `openssl rand -base64 32` makes one")
	}
	list, err := d.list(ctx)
	if err != nil {
		return err
	}
	for i, name := range names {
		if err := d.fits(name, values[i]); err != nil {
			return err
		}
		number := int64(1)
		for _, s := range list.Items {
			if s.SecretName == name {
				number = s.LastValueNumber + 1
			}
		}
		place := sealing.Place{MerchantID: d.merchant.ID, LiveMode: d.merchant.LiveMode, Name: name, Number: number}
		drawn := secretDrawn{SecretName: name, ValueNumber: number}
		if asked.SealingKeyID, drawn.SealedValue, err = keys.Seal(place, values[i]); err != nil {
			return err
		}
		asked.Secrets = append(asked.Secrets, drawn)
	}
	return nil
}

// fits refuses what the gateway would, without having told anybody.
func (d *secretsDesk) fits(name, value string) error {
	if fault := sealing.Unfit(value); fault != "" {
		return fmt.Errorf("%s: %s", name, fault)
	}
	for _, s := range d.uses(name) {
		if fault := s.Fits(value); fault != "" {
			return fmt.Errorf("%s, which is used as %s: %s", name, s.Path, fault)
		}
	}
	return nil
}

func (d *secretsDesk) uses(name string) (all []config.Sealed) {
	for _, s := range d.cfg.Sealed {
		if s.MerchantID == d.merchant.ID && s.LiveMode == d.merchant.LiveMode && (name == "" || s.Name == name) {
			all = append(all, s)
		}
	}
	return all
}

// missing are the places of the configuration whose secret is not set.
func (d *secretsDesk) missing(list secretsSaid) (all []config.Sealed) {
	set := map[string]bool{}
	for _, s := range list.Items {
		set[s.SecretName] = s.ValueCount > 0
	}
	for _, s := range d.uses("") {
		if !set[s.Name] {
			all = append(all, s)
		}
	}
	return all
}

func (d *secretsDesk) printChanged(w io.Writer, act sealing.Act, after secretsSaid, given string) error {
	for _, s := range after.Items {
		var err error
		switch {
		case act == sealing.Remove:
			_, err = fmt.Fprintf(w, "%s is removed\n", s.SecretName)
		case act == sealing.Finish:
			_, err = fmt.Fprintf(w, "the old value of %s has ended\n", s.SecretName)
		case s.ValueCount > 1:
			_, err = fmt.Fprintf(w, "%s has its new value, and the old one signs beside it until %s; once everybody has the new one:\n  gateway secrets rotate %s --finish%s\n",
				s.SecretName, moment(s.OldValueUntil), s.SecretName, given)
		case d.running == nil:
			_, err = fmt.Fprintf(w, "%s is set; it is used from the next start on, and within 4 seconds by every gateway that runs on this ledger\n", s.SecretName)
		default:
			_, err = fmt.Fprintf(w, "%s is set; it is used now, and within 4 seconds by every other gateway on this ledger\n", s.SecretName)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
