package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/adapters/telemetry"
	"paytrace-gateway/api"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
	"paytrace-gateway/sealing"
)

// dueEvery is how often the gateway asks for work that is due.
const dueEvery = 2 * time.Second

// watchEvery is how often it asks whether an export is due to be read.
const watchEvery = 5 * time.Second

// compareEvery is how often it asks whether stored cards are due to be compared.
const compareEvery = 30 * time.Second

// retainEvery is how often it asks whether it is its turn to let go of what is
// finished.
const retainEvery = time.Minute

// app is a gateway with everything it stands on. What is opened is closed in
// the opposite order; each thing's end is registered the moment it exists.
type app struct {
	cfg     *config.Config
	log     *slog.Logger
	ledger  *ledger.Ledger
	clients map[string]*paytrace.Client // by merchant id
	logIns  map[string]*guard.Breaker   // by merchant id
	guards  map[string]*guard.Guard     // by merchant id
	desk    desk
	roster  *auth.Roster
	keys    *auth.KeyFolder // nil when the keys are named one by one
	secrets *sealing.Keeper
	people  *auth.People
	gauges  *telemetry.Telemetry
	gateway *gateway.Gateway
	server  *api.Server

	public   net.Listener
	operator net.Listener // nil when it shares the public one
	cards    net.Listener // nil when no card is taken in the clear
	mutual   net.Listener // nil when no caller is asked for a certificate

	closers []func()
}

// open makes everything ready, listening included, or says what to do.
func open(ctx context.Context, cfg *config.Config, log *slog.Logger) (_ *app, err error) {
	a := &app{cfg: cfg, log: log, clients: map[string]*paytrace.Client{}, logIns: map[string]*guard.Breaker{}}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("dataDir: %w; name a folder that the gateway may write to", err)
	}
	if a.ledger, err = takeLedger(ctx, cfg, log); err != nil {
		return nil, err
	}
	a.onClose(func() { a.closeLedger() })
	secret, err := gatewaySecret(cfg, fingerprintKey)
	if err != nil {
		return nil, err
	}
	if err := a.openSecrets(ctx); err != nil {
		return nil, err
	}
	instance := instanceName()
	if err := a.openTelemetry(instance); err != nil {
		return nil, err
	}
	if err := a.openDesk(); err != nil {
		return nil, err
	}
	if err := a.connect(); err != nil {
		return nil, err
	}
	subscribers, err := a.openSubscribers()
	if err != nil {
		return nil, err
	}
	a.gateway = gateway.New(gateway.Config{
		Ledger: a.ledger, Merchants: merchantsOf(cfg), Processors: a.processors(),
		Secret: secret, Instance: instance, Now: time.Now, Log: log, MaxInFlight: cfg.MaxInFlight,
		Claims: a.desk.claims, Observer: a.gauges.Observer(), Subscribers: subscribers, Retention: cfg.Retention.Rules(),
		Filer: filerOf(cfg),
	})
	if err := a.gateway.Subscribe(ctx); err != nil {
		return nil, err
	}
	if err := a.recordStart(ctx); err != nil {
		return nil, err
	}
	access, err := a.openClients(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.openPeople(ctx); err != nil {
		return nil, err
	}
	a.server = api.New(api.Config{
		Gateway: a.gateway, Issuer: auth.NewIssuer(access), Verifier: auth.NewVerifier(access), Roster: a.roster, Secrets: a.secrets, Log: log, Now: time.Now,
		People: a.people, PublicURL: cfg.PublicURL, ClientAddressHeader: cfg.ClientAddressHeader,
		Operator: cfg.OperatorListen == cfg.Listen,
		RawCards: among(cfg, takesCards), RawAccounts: among(cfg, takesAccounts),
		Quotas: a.desk.quotas, Quota: access.Clients.Quota, Degraded: a.desk.degraded,
		Metrics: a.gauges.Handler(), Observe: a.gauges.Request, Trace: a.gauges.Span,
	})
	a.watchFigures()
	return a, a.listen()
}

func (a *app) onClose(f func()) { a.closers = append(a.closers, f) }

func (a *app) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
}

func (a *app) closeLedger() {
	if err := a.ledger.Close(); err != nil {
		a.log.Error("ledger.close", "error", err)
	}
}

// connect makes a client for every merchant. It does not wait for PayTrace: a
// shop's requests are told `not_sent` until PayTrace can be reached.
func (a *app) connect() error {
	a.logIns = map[string]*guard.Breaker{}
	for _, m := range a.cfg.Merchants {
		a.logIns[m.ID] = guard.NewLogIn(guardConfig(m, a.log))
		settings := clientConfig(m, a.log)
		settings.LogIn = a.logIns[m.ID]
		client, err := paytrace.New(settings)
		if err != nil {
			return fmt.Errorf("merchant %s: %w", m.ID, err)
		}
		a.background(client.Run)
		a.clients[m.ID] = client
		a.whenRotated(m, []config.Secret{m.PayTrace.Password}, func() error { return client.UsePassword(m.PayTrace.Password.Reveal()) })
	}
	return nil
}

// background runs something until the app closes, and waits for its end then.
func (a *app) background(work func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	a.onClose(func() { cancel(); <-done })
}

// processors puts a guard before each merchant's client.
func (a *app) processors() map[string]gateway.Processor {
	processors := map[string]gateway.Processor{}
	a.guards = map[string]*guard.Guard{}
	for _, m := range a.cfg.Merchants {
		settings := guardConfig(m, a.log)
		settings.LogIn = a.logIns[m.ID]
		a.guards[m.ID] = guard.New(a.clients[m.ID], settings)
		processors[m.ID] = a.guards[m.ID]
	}
	return processors
}

func (a *app) listen() (err error) {
	if a.public, err = a.serveOn("listen", a.cfg.Listen, mostFiles); err != nil {
		return err
	}
	a.onClose(func() { a.public.Close() })
	if err := a.listenForCards(); err != nil {
		return err
	}
	if err := a.listenMutually(); err != nil {
		return err
	}
	if a.cfg.OperatorListen == a.cfg.Listen {
		return nil
	}
	if a.operator, err = a.serveOn("operatorListen", a.cfg.OperatorListen, aFewOfThem); err != nil {
		return err
	}
	a.onClose(func() { a.operator.Close() })
	return nil
}

// run serves until ctx is done, then stops in order: no new operations, those
// under way land, the ledger is closed.
func (a *app) run(ctx context.Context) error {
	defer a.close()
	a.background(func(ctx context.Context) { a.gateway.RunDue(ctx, dueEvery) })
	a.background(func(ctx context.Context) { a.gateway.RunWatch(ctx, watchEvery) })
	a.background(func(ctx context.Context) { a.gateway.RunComparison(ctx, compareEvery) })
	a.background(func(ctx context.Context) { a.gateway.RunTelling(ctx, tellEvery) })
	a.background(func(ctx context.Context) { a.gateway.RunRetention(ctx, retainEvery) })
	a.background(func(ctx context.Context) { a.gateway.RunSettlementFiles(ctx, fileEvery) })
	a.background(a.roster.Run)
	if a.keys != nil {
		a.background(a.keys.Run)
	}
	a.background(a.secrets.Run)
	a.background(a.people.Run)

	failed := make(chan error, 4)
	go func() { failed <- a.server.Serve(a.public) }()
	if a.operator != nil {
		go func() { failed <- a.server.ServeOperator(a.operator) }()
	}
	if a.mutual != nil {
		go func() { failed <- a.server.ServeMutual(a.mutual) }()
	}
	if a.cards != nil {
		go func() { failed <- a.server.ServeCards(a.cards) }()
		a.warnOfCards()
	}
	a.log.Info("gateway.started", "version", version, "listen", a.public.Addr().String(), "merchants", len(a.cfg.Merchants))
	select {
	case <-ctx.Done():
	case err := <-failed:
		return errors.Join(fmt.Errorf("serving ended: %w", err), a.stop())
	}
	return a.stop()
}

func (a *app) stop() error {
	a.log.Info("gateway.stopping", "patience", a.cfg.StopTimeout.String())
	ctx, cancel := context.WithTimeout(context.Background(), a.cfg.StopTimeout)
	defer cancel()
	landed := a.gateway.Stop(ctx)
	if err := a.server.Shutdown(ctx); err != nil {
		a.log.Warn("gateway.connections_cut", "error", err)
	}
	if landed != nil {
		return landed
	}
	a.log.Info("gateway.stopped")
	return nil
}

func instanceName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "gateway"
	}
	var b [4]byte
	rand.Read(b[:])
	return host + "-" + hex.EncodeToString(b[:])
}
