package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"paytrace-gateway/egress"
)

const (
	tokenPath = "/services/oauth2/token"
	dataPath  = "/services/data/"
)

// The limits of what is read: a token's answer, that to 200 records, and the
// description of an object, of which one with hundreds of fields is long.
const (
	maxTokenAnswer = 64 << 10
	maxAnswer      = 1 << 20
	maxDescription = 16 << 20
)

// client is the only one that knows addresses.
type client struct {
	config Config
	door   *egress.Door
	grant  *grant
	tokens *keeper
	usage  gauge
}

func newClient(config Config) (*client, error) {
	door, err := config.door()
	if err != nil {
		return nil, err
	}
	g, err := newGrant(config)
	if err != nil {
		return nil, err
	}
	c := &client{config: config, door: door, grant: g}
	c.tokens = &keeper{fetch: c.logIn, now: config.Now, timeout: config.TokenTimeout}
	return c, nil
}

// reply is what came of a request: an answer, or the error for which there is
// none.
type reply struct {
	what   string // what was tried, for a person
	answer egress.Answer
	err    error
}

// upsertOne writes one record, by its external id in the address.
func (c *client) upsertOne(ctx context.Context, r record) reply {
	return c.send(ctx, "upsert of "+c.config.Object+" "+r.id, http.MethodPatch,
		"/sobjects/"+c.config.Object+"/"+c.config.ExternalID+"/"+url.PathEscape(r.id), r.fields)
}

// upsertAll writes several records in one call, which counts as one.
func (c *client) upsertAll(ctx context.Context, records []record) reply {
	return c.send(ctx, "upsert of several "+c.config.Object, http.MethodPatch,
		"/composite/sobjects/"+c.config.Object+"/"+c.config.ExternalID, collectionOf(records, c.config.Object, c.config.ExternalID))
}

// publish publishes a platform event.
func (c *client) publish(ctx context.Context, fields map[string]any) reply {
	return c.send(ctx, "publishing of "+c.config.PlatformEvent, http.MethodPost, "/sobjects/"+c.config.PlatformEvent+"/", fields)
}

// publishAll publishes several in one call.
func (c *client) publishAll(ctx context.Context, all []map[string]any) reply {
	address := dataPath + c.config.APIVersion + "/sobjects/" + c.config.PlatformEvent + "/"
	return c.send(ctx, "publishing of several "+c.config.PlatformEvent, http.MethodPost, "/composite", compositeOf(address, all))
}

// describe asks what the integration user sees of an object or an event.
func (c *client) describe(ctx context.Context, object string) reply {
	return c.send(ctx, "description of "+object, http.MethodGet, "/sobjects/"+object+"/describe", nil)
}

// readOwner asks what the vault's field of a record holds. A query tells a record
// that is not there from an object or a field that is not; the last three characters
// of an id repeat the others.
func (c *client) readOwner(ctx context.Context, o owner) reply {
	query := "SELECT " + c.config.CustomerVaultField + ", SystemModstamp FROM " + o.object + " WHERE Id = '" + o.id[:sameRecord] + "'"
	return c.send(ctx, "look at "+o.object+" "+o.id, http.MethodGet, "/query?q="+url.QueryEscape(query), nil)
}

// updateOwner writes into a record that is there and, if a time is given, has not
// changed since. Unlike an upsert, it makes none.
func (c *client) updateOwner(ctx context.Context, o owner, fields map[string]any, unchangedSince string) reply {
	var header http.Header
	if unchangedSince != "" {
		header = http.Header{"If-Unmodified-Since": {unchangedSince}}
	}
	return c.sendWith(ctx, header, "update of "+o.object+" "+o.id, http.MethodPatch, "/sobjects/"+o.object+"/"+url.PathEscape(o.id), fields)
}

// send sends a request once. When the session is refused, nothing was done: it
// goes out once more with the next session, and never a third time.
func (c *client) send(ctx context.Context, what, method, path string, body any) reply {
	return c.sendWith(ctx, nil, what, method, path, body)
}

func (c *client) sendWith(ctx context.Context, header http.Header, what, method, path string, body any) reply {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return reply{what: what, err: errors.New("the record cannot be written as JSON")}
		}
	}
	s, err := c.tokens.session(ctx)
	if err != nil {
		return reply{what: what, err: err}
	}
	answer, err := c.once(ctx, s, header, method, path, encoded)
	if err != nil || !sessionExpired(answer) {
		return reply{what: what, answer: answer, err: err}
	}
	c.tokens.drop(s)
	if s, err = c.tokens.session(ctx); err != nil {
		return reply{what: what, err: err}
	}
	answer, err = c.once(ctx, s, header, method, path, encoded)
	if err == nil && sessionExpired(answer) {
		c.tokens.drop(s)
	}
	return reply{what: what, answer: answer, err: err}
}

func (c *client) once(ctx context.Context, s session, header http.Header, method, path string, body []byte) (egress.Answer, error) {
	if err := ctx.Err(); err != nil {
		return egress.Answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, method, s.base+dataPath+c.config.APIVersion+path, bytes.NewReader(body))
	if err != nil {
		return egress.Answer{}, errors.New("the address of the org cannot be used")
	}
	// Without GetBody net/http has nothing to send a second time.
	request.GetBody = nil
	maps.Copy(request.Header, header)
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", "application/json; charset=UTF-8")
	request.Header.Set("Accept", "application/json")
	limit := int64(maxAnswer)
	if method == http.MethodGet {
		limit = maxDescription
	}
	answer, err := c.door.Send(request, limit)
	if err == nil {
		c.usage.note(answer.Header.Get("Sforce-Limit-Info"), c.config.Now())
		if answer.Status >= 300 && answer.Status < 400 && answer.Status != http.StatusMultipleChoices {
			// The org has moved; the next log-in says where.
			c.tokens.drop(s)
		}
	}
	return answer, err
}

// logIn asks for a session, once.
func (c *client) logIn(ctx context.Context) (session, error) {
	form, err := c.grant.form(c.config.Now())
	if err != nil {
		return session{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.config.LoginURL+tokenPath, strings.NewReader(form.Encode()))
	if err != nil {
		return session{}, errors.New("loginURL cannot be used")
	}
	request.GetBody = nil
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	answer, err := c.door.Send(request, maxTokenAnswer)
	if err != nil {
		return session{}, &absence{words: "no access token: " + err.Error()}
	}
	return sessionOf(answer, c.config.LoginURL, c.words, c.config.Now())
}

// escape is how JSON writes what would not be taken for part of a number.
var escape = regexp.MustCompile(`\\(?:u[0-9A-Fa-f]{4}|.)`)

// minSecret is the least that the secret part of a token has.
const minSecret = 16

// words makes a foreign text fit for a person, also one in JSON that nobody has
// decoded.
func (c *client) words(text string) string {
	for _, secret := range c.tokens.secrets() {
		text = strings.ReplaceAll(text, secret, "[token]")
		// A token is the org's id, "!", which may come back in another spelling,
		// and the secret itself.
		if _, itself, ok := strings.Cut(secret, "!"); ok && len(itself) >= minSecret {
			text = strings.ReplaceAll(text, itself, "[token]")
		}
	}
	return c.door.Words(escape.ReplaceAllString(text, " "))
}

// retryAfter is how long the answer asks to wait.
func (c *client) retryAfter(a egress.Answer) time.Duration { return a.RetryAfter(c.config.Now()) }

// sessionExpired says whether the session was refused, in whatever words: behind
// a proxy, Salesforce's own do not always come through.
func sessionExpired(a egress.Answer) bool { return a.Status == http.StatusUnauthorized }
