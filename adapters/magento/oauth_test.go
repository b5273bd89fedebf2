package magento

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// The vectors were made with the code of Magento's own servers, of which three
// variants agree on them.
func TestSignaturesAreThoseOfMagentosOwnCode(t *testing.T) {
	const tail = "_0123456789abcdef0123456789abcd"
	s := signer{"ck" + tail, "cs" + tail, "at" + tail, "as" + tail}
	search := append(filter(0, "increment_id", "000000123"), pair{"searchCriteria[pageSize]", "2"})
	for _, vector := range []struct {
		method, url string
		query       []pair
		want        string
	}{
		{"GET", "https://shop.example.com/rest/V1/orders", search, "MfHM1kEzcK7yD934Bnc94u2g49tSD3/R2QaxTuDbyAQ="},
		{"POST", "https://shop.example.com/rest/V1/order/42/invoice", nil, "snK4CNWcoxHYQCzUtVci5hr1ZYl+DVuXihrSnkYSPZg="},
	} {
		header := s.authorization(vector.method, vector.url, vector.query, "0123456789abcdef0123456789abcdef", time.Unix(1700000000, 0))
		if !strings.HasPrefix(header, `OAuth oauth_consumer_key="ck`+tail+`", oauth_nonce="0123`) || !strings.Contains(header, `oauth_signature="`+encode(vector.want)+`"`) {
			t.Errorf("%s %s: %s, want signature %s", vector.method, vector.url, header, vector.want)
		}
	}
	const want = "?searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bfield%5D=increment_id" +
		"&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=000000123" +
		"&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bcondition_type%5D=eq&searchCriteria%5BpageSize%5D=2"
	if got := rawQuery(search); got != want {
		t.Errorf("the query is %s, want %s", got, want)
	}
}

func TestEveryRequestHasANonceOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		n := newNonce()
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(n) || seen[n] {
			t.Fatalf("nonce %q", n)
		}
		seen[n] = true
	}
}

// What the servers sign differently is never sent.
func TestAllThatIsSignedIsReadAlikeByEveryVersion(t *testing.T) {
	var strange []string
	h := newHouse(t, WayCore, magentotest.Options{Stores: map[string]int64{"default": 1}}, func(c *Config) { c.Stores = map[string]int64{"default": 1} })
	p := h.charged(gateway.KindSale, gateway.StatusApproved, "EU-000.1_~")
	p.StoreCode = "default"
	h.place(p)
	h.tell(p)
	pair := regexp.MustCompile(`^(%5B|%5D|[A-Za-z0-9_])+=[A-Za-z0-9._~-]+$`)
	for _, call := range h.shop.History() {
		if strings.Contains(call.Path, "%") {
			strange = append(strange, call.Path)
		}
		for _, q := range strings.Split(call.Query, "&") {
			if q != "" && !pair.MatchString(q) || regexp.MustCompile(`%5B\d\d`).MatchString(q) {
				strange = append(strange, q)
			}
		}
	}
	if len(strange) > 0 || len(h.shop.History()) < 8 {
		t.Errorf("of %d calls these are signed differently: %q", len(h.shop.History()), strange)
	}
}

func TestAnOrderNumberThatCannotBeSignedIsNotSent(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	v := h.deliver(h.event(h.charged(gateway.KindSale, gateway.StatusApproved, "EU/1 2")))
	if v.Outcome != gateway.Dead || !strings.Contains(v.Detail, "signed differently") && !strings.Contains(v.Detail, "sign differently") {
		t.Errorf("%s: %s", v.Outcome, v.Detail)
	}
	p := h.charged(gateway.KindSale, gateway.StatusApproved, "Invoice #7")
	p.Channel = "salesforce"
	h.tell(p)
	if n := len(h.shop.History()); n > 0 {
		t.Errorf("%d requests", n)
	}
}

// Behind a proxy that ends TLS, the address that is dialled is not the one that
// Magento takes itself for.
func TestTheSigningAddressIsApartFromTheOneThatIsDialled(t *testing.T) {
	shop := magentotest.New(magentotest.Options{Address: "https://shop.example.com"})
	server := httptest.NewServer(shop)
	defer server.Close()
	for signing, want := range map[string]gateway.DeliveryOutcome{"https://shop.example.com": gateway.Told, "": gateway.Later} {
		config := configFor(server.URL, WayCore)
		config.SigningURL = signing
		sink, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		h := &house{t: t, shop: shop, sink: sink, now: time.Now()}
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "")
		p.ID += fmt.Sprint(len(signing))
		p.OrderID = h.place(p)
		v := h.deliver(h.event(p))
		if v.Outcome != want {
			t.Errorf("signed for %q: %s (%s)", signing, v.Outcome, v.Detail)
		}
		if want == gateway.Later && !strings.Contains(v.Detail, "signingURL") {
			t.Errorf("the detail does not name the setting: %s", v.Detail)
		}
	}
}

func TestEachFaultOfTheCredentialsIsToldAsWhatItIs(t *testing.T) {
	other := strings.Repeat("x", 32)
	for name, fault := range map[string]struct {
		change func(*Config)
		status int
		say    string
	}{
		"wrong consumer secret": {func(c *Config) { c.ConsumerSecret = other }, 401, "a secret is wrong"},
		"wrong token secret":    {func(c *Config) { c.AccessTokenSecret = other }, 401, "a secret is wrong"},
		"unknown token":         {func(c *Config) { c.AccessToken = other }, 401, "copy it anew"},
		"unknown consumer":      {func(c *Config) { c.ConsumerKey = other }, 401, "the consumer key is not"},
		"a clock that is ahead": {func(c *Config) { c.Now = func() time.Time { return noon.Add(11 * time.Minute) } }, 401, "clock"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, WayCore, magentotest.Options{}, fault.change)
			v := h.deliver(h.event(h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")))
			if v.Outcome != gateway.Later || v.StatusCode != fault.status || !strings.Contains(v.Detail, fault.say) {
				t.Errorf("%s %d: %s", v.Outcome, v.StatusCode, v.Detail)
			}
		})
	}
}

// A proxy that drops the header makes of a signed request what a bare bearer
// token is too: a guest.
func TestADroppedHeaderIsAGuest(t *testing.T) {
	shop := magentotest.New(magentotest.Options{Module: true})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer at0123456789abcdef0123456789abcd")
		shop.ServeHTTP(w, r)
	}))
	defer server.Close()
	sink, err := New(configFor(server.URL, WayModule))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, shop: shop, sink: sink, now: noon}
	v := h.deliver(h.event(h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")))
	if v.Outcome != gateway.Later || !strings.Contains(v.Detail, magentotest.RightModule) || !strings.Contains(v.Detail, "Authorization header") {
		t.Errorf("%s: %s", v.Outcome, v.Detail)
	}
}
