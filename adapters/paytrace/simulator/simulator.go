package simulator

import (
	"crypto/rsa"
	"crypto/tls"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// The credentials of a simulator that was given none.
const (
	DefaultUsername     = "simulator@paytrace.test"
	DefaultPassword     = "simulator-password"
	DefaultIntegratorID = "simulator001"
)

// Options say how a simulator starts. The zero value works.
type Options struct {
	Username, Password, IntegratorID string

	// Now is the clock that POST /clock moves; time.Now when nil.
	Now func() time.Time
	// FirstTransactionID fixes the first id; without it the clock chooses.
	FirstTransactionID int64
	// StateFile, when set, is read by Load and kept up to date while serving.
	StateFile string
	// DemoCustomers adds the vault customers demo-visa, demo-mastercard, demo-amex
	// and demo-discover with the sandbox's test cards.
	DemoCustomers bool
	// Settings are the start values; DefaultSettings when nil.
	Settings *Settings
	// Seed makes the probabilities of the faults repeatable.
	Seed uint64
	// TLS, when set, makes Serve speak HTTPS on the API's listener.
	TLS *tls.Config
	// Log gets one line for each request; nothing is logged when nil.
	Log *slog.Logger
}

// Simulator is one PayTrace account. Its methods may be called concurrently.
type Simulator struct {
	options Options
	log     *slog.Logger

	mu       sync.Mutex
	settings Settings
	books    books
	indexes  indexes
	faults   faultSet
	history  history
	random   *rand.Rand

	privateKey *rsa.PrivateKey

	loaded  bool
	serving serving
	closing chan struct{}
	dirty   chan struct{}
}

// New makes a simulator; it answers once its handlers are served.
func New(options Options) *Simulator {
	options = options.withDefaults()
	s := &Simulator{
		options: options,
		log:     options.Log,
		closing: make(chan struct{}),
		dirty:   make(chan struct{}, 1),
	}
	first := options.FirstTransactionID
	if first == 0 {
		first = firstID(options.Now())
	}
	s.begin(newBooks(first))
	return s
}

func (o Options) withDefaults() Options {
	if o.Username == "" {
		o.Username = DefaultUsername
	}
	if o.Password == "" {
		o.Password = DefaultPassword
	}
	if o.IntegratorID == "" {
		o.IntegratorID = DefaultIntegratorID
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Settings == nil {
		defaults := DefaultSettings()
		o.Settings = &defaults
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return o
}

// begin starts afresh on the given books: no faults, no history, the settings
// of the start.
func (s *Simulator) begin(b books) {
	s.settings = s.options.Settings.copied()
	s.books = b
	s.books.SettlementDue = nextSettlement(s.now())
	s.indexes = newIndexes(&s.books)
	s.history = history{}
	_ = s.setFaults(FaultPlan{}) // An empty plan breaks no rule.
	s.seed(s.options.Seed)
	if s.options.DemoCustomers {
		s.addDemoCustomers()
	}
}

// reset forgets everything but the id counter, the logins and the encryption
// key: a merchant's clients stay logged in, and no id is ever issued twice.
func (s *Simulator) reset() {
	old := s.books
	b := newBooks(old.NextID)
	b.NextCustomerID, b.NextCheckID = old.NextCustomerID, old.NextCheckID
	b.EncryptionKey = old.EncryptionKey
	now := s.options.Now()
	for token, expires := range old.Tokens {
		// The clock goes back to the real one; a token keeps what was left of it.
		b.Tokens[token] = now.Add(expires.Sub(s.now()))
	}
	s.begin(b)
	s.changed()
}

// attended does something under the lock, as if somebody called the control
// port: a settlement that has come due is done first.
func attended[T any](s *Simulator, do func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	return do()
}

func (s *Simulator) seed(seed uint64) {
	s.random = rand.New(rand.NewPCG(seed, 0))
}

// API is PayTrace's side: /oauth/token and /v1. Connection faults need it to be
// served by net/http over HTTP/1.1; refusing connections needs Serve.
func (s *Simulator) API() http.Handler { return http.HandlerFunc(s.serveAPI) }
