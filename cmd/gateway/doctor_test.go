package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

const (
	orgSecret  = "a-secret-of-the-org-0123456789"
	hookSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	hookPath   = "a-secret-of-the-path-0123456789"
)

// patient is a configuration for the doctor, with everybody in it.
type patient struct {
	*serving
	paytrace *processor
	shop     string
	org      string
	hook     string
}

func startOrg(t *testing.T, change func(*salesforcetest.Settings)) string {
	t.Helper()
	s := salesforcetest.Settings{ClientID: "org", ClientSecret: orgSecret, RunAs: "gateway@shop.test"}
	if change != nil {
		change(&s)
	}
	server := httptest.NewServer(salesforcetest.New(s))
	t.Cleanup(server.Close)
	return server.URL
}

func startShop(t *testing.T, change func(*magentotest.Shop)) string {
	t.Helper()
	shop := magentotest.New(magentotest.Options{})
	if change != nil {
		change(shop)
	}
	server := httptest.NewServer(shop)
	t.Cleanup(server.Close)
	return server.URL
}

func admit(t *testing.T) *patient {
	t.Helper()
	paytrace := startProcessor(t)
	p := &patient{
		serving: configure(t, paytrace.api), paytrace: paytrace,
		shop: startShop(t, nil), org: startOrg(t, nil), hook: startReceiver(t, 200).URL,
	}
	content, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	p.write(string(content) + fmt.Sprintf(`        channel: magento
    callbacks:
      magento:
        baseURL: %s
        consumerKey: ${CONSUMER_KEY}
        consumerSecret: ${CONSUMER_SECRET}
        accessToken: ${ACCESS_TOKEN}
        accessTokenSecret: ${ACCESS_TOKEN_SECRET}
        way: core
        allowNetworks: [127.0.0.0/8]
      salesforce:
        loginURL: %s
        clientID: org
        clientSecret: ${ORG_SECRET}
        allowNetworks: [127.0.0.0/8]
      webhooks:
        - name: erp
          url: %s/%s
          secret: ${ERP_SECRET}
          events: [payment.approved, payment.refunded]
          allowNetworks: [127.0.0.0/8]
`, p.shop, p.org, p.hook, hookPath))
	c := magentotest.DefaultCredentials
	p.environment = []string{
		"ORG_SECRET=" + orgSecret, "ERP_SECRET=" + hookSecret, "CONSUMER_KEY=" + c.ConsumerKey, "CONSUMER_SECRET=" + c.ConsumerSecret,
		"ACCESS_TOKEN=" + c.AccessToken, "ACCESS_TOKEN_SECRET=" + c.AccessTokenSecret,
	}
	return p
}

// examined runs the doctor, which must show no secret whatever it finds.
func (p *patient) examined(args ...string) finished {
	p.t.Helper()
	f := p.operate(append([]string{"doctor"}, args...)...)
	c := magentotest.DefaultCredentials
	for _, secret := range []string{c.ConsumerKey, c.ConsumerSecret, c.AccessToken, c.AccessTokenSecret, orgSecret, hookSecret, strings.TrimPrefix(hookSecret, "whsec_"), hookPath, shopSecret, "simulator-password", "another-password", "hunter2secret", "goroutine"} {
		if strings.Contains(f.stdout+f.stderr, secret) {
			p.t.Errorf("the doctor shows %q:\n%s%s", secret, f.stdout, f.stderr)
		}
	}
	return f
}

var changing = regexp.MustCompile(`pid \d+|\d\d/\d\d/\d{4}`)

// TestTheDoctorsReport holds the whole report; what differs from run to run is
// replaced by its name.
func TestTheDoctorsReport(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.start()
	before := p.entries()
	f := p.examined()
	if f.code != 0 {
		t.Errorf("exit code %d: %s", f.code, f.stderr)
	}
	if after := p.entries(); after != before {
		t.Errorf("the folder held %s and holds %s", before, after)
	}
	report := strings.NewReplacer(p.address, "GATEWAY", p.paytrace.api, "PAYTRACE", strings.TrimPrefix(p.org, "http://"), "ORG",
		strings.TrimPrefix(p.shop, "http://"), "SHOP",
		strings.TrimPrefix(p.hook, "http://"), "ERP", filepath.Join(p.folder, "data"), "DATA").Replace(f.stdout)
	report = changing.ReplaceAllStringFunc(report, func(s string) string {
		return map[bool]string{true: "pid 1", false: "TODAY"}[strings.HasPrefix(s, "pid")]
	})
	golden := filepath.Join("testdata", "doctor.txt")
	want, err := os.ReadFile(golden)
	if err != nil || report != string(want) {
		t.Errorf("the report is not that of %s (%v):\n%s", golden, err, report)
	}
}

// entries are the files of the gateway's data.
func (p *patient) entries() string {
	p.t.Helper()
	entries, err := os.ReadDir(filepath.Join(p.folder, "data"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// A shop's client without the shop's channel has its own captures told to the
// shop as a stranger's.
func TestTheDoctorMissesAClientOfTheShopsChannel(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.rewrite("        channel: magento\n", "")
	const warning = "warn  magento channel"
	if f := p.examined(); strings.Contains(f.stdout, warning) {
		t.Errorf("no gateway runs, so the clients that were added are not known:\n%s", f.stdout)
	}
	p.start()
	p.examined().says(t, 0, warning, "no client of the merchant has the channel magento", "→ give the shop's client the channel")
	p.operate("clients", "add", "magento-de", "--scope", "payments:write", "--channel", "magento").says(t, 0, "magento-de may call")
	if f := p.examined(); strings.Contains(f.stdout, warning) {
		t.Errorf("a client has the channel:\n%s", f.stdout)
	}
	p.operate("clients", "revoke", "magento-de").says(t, 0)
	p.examined().says(t, 0, warning)
}

func TestTheDoctorLooksBeforeTheFirstStartAndMakesNothing(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.examined().says(t, 0, "warn  readiness", "→ start it with gateway serve", "there is none yet; the first start makes", "16 ok, 1 to look at, 0 to mend")
	if made := p.entries(); made != "" {
		t.Errorf("the doctor made %s", made)
	}
}

func TestTheDoctorNamesEachFaultAndWhatToDo(t *testing.T) {
	t.Parallel()
	p := admit(t)
	sound, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	environment := p.environment
	lacking := startOrg(t, func(s *salesforcetest.Settings) {
		object := salesforcetest.PaymentObject()
		object.Fields = slices.DeleteFunc(object.Fields, func(f salesforcetest.Field) bool { return f.Name == "Last4Digits__c" })
		for i, f := range object.Fields {
			if f.Name == "Status__c" {
				object.Fields[i].Values = []string{"Completed", "Authorized", "Declined", "Failed", "Voided", "Indeterminate", "Pending"}
			}
		}
		s.Objects = []salesforcetest.Object{object}
	})
	narrow := startShop(t, func(s *magentotest.Shop) { s.Forbid(magentotest.RightRefund) })
	nobody, key := "http://"+freeAddress(t), signingKeyFile(t)
	for name, c := range map[string]struct {
		spoil func()
		says  []string
	}{
		"a wrong password at PayTrace": {
			func() { p.environment = append(p.environment, "PAYTRACE_ACCOUNT_PASSWORD=another-password") },
			[]string{"FAIL  PayTrace log-in", "refuses the API user name or password", "→ correct username and password"},
		},
		"a wrong secret at the org": {
			func() { p.environment = append(p.environment, "ORG_SECRET=another-password") },
			[]string{"FAIL  salesforce log-in", "→ check client", "ok    erp connection"},
		},
		"an org that lacks a field and a value": {
			func() { p.rewrite(p.org, lacking) },
			[]string{"Payment__c has no field Last4Digits__c", "the picklist Status__c lacks Refunded", "2 to mend"},
		},
		"a shop whose integration lacks a right": {
			func() { p.rewrite(p.shop, narrow) },
			[]string{"FAIL  magento right", "the integration lacks Magento_Sales::creditmemo", "→ the integration lacks the right Magento_Sales::creditmemo"},
		},
		"a shop without the module": {
			func() { p.rewrite("way: core", "way: module") },
			[]string{"FAIL  magento module", "→ install and enable the gateway's module, or set way to core"},
		},
		"a closed port": {
			func() { p.rewrite(p.hook, nobody) },
			[]string{"FAIL  erp connection", "refuses connections", "→ mend url"},
		},
		"a private address": {
			func() {
				p.rewrite(p.hook, strings.Replace(p.hook, "127.0.0.1", "localhost", 1))
				p.rewrite("          events: [payment.approved, payment.refunded]\n          allowNetworks: [127.0.0.0/8]\n", "")
			},
			[]string{"FAIL  erp connection", "is refused: that is a loopback address", "allowHosts"},
		},
		"Redis away": {
			func() {
				p.environment = append(p.environment, "PLACE=redis://:hunter2secret@"+strings.TrimPrefix(nobody, "http://"))
				p.rewrite("dataDir: data", "dataDir: data\nredis: {url: \"${PLACE}\"}")
			},
			[]string{"FAIL  Redis", "Redis cannot be reached", "payments go on without it"},
		},
		"a ledger in a folder that is none": {
			func() { p.rewrite("dataDir: data", "dataDir: data\nledger: {sqlite: gateway.yaml/ledger.db}") },
			[]string{"FAIL  ledger", "gateway.yaml is no folder", "→ name a folder"},
		},
		"PostgreSQL away": {
			func() {
				p.environment = append(p.environment, "GATEWAY_SECRET="+strings.Repeat("0123456789abcdef", 4),
					"GATEWAY_LEDGER_POSTGRES=postgres://u:hunter2secret@"+strings.TrimPrefix(nobody, "http://")+"/pay")
				p.rewrite("dataDir: data", "dataDir: data\npublicURL: http://pay.test\nsigningKeys: [{file: "+key+"}]")
			},
			[]string{"FAIL  ledger", "pay on 127.0.0.1:", "→ PostgreSQL cannot be reached"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p.write(string(sound))
			p.environment = slices.Clone(environment)
			c.spoil()
			p.examined().says(t, 1, append(c.says, "gateway: the doctor found what fails")...)
		})
	}
}

func TestTheDoctorAsksARedisThatIsThere(t *testing.T) {
	t.Parallel()
	url := services.Redis(t)
	p := admit(t)
	p.environment = append(p.environment, "PLACE="+url)
	p.rewrite("dataDir: data", "dataDir: data\nredis: {url: \"${PLACE}\", prefix: \"doctor:\"}")
	p.examined().says(t, 0, "ok    Redis", "took a small write")
}

func TestTheDoctorLooksAtOneMerchantAlone(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.examined("--merchant", "other").says(t, 1, `there is no merchant "other"; there are: main`)
	p.examined("--merchant", "main").says(t, 0, "merchant main, test")
}

func TestTheDoctorGivesUpWhatDoesNotHeedItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		began := time.Now()
		found := bounded(t.Context(), func(context.Context) []gateway.Finding { <-stuck; return nil }, doctorPatience)
		if took := time.Since(began); took > doctorPatience+time.Second {
			t.Errorf("it took %s", took)
		}
		if len(found) != 1 || found[0].Grade != gateway.Broken || !strings.Contains(found[0].Found, "within 10s") {
			t.Errorf("found %+v", found)
		}
		close(stuck)
	})
}

func TestTheDoctorsReportKeepsATerminalAndItsColumns(t *testing.T) {
	var out strings.Builder
	err := printReport(&out, []ward{{name: "merchant é", exams: []exam{{name: "shöp", findings: []gateway.Finding{
		{Grade: gateway.Well, Tried: "a", Found: "x\x1b[2J"}, {Grade: gateway.Broken, Tried: "longer", Found: "y", Mend: "z"},
	}}}}})
	want := "merchant é\n  ok    shöp a       x?[2J\n  FAIL  shöp longer  y\n        → z\n\n1 ok, 0 to look at, 1 to mend\n"
	if out.String() != want || err == nil {
		t.Errorf("%v\n%s\nwant\n%s", err, out.String(), want)
	}
	if err := printReport(io.Discard, nil); err != nil {
		t.Error(err)
	}
}
