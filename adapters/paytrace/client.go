package paytrace

import (
	"context"
	"errors"
	"net/url"
	"sync/atomic"
	"time"

	"paytrace-gateway/gateway"
)

// The paths of PayTrace's API, version 1. All are POSTs.
const (
	tokenPath       = "/oauth/token"
	capturePath     = "/v1/transactions/authorization/capture"
	voidPath        = "/v1/transactions/void"
	refundPath      = "/v1/transactions/refund/for_transaction"
	exportIDPath    = "/v1/transactions/export/by_id"
	exportDatesPath = "/v1/transactions/export/by_date_range"
	clientKeyPath   = "/v1/payment_fields/token/create"
	// Each brand's enhanced data has an endpoint of its own.
	visaDataPath       = "/v1/level_three/visa"
	mastercardDataPath = "/v1/level_three/mastercard"
)

// chargePath is where a sale or an authorization by this payer goes. A card is
// verified by an authorization of nothing.
func chargePath(intent gateway.Intent, by payer) string {
	if intent != gateway.IntentSale {
		return "/v1/transactions/authorization/" + string(by)
	}
	return "/v1/transactions/sale/" + string(by)
}

// Client is one merchant's way to PayTrace. Its methods may be called
// concurrently. It works once Run runs.
type Client struct {
	config Config
	base   string
	zone   *time.Location
	// money carries what moves money, looks carries exports and requests for
	// tokens, forms what opens card forms: however many looks there are, a charge
	// finds a connection, and however many shoppers come, a look does.
	money, looks, forms *transport
	tokens              *keeper
	// password is what the next log-in is made with.
	password atomic.Pointer[string]
}

// New makes a client; the error names every fault of the configuration.
func New(config Config) (*Client, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	base, err := url.Parse(config.BaseURL)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(config.TimeZone)
	if err != nil {
		return nil, err
	}
	c := &Client{
		config: config,
		base:   base.Scheme + "://" + base.Host,
		zone:   zone,
		money:  newTransport(config, config.MaxConnections),
		looks:  newTransport(config, config.MaxLookConnections),
		forms:  newTransport(config, config.MaxConnections),
	}
	c.password.Store(&config.Password)
	c.tokens = newKeeper(c.fetchToken, config.LogIn, config.Now, config.Log)
	return c, nil
}

// Run keeps an access token at hand until ctx is done. Until it runs, every
// call waits for a token and is not sent.
func (c *Client) Run(ctx context.Context) {
	defer c.close()
	c.tokens.run(ctx)
}

// UsePassword makes the next log-in with another password, and has it made now.
// The token at hand is used until the new log-in has brought one, so that no
// payment waits for it; when PayTrace refuses the password, for as long as it
// lives.
func (c *Client) UsePassword(password string) error {
	if password == "" {
		return errors.New("password: the PayTrace API user's password is missing")
	}
	c.password.Store(&password)
	c.tokens.renew()
	return nil
}

func (c *Client) close() {
	c.money.close()
	c.looks.close()
	c.forms.close()
}

// fetchToken asks for an access token, once.
func (c *Client) fetchToken(ctx context.Context) (grant, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.TokenTimeout)
	defer cancel()
	password := *c.password.Load()
	return readGrant(c.looks.post(ctx, post{
		url:         c.base + tokenPath,
		contentType: "application/x-www-form-urlencoded; charset=UTF-8",
		body:        plainBody(grantForm(c.config.Username, password)),
		limit:       maxAnswer,
		secrets:     []string{password},
	}))
}

// send posts JSON with the token at hand. When PayTrace answers that it does
// not know the token, nothing was done: the request goes out once more with
// the next token. It never goes out a third time.
func (c *Client) send(ctx context.Context, over *transport, path string, body parcel, sendBefore time.Time, limit int64) reply {
	ctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	token, err := c.tokens.token(ctx, sendBefore)
	if err != nil {
		return reply{err: err}
	}
	p := post{
		url: c.base + path, contentType: "application/json", bearer: token,
		body: body, sendBefore: sendBefore, limit: limit, secrets: []string{*c.password.Load(), token},
	}
	answer := over.post(ctx, p)
	if !answer.refusesToken() {
		return answer
	}
	c.tokens.drop(token)
	if p.bearer, err = c.tokens.token(ctx, sendBefore); err != nil {
		return reply{err: err}
	}
	p.secrets = append(p.secrets, p.bearer)
	return over.post(ctx, p)
}
