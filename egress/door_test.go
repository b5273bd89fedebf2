package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func newDoor(t *testing.T, config Config) *Door {
	t.Helper()
	d, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func isRefused(err error) bool {
	var refused *Refused
	return errors.As(err, &refused)
}

// receiver counts what reaches it.
func receiver(t *testing.T, answer http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server, &asked
}

func post(t *testing.T, address string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// send does what a sink does: it reads the address, then sends.
func send(t *testing.T, d *Door, address string) error {
	u, err := d.ParseURL(address)
	if err != nil {
		return err
	}
	_, err = d.Send(&http.Request{Method: http.MethodPost, URL: u, Header: http.Header{}, Body: http.NoBody}, 10)
	return err
}

func TestEveryTrickIsRefusedWithItsKind(t *testing.T) {
	server, asked := receiver(t, nil)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	dns := &names{answers: map[string][]string{
		"localhost":             {"127.0.0.1"},
		"localhost.example.com": {"127.0.0.1"},
		"metadata.example.com":  {"169.254.169.254"},
		"private.example.com":   {"10.0.0.5 192.168.1.1"},
		"six.example.com":       {"::1 fd00::1"},
		"nat64.example.com":     {"64:ff9b::7f00:1"},
		"mapped.example.com":    {"::ffff:127.0.0.1"},
		"zero.example.com":      {"0.0.0.0"},
		"both.example.com":      {"127.0.0.1 ::1"},
	}}
	// PORT is that of a server on loopback, which must not be reached.
	for trick, want := range map[string]string{
		"http://127.0.0.1:PORT/":                                     "loopback",
		"http://127.1.2.3:PORT/":                                     "loopback",
		"http://0.0.0.0:PORT/":                                       "this machine",
		"http://[::1]:PORT/":                                         "loopback",
		"http://[::]:PORT/":                                          "unspecified",
		"http://[0:0:0:0:0:0:0:1]:PORT/":                             "loopback",
		"http://[::ffff:127.0.0.1]:PORT/":                            "v4-mapped",
		"http://[::ffff:7f00:1]:PORT/":                               "v4-mapped",
		"http://[::127.0.0.1]:PORT/":                                 "v4-compatible",
		"http://[64:ff9b::127.0.0.1]:PORT/":                          "NAT64",
		"http://[2002:7f00:1::]:PORT/":                               "6to4",
		"http://[fe80::1%25lo]:PORT/":                                "link-local",
		"http://[fd00:ec2::254]/latest/meta-data/":                   "unique local",
		"http://169.254.169.254/latest/meta-data/":                   "metadata",
		"http://100.100.100.200/latest/meta-data/":                   "carrier-grade NAT",
		"http://2130706433:PORT/":                                    "four decimal numbers",
		"http://0x7f000001:PORT/":                                    "four decimal numbers",
		"http://0x7F.0.0.0x1:PORT/":                                  "four decimal numbers",
		"http://0177.0.0.1:PORT/":                                    "four decimal numbers",
		"http://017700000001:PORT/":                                  "four decimal numbers",
		"http://127.1:PORT/":                                         "four decimal numbers",
		"http://127.0.0.1.:PORT/":                                    "four decimal numbers",
		"http://0:PORT/":                                             "four decimal numbers",
		"http://127.0.0.256:PORT/":                                   "four decimal numbers",
		"http://127.0.0.01:PORT/":                                    "four decimal numbers",
		"http://１２７.0.0.1:PORT/":                                     "no name in DNS",
		"http://①②⑦.0.0.1:PORT/":                                     "no name in DNS",
		"http://127。0。0。1:PORT/":                                     "no name in DNS",
		"http://loca\u200blhost:PORT/":                               "no name in DNS",
		"http://localhost:PORT/":                                     "loopback",
		"http://localhost.:PORT/":                                    "loopback",
		"http://localhost.example.com:PORT/":                         "loopback",
		"http://localhost.example.com.:PORT/":                        "loopback",
		"http://metadata.example.com/":                               "metadata",
		"http://private.example.com/":                                "private",
		"http://six.example.com:PORT/":                               "is refused",
		"http://nat64.example.com:PORT/":                             "NAT64",
		"http://mapped.example.com:PORT/":                            "loopback",
		"http://zero.example.com:PORT/":                              "is refused",
		"http://both.example.com:PORT/":                              "loopback",
		"http://user:hunter2hunter2@127.0.0.1:PORT/":                 "credentials",
		"http://hooks.example.com@127.0.0.1:PORT/":                   "credentials",
		"http://127.0.0.1:PORT#@hooks.example.com/":                  "fragment",
		"http://hooks.example.com:22/":                               "a port below 1024",
		"http://hooks.example.com:25/":                               "a port below 1024",
		"http://hooks.example.com:0/":                                "port",
		"http://hooks.example.com:65536/":                            "port",
		"http://hooks.example.com:six/":                              "no URL",
		"file:///etc/passwd":                                         "scheme",
		"file://localhost/etc/passwd":                                "scheme",
		"gopher://127.0.0.1:6379/_FLUSHALL":                          "scheme",
		"ftp://127.0.0.1/":                                           "scheme",
		"dict://127.0.0.1:11211/stats":                               "scheme",
		"unix:///var/run/docker.sock":                                "scheme",
		"javascript:alert(1)":                                        "scheme",
		"data:text/plain,hello":                                      "scheme",
		"//127.0.0.1:PORT/":                                          "scheme",
		"127.0.0.1:PORT":                                             "no URL",
		"http:127.0.0.1":                                             "no host",
		"http:///etc/passwd":                                         "no host",
		"http://:PORT/":                                              "no host",
		"http://127.0.0.1\\@hooks.example.com/":                      "no URL",
		"http://hooks.example.com\r\nHost: 127.0.0.1/":               "no URL",
		"http://%31%32%37.0.0.1:PORT/":                               "no URL",
		"http://" + strings.Repeat("a.", 130) + "example.com/":       "longer than",
		"\x00http://127.0.0.1/":                                      "no URL",
		"https://127.0.0.1:PORT/?url=https://hooks.example.com":      "loopback",
		"https://10.0.0.5/hooks?token=hunter2hunter2":                "private",
		"https://hooks.example.com:2375/../@127.0.0.1:hunter2hunter": "DNS does not know",
	} {
		d := newDoor(t, Config{Resolver: dns.resolver(t)})
		err := send(t, d, strings.ReplaceAll(trick, "PORT", port))
		switch {
		case err == nil:
			t.Errorf("%s was let through", trick)
		case !strings.Contains(err.Error(), want):
			t.Errorf("%s is refused with %q, want %q", trick, err, want)
		case isRefused(err) && !strings.Contains(err.Error(), hostsSetting) && !strings.Contains(want, "decimal"):
			t.Errorf("%s is refused without the setting that would allow it: %v", trick, err)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s is refused with more of it than its host: %v", trick, err)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests reached a server on loopback", n)
	}
}

// The name led to a public address when it was looked at, and leads to this
// machine when it is dialled.
func TestANameThatIsReboundIsRefusedAtTheDial(t *testing.T) {
	server, asked := receiver(t, nil)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	dns := &names{answers: map[string][]string{"hooks.example.com": {"93.184.216.34", "127.0.0.1"}}}
	d := newDoor(t, Config{Resolver: dns.resolver(t)})
	first, err := d.config.Resolver.LookupHost(t.Context(), "hooks.example.com")
	if err != nil || first[0] != "93.184.216.34" {
		t.Fatal(first, err)
	}
	err = send(t, d, "http://hooks.example.com:"+port)
	var refused *Refused
	if !errors.As(err, &refused) || refused.Address.String() != "127.0.0.1" || asked.Load() > 0 {
		t.Fatalf("%v after %d requests", err, asked.Load())
	}
	want := "hooks.example.com:" + port + " leads to 127.0.0.1 and is refused: that is a loopback address; " +
		"if the receiver is meant to be there, add 127.0.0.1/32 to allowNetworks, or hooks.example.com:" + port + " to allowHosts"
	if err.Error() != want {
		t.Errorf("it says\n%s, want\n%s", err, want)
	}
}

// The dial itself is guarded, whatever looked at the URL before.
func TestTheDialAloneRefusesEveryFormOfThisMachine(t *testing.T) {
	server, asked := receiver(t, nil)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	d := newDoor(t, Config{})
	for _, host := range []string{"", "127.0.0.1", "::1", "::ffff:127.0.0.1", "localhost", "0.0.0.0", "::", "0", "127.1", "0x7f.1", "2130706433"} {
		c, err := d.dial(t.Context(), "tcp", net.JoinHostPort(host, port))
		if err == nil {
			c.Close()
			t.Errorf("%q was dialled", host)
		}
	}
	if asked.Load() > 0 {
		t.Error("a request was sent")
	}
}

func TestTheAllowListOpensWhatItNamesAndNoMore(t *testing.T) {
	server, asked := receiver(t, nil)
	at := server.Listener.Addr().String()
	_, port, _ := net.SplitHostPort(at)
	for _, c := range []struct {
		allow, url string
		open       bool
	}{
		{"127.0.0.0/8", "http://" + at, true},
		{"127.0.0.1/32", "http://hooks.example.com:" + port, true},
		{at, "http://" + at, true},
		{"HOOKS.example.com.:" + port, "http://hooks.EXAMPLE.com:" + port, true},
		{"hooks.example.com:" + port, "http://hooks.example.com.:" + port, true},
		{"hooks.example.com:" + port, "http://other.example.com:" + port, false},
		{"hooks.example.com:" + port, "http://" + at, false},
		{"hooks.example.com:1", "http://hooks.example.com:" + port, false},
		{"127.0.0.2/32", "http://" + at, false},
		{"10.0.0.0/8", "http://" + at, false},
		{"::1/128", "http://" + at, false},
	} {
		dns := &names{answers: map[string][]string{"hooks.example.com": {"127.0.0.1"}, "other.example.com": {"127.0.0.1"}}}
		before := asked.Load()
		config := Config{Resolver: dns.resolver(t)}
		if network, err := netip.ParsePrefix(c.allow); err == nil {
			config.AllowNetworks = []netip.Prefix{network}
		} else {
			config.AllowHosts = []string{c.allow}
		}
		err := send(t, newDoor(t, config), c.url)
		if (err == nil) != c.open || (asked.Load() > before) != c.open {
			t.Errorf("%s with %s allowed: %v", c.url, c.allow, err)
		}
		if !c.open && !isRefused(err) {
			t.Errorf("%s with %s allowed is not refused but fails: %v", c.url, c.allow, err)
		}
	}
}

func TestAnAllowListWithFaultsNamesThemAll(t *testing.T) {
	_, err := New(Config{
		AllowNetworks: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"),
			netip.MustParsePrefix("::ffff:10.0.0.0/104"), {},
		},
		AllowHosts: []string{"hooks.internal:8443", "hooks.internal", "hooks:http", ":80", "10.0.0.0/8", "hooks:0"},
	})
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{
		"allowNetworks[1]: 0.0.0.0/0 would allow everything", "allowNetworks[2]", "allowNetworks[3]", "allowNetworks[4]",
		"allowHosts[1]", "allowHosts[2]", "allowHosts[3]", "allowHosts[4]", "allowHosts[5]",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "[0]") {
		t.Errorf("a good entry is a fault: %v", err)
	}
}

func TestLiveModeTakesHTTPSOnly(t *testing.T) {
	live := newDoor(t, Config{LiveMode: true, AllowNetworks: loopback})
	if err := send(t, live, "http://127.0.0.1/"); err == nil || !strings.Contains(err.Error(), "live mode takes https only") {
		t.Error(err)
	}
	if _, err := live.ParseURL("https://hooks.example.com/payments?key=1"); err != nil {
		t.Error(err)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	inner, reached := receiver(t, nil)
	outer, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", inner.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	d := newDoor(t, Config{AllowHosts: []string{outer.Listener.Addr().String()}})
	answer, err := d.Send(post(t, outer.URL), 10)
	if err != nil || answer.Status != http.StatusTemporaryRedirect || reached.Load() > 0 {
		t.Fatalf("%+v, %v; %d requests went on", answer, err, reached.Load())
	}
}

// A proxy would dial in the gateway's place, and unguarded.
func TestAProxyOfTheEnvironmentIsNotAsked(t *testing.T) {
	if newDoor(t, Config{}).http.Proxy != nil {
		t.Error("there is a proxy")
	}
}

func TestTLSBelow12IsRefused(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	d := newDoor(t, Config{AllowNetworks: loopback, RootCAs: roots})
	if err := send(t, d, server.URL); err == nil || !strings.Contains(err.Error(), "1.2 is the least") {
		t.Error(err)
	}
}

func TestWhatFailsIsSaidInWordsForAPerson(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		c, _, _ := http.NewResponseController(w).Hijack()
		c.Close()
	})
	gone, _ := net.Listen("tcp", "127.0.0.1:0")
	gone.Close()
	d := newDoor(t, Config{AllowNetworks: loopback, Resolver: (&names{}).resolver(t)})
	for address, want := range map[string]string{
		secure.URL: "is not trusted, nothing was sent",
		strings.Replace(plain.URL, "http:", "https:", 1): "does not speak TLS",
		plain.URL:                        "closed the connection without an answer",
		"http://" + gone.Addr().String(): "refuses connections",
		"http://nowhere.example.com/":    "DNS does not know the name nowhere.example.com",
	} {
		if err := send(t, d, address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Send(post(t, plain.URL).WithContext(ctx), 10); err == nil || err.Error() != "given up before an answer came" {
		t.Error(err)
	}
}

// A connection that the other side has closed meanwhile must not fail the next
// request, and nothing that was written may be written again.
func TestAConnectionThatWasClosedMeanwhileIsReplaced(t *testing.T) {
	server, asked := receiver(t, nil)
	d := newDoor(t, Config{AllowNetworks: loopback})
	for range 20 {
		if _, err := d.Send(post(t, server.URL), 10); err != nil {
			t.Fatal(err)
		}
		server.CloseClientConnections()
		if _, err := d.Send(post(t, server.URL), 10); err != nil && !strings.Contains(err.Error(), "closed the connection") {
			t.Fatal(err)
		}
	}
	// What net/http says when the other side closed while the request was written.
	if words := d.explainConnection("shop", errors.New("http: server closed idle connection")); !strings.Contains(words, "may have taken") {
		t.Error(words)
	}
	if n := asked.Load(); n > 40 {
		t.Errorf("40 requests were sent %d times", n)
	}
}

func TestABodyIsReadUpToItsLimit(t *testing.T) {
	server, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "0123456789") })
	d := newDoor(t, Config{AllowNetworks: loopback})
	for limit, want := range map[int64]string{4: "0123", 10: "0123456789", 11: "0123456789"} {
		answer, err := d.Send(post(t, server.URL), limit)
		if err != nil || string(answer.Body) != want || answer.Whole != (limit >= 10) {
			t.Errorf("limit %d: %+v, %v", limit, answer, err)
		}
	}
}

func FuzzURL(f *testing.F) {
	for _, seed := range []string{"https://hooks.example.com/a?b=c", "http://[::1%25lo]:80/", "http://0x7f.1/", "file:///etc", "http://a@b:8080#c"} {
		f.Add(seed)
	}
	d, _ := New(Config{})
	f.Fuzz(func(t *testing.T, address string) {
		u, err := d.ParseURL(address)
		if err != nil {
			return
		}
		again, err := url.Parse(u.String())
		if err != nil || again.Host != u.Host || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
			t.Errorf("%q was taken: %#v, %v", address, u, err)
		}
		if ip := net.ParseIP(u.Hostname()); ip != nil && (!ip.IsGlobalUnicast() || ip.IsPrivate()) {
			t.Errorf("%q leads to %s", address, ip)
		}
	})
}
