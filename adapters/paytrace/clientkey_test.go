package paytrace

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

const goodKey = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"

func TestAClientKeyIsAskedForAndComesWithItsScript(t *testing.T) {
	for base, script := range map[string]string{
		"https://api.paytrace.com":          "https://protect.paytrace.com/js/protect.min.js",
		"https://api.sandbox.paytrace.com/": "https://protect.sandbox.paytrace.com/js/protect.min.js",
		"http://127.0.0.1:1":                "",
	} {
		if got := newClient(t, base).config.HostedFieldsScript; got != script {
			t.Errorf("the script that belongs to %s is %q", base, got)
		}
	}
	f := newFake(t, always(200, `{"clientKey":"`+goodKey+`"}`))
	c := f.client(t, func(config *Config) { config.HostedFieldsScript = "http://127.0.0.1:2/protect.js" })
	got, err := c.ClientKey(context.Background())
	if err != nil || got != (gateway.ClientKey{Key: goodKey, ScriptURL: "http://127.0.0.1:2/protect.js"}) {
		t.Errorf("%+v, %v", got, err)
	}
	if s := f.seen()[0]; s.path != "/v1/payment_fields/token/create" || s.body != `{"integrator_id":"integr"}` {
		t.Errorf("asked %s with %s", s.path, s.body)
	}
}

func TestWhatIsAClientKeyAndWhatIsNot(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		body        string
		given       bool
		credentials bool
	}{
		"the key alone":                   {200, `{"clientKey":"` + goodKey + `"}`, true, false},
		"created":                         {201, `{"clientKey":"` + goodKey + `"}`, true, false},
		"with what other answers have":    {200, `{"success":true,"response_code":1,"status_message":"x","clientKey":"` + goodKey + `"}`, true, false},
		"no success":                      {200, `{"success":false,"response_code":1,"clientKey":"` + goodKey + `"}`, false, false},
		"with an error":                   {200, `{"errors":{"59":["x"]},"clientKey":"` + goodKey + `"}`, false, false},
		"no key":                          {200, `{}`, false, false},
		"an empty key":                    {200, `{"clientKey":""}`, false, false},
		"a key that is no text":           {200, `{"clientKey":7}`, false, false},
		"a key with a line break":         {200, `{"clientKey":"` + goodKey + `\nx"}`, false, false},
		"a refusal by its status":         {403, `{"clientKey":"` + goodKey + `"}`, false, false},
		"a redirect":                      {302, `{"clientKey":"` + goodKey + `"}`, false, false},
		"PayTrace down":                   {503, `{"clientKey":"` + goodKey + `"}`, false, false},
		"down, with a refusal":            {503, `{"success":false,"response_code":1,"errors":{"999":["x"]}}`, false, false},
		"no JSON":                         {200, goodKey, false, false},
		"a second reading":                {200, `{"clientKey":"a","clientKey":"` + goodKey + `"}`, false, false},
		"the right is missing":            {400, `{"success":false,"response_code":1,"errors":{"999":["Log in failed for insufficient permissions."]}}`, false, true},
		"another integrator":              {200, `{"success":false,"response_code":1,"errors":{"971":["Please provide a valid integrator_id."]}}`, false, true},
		"a token refused over and over":   {401, staleToken, false, true},
		"a number that nobody knows":      {400, `{"success":false,"response_code":1,"errors":{"4711":["x"]}}`, false, false},
		"no such page, in Rails' fashion": {404, `{"status":404,"error":"Not Found"}`, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, always(c.status, c.body))
			got, err := f.client(t).ClientKey(context.Background())
			if (err == nil) != c.given || (err == nil) != (got.Key == goodKey) || errors.Is(err, gateway.ErrCredentials) != c.credentials {
				t.Errorf("%+v, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), goodKey) {
				t.Errorf("the error holds the key: %v", err)
			}
		})
	}
}

func TestARefusedLogInIsTheOperatorsForAClientKeyToo(t *testing.T) {
	f := newFake(t, always(200, `{}`))
	f.token = say(401, `{"error":"invalid_grant"}`)
	if _, err := f.client(t).ClientKey(context.Background()); !errors.Is(err, gateway.ErrCredentials) {
		t.Error(err)
	}
}

// Shoppers come in crowds, and whatever PayTrace does to them, a lost payment
// must still be found.
func TestShoppersNeverTakeTheConnectionsThatLooksAndChargesNeed(t *testing.T) {
	entered, release := make(chan struct{}, 1), make(chan struct{})
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch r.URL.Path {
		case clientKeyPath:
			entered <- struct{}{}
			<-release
			say(200, `{"clientKey":"`+goodKey+`"}`)(w, r)
		case exportIDPath:
			say(200, string(readFile(t, "export.json")))(w, r)
		default:
			say(200, goodSale)(w, r)
		}
	})
	f.Start()
	c := newClient(t, f.URL, func(config *Config) { config.MaxConnections, config.MaxLookConnections = 1, 1 })
	giveToken(c)
	given := make(chan error)
	go func() {
		_, err := c.ClientKey(context.Background())
		given <- err
	}()
	<-entered // The shopper holds the connection until it is released.
	_, looked := c.Transaction(context.Background(), "79388123")
	got := c.Charge(context.Background(), sale())
	close(release)
	if err := <-given; err != nil || looked != nil {
		t.Errorf("the key: %v; the look: %v", err, looked)
	}
	mustBe(t, got, gateway.Approved)
}
