package salesforce

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
)

// report is what was found, a line each.
func (h *house) report() string {
	h.t.Helper()
	var lines []string
	for _, f := range h.sink.Examine(h.t.Context()) {
		line := fmt.Sprintf("%s %s: %s", f.Grade, f.Tried, f.Found)
		if f.Mend != "" {
			line += " → " + f.Mend
		}
		if (f.Mend == "") != (f.Grade == gateway.Well) {
			h.t.Errorf("what to do is said of what is well, or of nothing: %s", line)
		}
		lines = append(lines, line)
	}
	text := strings.Join(lines, "\n")
	for _, secret := range []string{clientSecret, "00D", "PRIVATE KEY"} {
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

func TestAnOrgThatIsSetUpIsFoundWellAndLeftAsItIs(t *testing.T) {
	h := settle(t, nil, func(c *Config) {
		c.SequenceField, c.PlatformEvent = "EventSequence__c", "Payment_Update__e"
	})
	want := strings.Join([]string{
		"ok log-in: a token was granted, records go to " + h.url,
		"ok object: Payment__c is there, and the integration user may create and edit it",
		"ok external id: GatewayPaymentID__c is an external id and unique",
		"ok fields: all 11 that are mapped are there, may be written and fit",
		"ok event: Payment_Update__e is there, and the integration user may publish it",
		"ok event fields: all 9 that are mapped are there, may be written and fit",
		"ok API calls: 2 of 15000 in 24 hours are used",
	}, "\n")
	if got := h.report(); got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
	for _, call := range h.org.Calls() {
		if call.Acted && call.Operation != salesforcetest.OpToken {
			t.Errorf("%s %s has written something", call.Method, call.Path)
		}
	}
}

// withField changes one field of the org's object; without one it is taken away.
func withField(name string, change func(*salesforcetest.Field)) func(*salesforcetest.Settings) {
	return func(s *salesforcetest.Settings) {
		object := salesforcetest.PaymentObject()
		i := slices.IndexFunc(object.Fields, func(f salesforcetest.Field) bool { return f.Name == name })
		if change == nil {
			object.Fields = slices.Delete(object.Fields, i, i+1)
		} else {
			change(&object.Fields[i])
		}
		s.Objects = []salesforcetest.Object{object}
	}
}

func TestExamineNamesWhatTheOrgWouldRefuse(t *testing.T) {
	type field = salesforcetest.Field
	for name, c := range map[string]struct {
		adjust    func(*salesforcetest.Settings)
		configure func(*Config)
		says      []string
	}{
		"a wrong secret": {configure: func(c *Config) { c.ClientSecret = "another-secret-of-nobody" }, says: []string{"FAIL log-in: Salesforce refuses our log-in: invalid_client", "→ check client"}},
		"another object": {configure: func(c *Config) { c.Object = "Zahlung__c" }, says: []string{"FAIL object: description of Zahlung__c: 404", "→ the org has no such object"}},
		"no right on the object": {adjust: func(s *salesforcetest.Settings) {
			o := salesforcetest.PaymentObject()
			o.ReadOnly = true
			s.Objects = []salesforcetest.Object{o}
		}, says: []string{"FAIL object: the integration user may not create and edit Payment__c"}},
		"no external id": {adjust: withField("GatewayPaymentID__c", nil), says: []string{"FAIL external id: Payment__c has no field GatewayPaymentID__c"}},
		"an id that is not unique": {adjust: withField("GatewayPaymentID__c", func(f *field) { f.Unique = false }),
			says: []string{"FAIL external id: GatewayPaymentID__c is not both External ID and Unique"}},
		"a missing field":   {adjust: withField("Last4Digits__c", nil), says: []string{"FAIL fields: Payment__c has no field Last4Digits__c", "ok external id"}},
		"a formula":         {adjust: withField("Amount__c", func(f *field) { f.ReadOnly = true }), says: []string{"FAIL fields: the integration user may not write Amount__c"}},
		"an amount as text": {configure: func(c *Config) { c.Rules.Fields = map[string]string{"Amount__c": "amount"} }, says: []string{`Amount__c has the type currency, and its expression gives the text "19.99"`, "number()"}},
		"a short field":     {adjust: withField("PaymentID__c", func(f *field) { f.Length = 4 }), says: []string{`PaymentID__c takes 4 characters, and its expression gives the text "123456789"`}},
		"missing values": {adjust: withField("Status__c", func(f *field) { f.Values = []string{"Completed", "Authorized", "Declined", "Failed", "Voided"} }),
			says: []string{"FAIL fields: the picklist Status__c lacks Pending, Refunded, Indeterminate"}},
		"no event":          {configure: func(c *Config) { c.PlatformEvent = "Other__e" }, says: []string{"FAIL event: description of Other__e: 404"}},
		"calls nearly gone": {adjust: func(s *salesforcetest.Settings) { s.APILimit = 1 }, says: []string{"warn API calls: 1 of 1 in 24 hours are used"}},
	} {
		t.Run(name, func(t *testing.T) { wantReport(t, settle(t, c.adjust, c.configure).report(), c.says...) })
	}
}

func TestWhatExamineFindsWellIsTaken(t *testing.T) {
	h := settle(t, nil, nil)
	wantReport(t, h.report(), "ok fields")
	d := delivery(1)
	if v := h.sink.Deliver(t.Context(), d); v.Outcome != gateway.Told {
		t.Errorf("the org does not take what fits: %+v", v)
	}
}
