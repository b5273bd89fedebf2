package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/cmd/gateway/config"
)

// operator calls the running gateway for the person at its machine. Whoever may
// read the signing key may decide, as whoever may read the ledger could.
type operator struct {
	merchant config.Merchant
	address  string
	token    string
	client   *http.Client
	// forgets is after how long what was told may be gone, 0 for never.
	forgets time.Duration
}

const (
	// operatorPatience is above the longest that the gateway takes for the
	// budget that a decision asks for.
	operatorPatience = 40 * time.Second
	operatorBudgetMs = "30000"
	// operatorReads bounds an answer; the longest is a settlement report as a table.
	operatorReads = 32 << 20
)

// operatorFlags are those of every command that calls the running gateway.
type operatorFlags struct {
	cmd                       *cobra.Command
	config, merchant, address *string
}

func addOperatorFlags(cmd *cobra.Command) operatorFlags {
	return operatorFlags{
		cmd: cmd, config: configFlag(cmd),
		merchant: cmd.Flags().String("merchant", "", "the merchant's id; needed where there are several"),
		address:  cmd.Flags().String("address", "", "where the gateway listens (default: as configured)"),
	}
}

// given repeats the flags that were given, for commands that are to be pasted.
func (f operatorFlags) given() string {
	var words strings.Builder
	for _, name := range []string{"config", "merchant", "address"} {
		if flag := f.cmd.Flags().Lookup(name); flag.Changed {
			words.WriteString(" --" + name + " " + shellWord(flag.Value.String()))
		}
	}
	return words.String()
}

// operator reads the configuration and makes a token for this call alone.
func (f operatorFlags) operator() (*operator, error) {
	cfg, err := config.Load(*f.config, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	m, err := chooseMerchant(cfg, *f.merchant)
	if err != nil {
		return nil, err
	}
	return operatorOf(cfg, m, *f.address)
}

// operatorOf calls the gateway at address, or where it listens as configured.
func operatorOf(cfg *config.Config, m config.Merchant, address string) (*operator, error) {
	keys, err := existingKeys(cfg)
	if err != nil {
		return nil, err
	}
	issuer := auth.NewIssuer(auth.Config{Issuer: cfg.PublicURL, Keys: keys, Now: time.Now})
	token, err := issuer.OperatorToken(userName(), m.ID, m.LiveMode)
	if err != nil {
		return nil, err
	}
	if address == "" {
		address = cfg.Listen
	}
	if address, err = reachable(address); err != nil {
		return nil, err
	}
	return &operator{
		merchant: m, address: address, token: token, forgets: cfg.Retention.Rules().Forgets(),
		// No proxy: the token is for this machine's gateway alone.
		client: &http.Client{Transport: &http.Transport{Proxy: nil}, Timeout: operatorPatience},
	}, nil
}

func chooseMerchant(cfg *config.Config, id string) (config.Merchant, error) {
	var ids []string
	for _, m := range cfg.Merchants {
		if m.ID == id || (id == "" && len(cfg.Merchants) == 1) {
			return m, nil
		}
		ids = append(ids, m.ID)
	}
	if id == "" {
		return config.Merchant{}, fmt.Errorf("--merchant: say which one: %s", strings.Join(ids, ", "))
	}
	return config.Merchant{}, fmt.Errorf("--merchant: there is no merchant %q; there are: %s", id, strings.Join(ids, ", "))
}

// userName is the name of who is logged in, in the characters that a name may
// have in a token.
func userName() string {
	name := "unknown"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._@-", r)) {
			return r
		}
		return '_'
	}, name)
	return name[:min(len(name), 64)]
}

// reachable is an address to call where a gateway listens on all of them.
func reachable(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", errors.New("--address: expected host:port")
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// call asks the gateway for something as JSON; a body makes it a POST.
func (o *operator) call(ctx context.Context, path string, body, into any) error {
	text, _, err := o.fetch(ctx, path, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("what answers at %s is no gateway; name the gateway's address with --address", o.address)
	}
	return nil
}

// fetch is call, of an answer as it came.
func (o *operator) fetch(ctx context.Context, path string, body any) ([]byte, http.Header, error) {
	method, content := http.MethodGet, []byte(nil)
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return nil, nil, err
		}
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+o.address+path, bytes.NewReader(content))
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+o.token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-Timeout-Ms", operatorBudgetMs)
	answer, err := o.client.Do(request)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, nil, fmt.Errorf("%w at %s; start it, or name its address with --address", errNoGateway, o.address)
	case err != nil:
		return nil, nil, unsureError{fmt.Errorf("the gateway at %s does not answer: %w", o.address, err)}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, operatorReads+1))
	switch {
	case err != nil:
		return nil, nil, unsureError{fmt.Errorf("the gateway at %s broke off its answer: %w", o.address, err)}
	case len(text) > operatorReads:
		return nil, nil, fmt.Errorf("the answer of the gateway at %s has more than %d MiB; ask for less", o.address, operatorReads>>20)
	case answer.StatusCode >= http.StatusInternalServerError:
		return nil, nil, unsureError{o.refusal(answer.StatusCode, text)}
	case answer.StatusCode != http.StatusOK:
		return nil, nil, o.refusal(answer.StatusCode, text)
	}
	return text, answer.Header, nil
}

// unsureError is of a call that may have been carried out all the same.
type unsureError struct{ error }

func (e unsureError) Unwrap() error { return e.error }

// errNoGateway is said where nothing listens.
var errNoGateway = errors.New("no gateway runs")

// manyPages bounds a list that nobody could read to its end anyhow.
const (
	manyPages = 10
	pageSize  = 100
)

// readList is a page of a list, or all of it.
type readList[T any] struct {
	Items      []T
	NextCursor string
	HasMore    bool
	// SeenThroughAt is how old the list is that tells of PayTrace's books.
	SeenThroughAt time.Time
}

// pages reads a list to its end, or says that it gave up before. It is as old as
// its first page.
func pages[T any](ctx context.Context, o *operator, path string, query url.Values) (all readList[T], err error) {
	query.Set("pageSize", strconv.Itoa(pageSize))
	for n := range manyPages {
		var page readList[T]
		if err := o.call(ctx, path+"?"+query.Encode(), nil, &page); err != nil {
			return readList[T]{}, err
		}
		if n == 0 {
			all.SeenThroughAt = page.SeenThroughAt
		}
		all.Items, all.HasMore = append(all.Items, page.Items...), page.HasMore
		if !page.HasMore {
			break
		}
		query.Set("cursor", page.NextCursor)
	}
	return all, nil
}

// refusal puts a problem into words for a person.
func (o *operator) refusal(status int, text []byte) error {
	if status == http.StatusUnauthorized {
		return fmt.Errorf("the gateway at %s does not take a token signed with this configuration's key: it runs with another "+
			"configuration, or the clocks differ", o.address)
	}
	var problem struct{ Detail, Code, RequestID string }
	if json.Unmarshal(text, &problem) != nil || problem.Code == "" {
		return fmt.Errorf("what answers at %s is no gateway (status %d); name the gateway's address with --address", o.address, status)
	}
	return fmt.Errorf("%s (%s, %s)", plain(problem.Detail), problem.Code, problem.RequestID)
}
