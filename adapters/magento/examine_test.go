package magento

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// report is what was found, a line each. Whatever is found, nothing is written
// and no secret shown.
func (h *house) report() string {
	h.t.Helper()
	var lines []string
	for _, f := range h.sink.Examine(h.t.Context()) {
		if (f.Mend == "") != (f.Grade == gateway.Well) {
			h.t.Errorf("what to do is said of what is well, or of nothing: %+v", f)
		}
		lines = append(lines, strings.TrimSuffix(fmt.Sprintf("%s %s: %s → %s", f.Grade, f.Tried, f.Found, f.Mend), " → "))
	}
	text := strings.Join(lines, "\n")
	for _, call := range h.shop.History() {
		if call.Acted {
			h.t.Errorf("%s %s has changed something", call.Method, call.Path)
		}
	}
	for _, secret := range h.sink.config.secrets() {
		if strings.Contains(text, secret) {
			h.t.Errorf("a secret is shown:\n%s", text)
		}
	}
	return text
}

func wantReport(t *testing.T, report string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(report, word) {
			t.Errorf("it does not say %q:\n%s", word, report)
		}
	}
}

func TestAShopThatIsSetUpIsFoundWellAndLeftAsItIs(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		module, rights := "ok module: its endpoint is there", "ok right: PayTrace_Gateway::events is there"
		if h.sink.config.Way == WayCore {
			module, rights = "ok module: not installed, and way is core", "ok rights: all 9 that way core needs are there"
		}
		want := "ok signature: " + hostOf(h.sink.config.BaseURL) + " takes it\nok clock: this machine's and the shop's agree\n" + module + "\n" + rights
		if got := h.report(); got != want {
			t.Errorf("the report is\n%s\nwant\n%s", got, want)
		}
	})
}

func TestExamineNamesEachRightThatIsMissing(t *testing.T) {
	rights := []string{
		magentotest.RightView, magentotest.RightComment, magentotest.RightCancel, magentotest.RightInvoice, magentotest.RightInvoices,
		magentotest.RightRefund, magentotest.RightCreditMemos, magentotest.RightTransaction, magentotest.RightCreate,
	}
	for _, right := range rights {
		h := newHouse(t, WayCore, magentotest.Options{})
		h.shop.Forbid(right)
		wantReport(t, h.report(), "ok signature", "FAIL right: the integration lacks "+right+" → the integration lacks the right "+right+", or")
	}
	h := newHouse(t, WayModule, magentotest.Options{})
	h.shop.Forbid(magentotest.RightModule)
	wantReport(t, h.report(), "ok module", "FAIL right: the integration lacks PayTrace_Gateway::events")
	// What is not needed is not asked for.
	h = newHouse(t, WayCore, magentotest.Options{}, func(c *Config) { c.LeaveReview = false })
	h.shop.Forbid(magentotest.RightCreate)
	wantReport(t, h.report(), "ok rights: all 8")
}

// Magento says of a signature that a proxy has dropped what it says of a right.
func TestARequestWithoutItsSignatureIsNoHeapOfMissingRights(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	h.shop.Fail(magentotest.Fault{
		Kind: magentotest.Answer, Count: 99, Status: http.StatusUnauthorized,
		Body: `{"message":"The consumer isn't authorized to access %resources.","parameters":{"resources":"Magento_Sales::actions_view"}}`,
	})
	report := h.report()
	wantReport(t, report, "FAIL rights: none of the 9 that way core needs is there", "a proxy drops the Authorization header")
	if strings.Contains(report, "ok signature") || strings.Contains(report, "right:") {
		t.Errorf("it guesses:\n%s", report)
	}
}

func TestExamineHoldsTheModuleAgainstTheWay(t *testing.T) {
	h := newHouse(t, WayModule, magentotest.Options{})
	h.shop.InstallModule(false)
	report := h.report()
	wantReport(t, report, "FAIL module: the shop does not have its endpoint → install and enable")
	if strings.Contains(report, "signature") {
		t.Errorf("Magento has not looked at the signature:\n%s", report)
	}
	h = newHouse(t, WayCore, magentotest.Options{Module: true})
	wantReport(t, h.report(), "warn module: it is installed, and way is core → tick PayTrace_Gateway::events", "ok rights: all 9")
	h.shop.Forbid(magentotest.RightModule)
	wantReport(t, h.report(), "warn module: it is installed")
}

func TestExamineSaysWhyTheShopDoesNotKnowUs(t *testing.T) {
	other := strings.Repeat("0", 32)
	for name, c := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"a wrong secret":      {func(c *Config) { c.ConsumerSecret = other }, "a secret is wrong, or Magento takes itself for another address"},
		"a wrong token":       {func(c *Config) { c.AccessToken = other }, "copy it anew"},
		"another signing URL": {func(c *Config) { c.SigningURL = "https://elsewhere.example.com" }, "scheme, host and port"},
	} {
		t.Run(name, func(t *testing.T) {
			report := newHouse(t, WayCore, magentotest.Options{}, c.change).report()
			wantReport(t, report, "FAIL signature: GET /V1/orders answered 401", c.says)
			if strings.Contains(report, "right:") {
				t.Errorf("rights are looked for without a signature:\n%s", report)
			}
		})
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	h := newHouse(t, WayCore, magentotest.Options{}, func(c *Config) { c.BaseURL, c.SigningURL = closed.URL, "" })
	wantReport(t, h.report(), "FAIL signature: GET /V1/orders: 127.0.0.1:", "refuses connections", "→ check baseURL")
}

func TestExamineComparesTheClocks(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration
		says  string
	}{
		{30 * time.Second, "ok clock"}, {-3 * time.Hour, "warn clock: this machine's differs from the shop's by 3h0m0s"},
		{5 * time.Minute, "warn clock"}, {11 * time.Minute, "FAIL clock: this machine's is 11m0s ahead of the shop's"},
	} {
		h := newHouse(t, WayCore, magentotest.Options{}, func(config *Config) { config.Now = func() time.Time { return noon.Add(c.ahead) } })
		wantReport(t, h.report(), c.says)
	}
}

func TestExamineLooksForOrdersInTheStores(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{Stores: map[string]int64{"default": 1, "de": 2}}, func(c *Config) { c.Stores = map[string]int64{"default": 1, "de": 2} })
	wantReport(t, h.report(), "warn stores: there is no order in de (2), default (1) → compare with")
}

func TestAShopThatFailsLeavesARightInDoubt(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	h.shop.Fail(magentotest.Fault{Method: http.MethodPost, Path: "/order/0/refund", Kind: magentotest.Fatal})
	wantReport(t, h.report(), "warn right: Magento_Sales::creditmemo could not be looked for")
}

func TestPreviewShowsWhatTheShopWouldBeTold(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		e := h.event(h.charged(gateway.KindSale, gateway.StatusApproved, "100000001"))
		shown, err := h.sink.Preview(e)
		if text := fmt.Sprintf("%+v", shown); err != nil || !strings.Contains(text, "100000001") || !strings.Contains(text, "processing") {
			t.Errorf("%v, %v", text, err)
		}
		e.Payment.OrderID = ""
		shown, err = h.sink.Preview(e)
		if not, ok := shown.(NotSent); err != nil || !ok || not.Why != "the payment has no order id" {
			t.Errorf("%+v, %v", shown, err)
		}
		if calls := h.shop.History(); len(calls) > 0 {
			t.Errorf("the shop was asked %v", calls)
		}
	})
}
