package simulation

import (
	"context"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

// cardsKept is the part of the runs in which the vault is played, which takes
// them longer.
const cardsKept = 0.25

// cardsVerifiedFirst is the part of those in which a card is verified before it is
// kept.
const cardsVerifiedFirst = 0.4

// checksTaken is the part of the runs in which bank payments are played.
const checksTaken = 0.3

// cardsVerified is the part of the runs in which cards are verified.
const cardsVerified = 0.4

// merchantID is the one merchant of a run.
const merchantID = "main"

// world is everything of one run.
type world struct {
	dice
	faults   tally
	figures  figures
	record   record
	audience audience
	late     lateCommits
	calm     atomic.Bool // no faults
	pace     atomic.Pointer[pace]
	second   time.Time // when the second restless phase begins
	ledger   *ledger.Ledger
	claims   *sharedClaims
	payTrace *payTrace
	merchant gateway.Merchant
	auth     auth.Config
	bearer   string
	log      *slog.Logger
	slots    [2]*slot
	// keepsCards says that the vault is played in this run.
	keepsCards bool
	// takesChecks says that bank payments are played in this run.
	takesChecks bool
	// givesParts says that banks give parts of what is asked for in this run, and
	// namesParts that it is known where PayTrace tells them.
	givesParts, namesParts bool
	// verifiesCards says that cards are verified in this run.
	verifiesCards bool
	// resolved are the bank operations that the operator has decided.
	resolved []history.Resolved

	crashes atomic.Int32
	work    sync.WaitGroup // what has to end before the bubble does
}

// maxCrashes keeps a phase from being nothing but crashes.
const maxCrashes = 5

func newWorld(ctx context.Context, c Config) (*world, error) {
	w := &world{dice: dice{c.Seed}, log: c.Log, claims: newSharedClaims(time.Now), figures: newFigures()}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	l, err := ledger.OpenSQLite(ctx, filepath.Join(c.Dir, "ledger.db"), ledger.Options{AuditKey: gateway.AuditKey("of a simulation")})
	if err != nil {
		return nil, err
	}
	w.ledger, w.takesChecks = l, w.chance(checksTaken, "checks")
	if err := w.ledger.ApplyVault(ctx, gateway.VaultChange{Customer: shopperInVault(w.takesChecks)}); err != nil {
		return nil, err
	}
	w.payTrace = newPayTrace(c.Seed)
	w.merchant = gateway.Merchant{
		ID: merchantID, Currency: "USD", SendWindow: gateway.DefaultSendWindow, CallDeadline: gateway.DefaultCallDeadline,
		ProcessorUser: payTraceUser, WatchEvery: gateway.DefaultWatchEvery, WatchDays: gateway.DefaultWatchDays,
	}
	if w.chance(0.2, "row cap") {
		w.merchant.ExportRowCap = rowCap
	}
	if w.auth, w.bearer, err = credentials(ctx, c.SigningKey); err != nil {
		return nil, err
	}
	w.keepsCards, w.verifiesCards = w.chance(cardsKept, "vault"), w.chance(cardsVerified, "verifications")
	w.merchant.VerifyCards = w.keepsCards && w.chance(cardsVerifiedFirst, "verified first")
	w.givesParts, w.namesParts = w.chance(partsGiven, "parts"), w.chance(partsNamed, "named parts")
	w.pace.Store(&busyPace)
	for i := range w.slots {
		w.slots[i] = &slot{world: w, number: i}
		if err := w.slots[i].boot(); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// end stops everything that is still there, in the order of dependence.
func (w *world) end() error {
	for _, s := range w.slots {
		s.instance().stop()
	}
	w.work.Wait()
	w.payTrace.close()
	// fasthttp's workers notice that they have ended when they wake up.
	time.Sleep(fasthttpSleeps)
	return w.ledger.Close()
}

const fasthttpSleeps = 11 * time.Second

// customerID is the vault's customer, whose card PayTrace keeps.
const customerID = "cus_simulation"

// accountMethod is the customer's bank account, and accountProfile where PayTrace
// keeps it.
const accountMethod, accountProfile = "pm_account", "demo-account"

func shopperInVault(account bool) *gateway.VaultCustomer {
	c := &gateway.VaultCustomer{
		MerchantID: merchantID, ID: customerID, Version: 1,
		Methods: []gateway.VaultMethod{{
			ID: "pm_visa", ProfileID: "demo-visa", Default: true,
			Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"},
		}},
	}
	if account {
		c.Methods = append(c.Methods, gateway.VaultMethod{
			ID: accountMethod, ProfileID: accountProfile,
			Bank: gateway.BankSummary{LastFour: "8206", AccountType: gateway.Checking, HolderType: gateway.Personal},
		})
	}
	return c
}

const clientSecret = "secret-of-the-simulation"

// credentials are those of the one client that calls; its token outlives the
// run.
func credentials(ctx context.Context, key *rsa.PrivateKey) (auth.Config, string, error) {
	clients, err := auth.NewClients([]auth.Client{{
		ID: "shop", MerchantID: merchantID, Scopes: auth.Scopes{auth.PaymentsRead, auth.PaymentsWrite, auth.VaultRead, auth.VaultWrite},
		Channel: "simulation", SecretHash: auth.HashSecret(clientSecret),
	}})
	if err != nil {
		return auth.Config{}, "", err
	}
	keys, err := auth.NewKeys(key)
	if err != nil {
		return auth.Config{}, "", err
	}
	c := auth.Config{
		Issuer: "http://gateway.test", Lifetime: 30 * 24 * time.Hour, Keys: keys, Clients: clients, Now: time.Now,
	}
	granted, refused := auth.NewIssuer(c).Token(ctx, auth.TokenRequest{
		GrantType: "client_credentials", BasicID: "shop", BasicSecret: clientSecret,
	})
	if refused != nil {
		return c, "", fmt.Errorf("the simulation's client gets no token: %w", refused)
	}
	return c, granted.AccessToken, nil
}
