package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
	"paytrace-gateway/sealing"
)

// Config is all that a Server needs. What stands below Operator may be nil.
type Config struct {
	Gateway  *gateway.Gateway
	Issuer   *auth.Issuer
	Verifier *auth.Verifier
	// Roster manages the clients that are kept in the ledger.
	Roster *auth.Roster
	// Secrets manages the credentials that are sealed in the ledger.
	Secrets *sealing.Keeper
	// People may log in; nil is nobody. Their browsers show the gateway's pages
	// under PublicURL.
	People    *auth.People
	PublicURL string
	// ClientAddressHeader is where a proxy on this machine says from whom a request
	// comes; empty without one.
	ClientAddressHeader string

	Log *slog.Logger
	Now func() time.Time
	// Operator adds the operator's paths to the public listener, which only
	// the demo does.
	Operator bool

	// Quotas counts the requests of the clients that have a limit of their own.
	// Quota tells a client's limit, and whether it has one.
	Quotas gateway.Quotas
	Quota  func(clientID string) (gateway.Quota, bool)

	// RawCards says of a merchant that its shoppers' cards are told in the clear,
	// on the listener for card data; nil is of none.
	RawCards func(merchantID string) bool
	// RawAccounts says the same of their bank accounts.
	RawAccounts func(merchantID string) bool

	// Metrics answers GET /metrics for the operator.
	Metrics http.Handler
	// Observe is told of every request that was answered. One that could not be
	// read as HTTP has neither route nor method.
	Observe func(route, method string, status int, took time.Duration)
	// Trace begins the span of a call under /api/v1 and returns what ends it.
	// The context goes on to the gateway.
	Trace func(ctx context.Context, traceparent, route string) (context.Context, func(status int))
	// Degraded names what payments go on without at the moment.
	Degraded func() []string
}

// Server is the HTTP side of the gateway.
type Server struct {
	gateway  *gateway.Gateway
	issuer   *auth.Issuer
	verifier *auth.Verifier
	roster   *auth.Roster
	secrets  *sealing.Keeper
	people   *auth.People
	origin   string
	log      *slog.Logger
	now      func() time.Time

	quotas   gateway.Quotas
	quota    func(string) (gateway.Quota, bool)
	rawCards func(string) bool
	// rawAccounts are told where cards are.
	rawAccounts func(string) bool

	metrics  http.Handler
	told     func(route, method string, status int, took time.Duration)
	trace    func(context.Context, string, string) (context.Context, func(int))
	degraded func() []string

	addressHeader string
	tenants       *tenants

	public   *fiber.App
	operator *fiber.App
	cards    *fiber.App
	mutual   *fiber.App
}

// The limits of a request. The slowest answer is the largest budget, so the
// write timeout stands above it.
const (
	bodyLimit    = 64 << 10
	headerLimit  = 16 << 10
	readTimeout  = 15 * time.Second
	writeTimeout = largestBudget + 10*time.Second
	idleTimeout  = 75 * time.Second
)

// New builds the server. It listens only when it is told to.
func New(c Config) *Server {
	s := &Server{
		gateway: c.Gateway, issuer: c.Issuer, verifier: c.Verifier, roster: c.Roster, secrets: c.Secrets, people: c.People, origin: originOf(c.PublicURL), log: c.Log, now: c.Now,
		addressHeader: c.ClientAddressHeader, tenants: newTenants(),
		quotas: c.Quotas, quota: c.Quota, rawCards: c.RawCards, rawAccounts: c.RawAccounts,
		metrics: c.Metrics, told: c.Observe, trace: c.Trace, degraded: c.Degraded,
	}
	if s.told == nil {
		s.told = func(string, string, int, time.Duration) {}
	}
	if s.degraded == nil {
		s.degraded = func() []string { return nil }
	}
	if s.rawCards == nil {
		s.rawCards = none
	}
	if s.rawAccounts == nil {
		s.rawAccounts = none
	}
	s.public, s.operator = s.app(heldCard), s.app(heldCard)
	s.cards, s.mutual = s.app(always), s.app(heldCard)
	s.cards.Server().ConnState = forgetRecords
	s.cardRoutes(s.cards)
	s.routes(s.public)
	s.routes(s.mutual)
	if c.Operator {
		s.operatorRoutes(s.public)
	}
	s.operatorRoutes(s.operator)
	return s
}

// app is one listener's side; forgotten says of which requests
// nothing may stay on their connection.
func (s *Server) app(forgotten func(*fiber.Ctx) bool) *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:               "paytrace-gateway",
		DisableStartupMessage: true,
		Immutable:             true,
		StrictRouting:         true,
		CaseSensitive:         true,
		BodyLimit:             bodyLimit,
		ReadBufferSize:        headerLimit,
		ReduceMemoryUsage:     true, // see tenants.go
		ReadTimeout:           readTimeout,
		WriteTimeout:          writeTimeout,
		IdleTimeout:           idleTimeout,
		ErrorHandler:          s.handleUnreadable,
		Network:               "tcp",
		// Nobody but a proxy on this machine is believed to name an address.
		ProxyHeader:             s.addressHeader,
		EnableTrustedProxyCheck: true,
		TrustedProxies:          []string{"127.0.0.1", "::1"},
		// fasthttp stops reading a multipart body at its last boundary and
		// takes what is left of it for the next request.
		DisablePreParseMultipartForm: true,
	})
	app.Server().CloseOnShutdown = true
	app.Server().NoDefaultServerHeader = true
	app.Server().Logger = quiet{}
	app.Server().Handler = s.refuseMethods(app)
	app.Use(forget(forgotten), s.observe, s.recoverPanic, refuseAmbiguity, refuseEncoding, guardAddress)
	return app
}

// quiet drops what fasthttp logs by itself: it quotes the bytes of requests
// that it could not parse.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// refuseMethods answers for methods that fiber does not know, which it would
// do by itself, in plain text and without a line in the log.
func (s *Server) refuseMethods(app *fiber.App) fasthttp.RequestHandler {
	handle := app.Server().Handler
	return func(request *fasthttp.RequestCtx) {
		if slices.Contains(fiber.DefaultMethods, string(request.Method())) {
			handle(request)
			return
		}
		c := app.AcquireCtx(request)
		defer app.ReleaseCtx(c)
		request.SetConnectionClose()
		_ = s.handleUnreadable(c, fiber.ErrMethodNotAllowed)
	}
}

// handleUnreadable answers and logs what never met the middleware, because it
// could not be parsed. Nothing of such a request is told in the log, and nothing
// is kept in memory: nobody knows what was in it.
func (s *Server) handleUnreadable(c *fiber.Ctx, err error) error {
	defer forgetAll(c)
	err = s.handleError(c, err)
	code, _ := c.Locals(localCode).(gateway.Code)
	s.log.Info("http.request", "requestId", requestID(c), "status", c.Response().StatusCode(), "code", code)
	s.told("", "", c.Response().StatusCode(), 0)
	return err
}

// handleError writes every refusal, those of the framework too.
func (s *Server) handleError(c *fiber.Ctx, err error) error {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		s.log.Error("http.failed", "requestId", requestID(c), "code", p.Code, "outcome", p.Outcome, "cause", causeOf(err))
	}
	return p.write(c)
}

// causeOf is what the log may know of a failure. Only the gateway's own errors
// are told in words: the text of others may hold a request's bytes.
func causeOf(err error) string {
	var ours *Problem
	var refused *gateway.Error
	switch {
	case errors.As(err, &ours):
		return ours.Detail
	case errors.As(err, &refused) && refused.Unwrap() != nil:
		return refused.Unwrap().Error()
	case errors.As(err, &refused):
		return refused.Message
	default:
		return fmt.Sprintf("%T", err)
	}
}

// Serve answers callers on the listener until Shutdown.
func (s *Server) Serve(l net.Listener) error { return s.public.Listener(forgetting{l, s.tenants}) }

// ServeCards answers callers who tell cards in the clear. TLS, if there is any,
// is the listener's, upon ForgetRecords.
func (s *Server) ServeCards(l net.Listener) error { return s.cards.Listener(forgetting{l, s.tenants}) }

// ServeMutual answers callers who prove themselves by a certificate: the listener
// is one of TLS that has verified it.
func (s *Server) ServeMutual(l net.Listener) error {
	return s.mutual.Listener(forgetting{l, s.tenants})
}

// ServeOperator answers the operator's paths on a listener of their own.
func (s *Server) ServeOperator(l net.Listener) error { return s.operator.Listener(l) }

// Shutdown takes no new connections and waits for the requests under way.
func (s *Server) Shutdown(ctx context.Context) error {
	var all error
	for _, app := range []*fiber.App{s.public, s.operator, s.cards, s.mutual} {
		all = errors.Join(all, app.ShutdownWithContext(ctx))
	}
	return all
}

// Handler is the public side for a test's own listener.
func (s *Server) Handler() fasthttp.RequestHandler { return s.public.Handler() }
