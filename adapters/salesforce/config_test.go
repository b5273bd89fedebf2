package salesforce

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"paytrace-gateway/adapters/mapping"
	"paytrace-gateway/gateway"
)

func good() Config {
	return Config{LoginURL: "https://example.my.salesforce.com", ClientID: clientID, ClientSecret: clientSecret}
}

func TestEveryFaultOfAConfigurationIsNamed(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"clientID":                   func(c *Config) { c.ClientID = "" },
		"neither a secret":           func(c *Config) { c.ClientSecret = "" },
		"not both":                   func(c *Config) { c.Username = "u" },
		"need the org's My Domain":   func(c *Config) { c.LoginURL = "https://login.salesforce.com" },
		"needs the user name":        func(c *Config) { byJWT(c); c.Username = "" },
		"needs the key":              func(c *Config) { byJWT(c); c.PrivateKey = "" },
		"an RSA key as PEM":          func(c *Config) { byJWT(c); c.PrivateKey = "-----BEGIN secret" },
		"1024 bits":                  func(c *Config) { byJWT(c); c.PrivateKey = keyPEM(small) },
		"must be https":              func(c *Config) { c.LoginURL = "http://example.my.salesforce.com" },
		"loginURL: must":             func(c *Config) { c.LoginURL, c.LiveMode = "http://127.0.0.1:1", true },
		"scheme and host alone":      func(c *Config) { c.LoginURL = "https://example.my.salesforce.com/services" },
		"apiVersion":                 func(c *Config) { c.APIVersion = "67" },
		"from v46.0 on":              func(c *Config) { c.APIVersion = "v45.0" },
		"object:":                    func(c *Config) { c.Object = "Payment__c/x" },
		"externalID:":                func(c *Config) { c.ExternalID = "1x" },
		"sequenceField:":             func(c *Config) { c.SequenceField = "a b" },
		"platformEvent:":             func(c *Config) { c.PlatformEvent = "Payment__c" },
		"tokenTimeout":               func(c *Config) { c.TokenTimeout = -1 },
		"no API name such as Amount": func(c *Config) { c.Rules.Fields = map[string]string{"a-b": "status"} },
		"is the external id":         func(c *Config) { c.Rules.Fields = map[string]string{"gatewaypaymentid__c": "status"} },
		"are one field": func(c *Config) {
			c.Rules.Fields = map[string]string{"amount__c": "number(capturedAmount)", "AMOUNT__c": "number(amount)"}
		},
		"field Id: cannot":        func(c *Config) { c.Rules.Fields = map[string]string{"Id": "status"} },
		"fields: field Amount__c": func(c *Config) { c.Rules.Fields = map[string]string{"Amount__c": "amout"} },
		"unknown name amout":      func(c *Config) { c.Rules.Fields = map[string]string{"Amount__c": "amout"} },
		`"paid" is no state`:      func(c *Config) { c.Rules.Statuses = map[gateway.Status]string{"paid": "Paid"} },
		"eventFields: field Status__c": func(c *Config) {
			c.PlatformEvent, c.EventFields = "Payment_Update__e", map[string]string{"Status__c": "state"}
		},
		"allowHosts[0]": func(c *Config) { c.AllowHosts = []string{"everything"} },
	} {
		c := good()
		change(&c)
		_, err := New(c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
		if err != nil && (strings.Contains(err.Error(), clientSecret) || strings.Contains(err.Error(), "BEGIN")) {
			t.Errorf("a secret is shown: %v", err)
		}
	}
	if _, err := New(good()); err != nil {
		t.Error(err)
	}
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	_, err := New(Config{LoginURL: "ftp://x", Object: "-", Rules: mapping.Rules{Fields: map[string]string{"A__c": "("}}})
	for _, want := range []string{"loginURL", "clientID", "clientSecret or privateKey", "object", "field A__c"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in: %v", want, err)
		}
	}
}

func TestNoSecretIsShown(t *testing.T) {
	secrets := []string{clientSecret, "PRIVATE KEY", keyPEM(testKey())[100:130]}
	c := good()
	c.PrivateKey = keyPEM(testKey())
	withKey := c
	c.PrivateKey = ""
	sink, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "config", withKey, "sink", sink)
	for _, shown := range []string{
		fmt.Sprint(withKey), fmt.Sprintf("%v %+v %#v %s", withKey, withKey, withKey, withKey), fmt.Sprintf("%+v", &withKey),
		fmt.Sprint(sink), fmt.Sprintf("%v %+v %#v", sink, sink, sink), fmt.Sprintf("%+v", *sink), logged.String(),
	} {
		for _, secret := range secrets {
			if strings.Contains(shown, secret) {
				t.Errorf("%q is in %s", secret, shown)
			}
		}
	}
}

// TestAnAnswerThatEchoesIsNotShown plants what was sent into what comes back.
func TestAnAnswerThatEchoesIsNotShown(t *testing.T) {
	const token = "00Dshort!tok"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == tokenPath && r.FormValue("client_secret") == clientSecret {
			fmt.Fprintf(w, `{"access_token":%q,"instance_url":"http://%s"}`, token, r.Host)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		said, _ := json.Marshal([]map[string]any{{"message": r.Header.Get("Authorization") + " " + clientSecret + " 4111 1111 1111 1111", "errorCode": token, "fields": []string{token}}})
		w.Write(said)
	}))
	defer server.Close()
	v := newSink(t, server.URL, newClock(), nil).Deliver(t.Context(), delivery(1))
	for _, secret := range []string{token, clientSecret, "4111"} {
		if v.Detail == "" || strings.Contains(v.Detail, secret) {
			t.Errorf("%s is in %s", secret, v.Detail)
		}
	}
}

func TestADefaultFieldIsReplacedInAnyCase(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"1.00":  func(c *Config) { c.Rules.Fields = map[string]string{"amount__c": `number("1.00")`} },
		"2":     func(c *Config) { c.SequenceField = "amount__c" },
		"<nil>": func(c *Config) { c.Rules.Fields = map[string]string{"amount__c": ""} },
		"none":  func(c *Config) { c.ExternalID = "amount__c" },
	} {
		c := good()
		change(&c)
		sink, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := sink.Preview(delivery(1).Event)
		if err != nil {
			t.Fatal(err)
		}
		fields := shown.(Preview).Fields
		if fields["Amount__c"] != nil || want != "none" && fmt.Sprint(fields["amount__c"]) != want {
			t.Errorf("want %s: it becomes %v", want, fields)
		}
	}
}

func TestADefaultFieldCanBeTheExternalID(t *testing.T) {
	c := good()
	c.ExternalID = "PaymentID__c"
	sink, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if shown, err := sink.Preview(delivery(1).Event); err != nil || shown.(Preview).Fields["PaymentID__c"] != nil {
		t.Errorf("it becomes %v, %v", shown, err)
	}
}
