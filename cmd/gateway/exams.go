package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/adapters/redis"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// What the doctor looks at. What a subscriber or PayTrace is looked at for is
// in their adapters.

// ownExams are those of the gateway itself, which its merchants share.
func ownExams(cfg *config.Config) []exam {
	one := func(examine func(context.Context) gateway.Finding) exam {
		return exam{examine: func(ctx context.Context) []gateway.Finding { return []gateway.Finding{examine(ctx)} }}
	}
	exams := []exam{
		one(func(ctx context.Context) gateway.Finding { return examineRunning(ctx, cfg.OperatorListen) }),
		one(func(ctx context.Context) gateway.Finding { return examineLedger(ctx, cfg) }),
		{examine: func(ctx context.Context) []gateway.Finding { return examineSecretOfLedger(ctx, cfg) }},
		{examine: func(ctx context.Context) []gateway.Finding { return examineClockOfLedger(ctx, cfg) }},
		one(func(ctx context.Context) gateway.Finding { return examineRedis(ctx, cfg.Redis) }),
		one(func(ctx context.Context) gateway.Finding { return examineCards(ctx, cfg) }),
	}
	if cfg.Cards != nil && cfg.Cards.CertFile != "" {
		exams = append(exams, one(func(context.Context) gateway.Finding {
			return examineCertificate("card certificate", "cardListener", cfg.Cards.CertFile, cfg.Cards.KeyFile, time.Now())
		}))
	}
	if cfg.Mutual != nil {
		exams = append(exams, one(func(context.Context) gateway.Finding {
			return examineCertificate("TLS certificate", "tlsListener", cfg.Mutual.CertFile, cfg.Mutual.KeyFile, time.Now())
		}))
	}
	if cfg.SettlementFolder != "" {
		exams = append(exams, one(func(context.Context) gateway.Finding { return examineSettlementFolder(cfg) }))
	}
	return exams
}

// examineRunning asks the gateway that runs with this configuration, if one
// does. None is no fault: a doctor is asked before the first start, too.
func examineRunning(ctx context.Context, address string) gateway.Finding {
	f := gateway.Finding{Grade: gateway.Well, Tried: "readiness"}
	degraded, err := askReady(ctx, address)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Grade, f.Found, f.Mend = gateway.Doubtful, "no gateway runs at "+address, "start it with gateway serve; the rest was looked at without it"
	case err != nil:
		f.Grade, f.Found, f.Mend = gateway.Broken, address+": "+err.Error(), "look at the log of the gateway, and at operatorListen"
	case len(degraded) > 0:
		f.Grade, f.Found = gateway.Doubtful, fmt.Sprintf("%s is ready, and goes on without %s", address, strings.Join(degraded, ", "))
		f.Mend = "see what is said of it below; docs/operating.md has what goes on without it"
	default:
		f.Found = address + " is ready"
	}
	return f
}

func examineLedger(ctx context.Context, cfg *config.Config) gateway.Finding {
	if url := cfg.Ledger.Postgres.Reveal(); url != "" {
		return ledger.ExaminePostgres(ctx, url)
	}
	if found, mend := examineLoss(cfg); found != "" {
		return gateway.Finding{Grade: gateway.Broken, Tried: "ledger", Found: found, Mend: mend}
	}
	return ledger.ExamineSQLite(cfg.Ledger.SQLite)
}

// examineClockOfLedger has nothing to compare with where the ledger is a file.
func examineClockOfLedger(ctx context.Context, cfg *config.Config) []gateway.Finding {
	if cfg.Ledger.Postgres.IsZero() {
		return nil
	}
	return ledger.ExamineClock(ctx, cfg.Ledger.Postgres.Reveal(), time.Now)
}

// examineRedis writes what every running gateway writes each few seconds, a key
// that lasts for one.
func examineRedis(ctx context.Context, c config.Redis) gateway.Finding {
	f := gateway.Finding{Grade: gateway.Well, Tried: "Redis", Found: "none is configured: claims and quotas are each gateway's own"}
	if !c.Enabled() {
		return f
	}
	fault := func(err error) gateway.Finding {
		f.Grade, f.Found = gateway.Broken, err.Error()
		f.Mend = "mend it, or redis in the configuration; payments go on without it, and each gateway counts quotas by itself"
		return f
	}
	settings, err := redisConfig(c)
	if err != nil {
		return fault(err)
	}
	settings.Log = slog.New(slog.DiscardHandler)
	client, err := redis.Open(settings)
	if err != nil {
		return fault(err)
	}
	defer client.Close()
	if err := client.Ready(ctx); err != nil {
		return fault(err)
	}
	f.Found = strings.Join(settings.Addrs, ", ") + " took a small write"
	return f
}

// merchantExams are those of a merchant: PayTrace, and everyone who is told.
// What they opened is closed by the function that is returned.
func merchantExams(cfg *config.Config, m config.Merchant, log *slog.Logger) (exams []exam, end func()) {
	alone := *cfg
	alone.Merchants = []config.Merchant{m}
	a := &app{cfg: &alone, log: log}
	if client, err := paytrace.New(clientConfig(m, log)); err != nil {
		exams = append(exams, exam{examine: unusable("PayTrace", err)})
	} else {
		exams = append(exams, exam{examine: client.Examine})
	}
	subscribers, err := a.openSubscribers()
	if err != nil {
		exams = append(exams, exam{examine: unusable("callbacks", err)})
	}
	for _, s := range subscribers {
		if sink, ok := s.Sink.(gateway.Examiner); ok {
			exams = append(exams, exam{name: s.Name, examine: sink.Examine})
		}
	}
	exams = append(exams,
		exam{examine: func(ctx context.Context) []gateway.Finding { return examineChannel(ctx, cfg, m) }},
		exam{examine: func(ctx context.Context) []gateway.Finding { return examineOwed(ctx, cfg, m) }})
	return exams, a.close
}

// examineChannel asks the gateway that runs for the shop's own client: by its
// channel the shop's captures, voids and refunds are told from a stranger's. Those
// that were added by command are in the ledger alone, so where no gateway runs
// nothing can be said; one that does not answer is spoken of elsewhere.
func examineChannel(ctx context.Context, cfg *config.Config, m config.Merchant) []gateway.Finding {
	shop := m.Callbacks.Magento
	if shop == nil {
		return nil
	}
	o, err := operatorOf(cfg, m, "")
	if err != nil {
		return nil
	}
	var list struct{ Items []apiClient }
	if err := o.call(ctx, clientsPath, nil, &list); err != nil {
		return nil
	}
	if slices.ContainsFunc(list.Items, func(c apiClient) bool { return c.Channel == shop.Channel && c.ClientStatus != "revoked" }) {
		return nil
	}
	return []gateway.Finding{{
		Grade: gateway.Doubtful, Tried: config.MagentoName + " channel",
		Found: fmt.Sprintf("no client of the merchant has the channel %s, so what the shop captures, voids and refunds itself is taken for somebody else's, and told to it once more", shop.Channel),
		Mend:  fmt.Sprintf("give the shop's client the channel: channel: %s in the file, or gateway clients add ID --channel %s; or name the client's own under callbacks: magento: channel", shop.Channel, shop.Channel),
	}}
}

// examineOwed asks the gateway that runs whom it owes something though nobody
// has it in a configuration. Where none runs there is nobody to ask, as is said
// of its readiness already.
func examineOwed(ctx context.Context, cfg *config.Config, m config.Merchant) []gateway.Finding {
	o, err := operatorOf(cfg, m, "")
	if err != nil {
		return nil
	}
	var list struct{ Items []subscriber }
	err = o.call(ctx, subscribersPath, nil, &list)
	if errors.Is(err, errNoGateway) {
		return nil
	}
	if err != nil {
		return []gateway.Finding{{Grade: gateway.Doubtful, Tried: "deliveries", Found: err.Error(), Mend: "look at the log of the gateway"}}
	}
	var found []gateway.Finding
	for _, s := range list.Items {
		if s.SubscriberStatus == "not_configured" {
			found = append(found, gateway.Finding{
				Grade: gateway.Doubtful, Tried: s.Subscriber + " deliveries",
				Found: fmt.Sprintf("it is in no configuration, and owed %d deliveries, %d of them dead letters", s.PendingCount+s.DeadCount, s.DeadCount),
				Mend: "put it back under its name, and it is told; or give up what it is owed: gateway callbacks skip --subscriber " + shellWord(s.Subscriber) + " --note WHY; " +
					"until then its payments are not archived, and their customers not erased",
			})
		}
	}
	return found
}

// unusable is a configuration that cannot even be begun with.
func unusable(tried string, err error) func(context.Context) []gateway.Finding {
	return func(context.Context) []gateway.Finding {
		return []gateway.Finding{{Grade: gateway.Broken, Tried: tried, Found: err.Error(), Mend: "mend the configuration; the gateway does not start with it"}}
	}
}
