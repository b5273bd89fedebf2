package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// shownBy runs mapping test and reads what it prints.
func (p *patient) shownBy(args ...string) map[string]previewed {
	p.t.Helper()
	f := p.operate(append([]string{"mapping", "test"}, args...)...)
	var shown struct {
		Event       string
		Subscribers []previewed
	}
	if err := json.Unmarshal([]byte(f.stdout), &shown); err != nil || f.code != 0 {
		p.t.Fatalf("exit code %d, %v:\n%s%s", f.code, err, f.stdout, f.stderr)
	}
	for _, secret := range []string{orgSecret, hookSecret, hookPath} {
		if strings.Contains(f.stdout, secret) {
			p.t.Errorf("it shows %q:\n%s", secret, f.stdout)
		}
	}
	all := map[string]previewed{}
	for _, s := range shown.Subscribers {
		all[s.Subscriber] = s
	}
	return all
}

// member follows names into what was read from JSON.
func member(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func TestMappingTestShowsWhatAnExampleBecomesAndTellsNobody(t *testing.T) {
	t.Parallel()
	p := admit(t)
	// Nothing that is asked for is there to answer.
	p.rewrite(p.org, "http://"+freeAddress(t))
	p.rewrite(p.hook, "http://"+freeAddress(t))
	all := p.shownBy("--merchant", "main")
	if got := member(all["salesforce"].Becomes, "fields", "Status__c"); got != "Completed" {
		t.Errorf("Status__c becomes %v", got)
	}
	if got := member(all["salesforce"].Becomes, "fields", "Amount__c"); got != 19.99 {
		t.Errorf("Amount__c becomes %v", got)
	}
	if got := member(all["erp"].Becomes, "body", "data", "merchantId"); got != "main" {
		t.Errorf("the webhook's merchant is %v", got)
	}
	all = p.shownBy("--event", "payment.declined")
	if got := member(all["salesforce"].Becomes, "fields", "Status__c"); got != "Declined" {
		t.Errorf("Status__c becomes %v", got)
	}
	if all["erp"].NotTold != "its events do not name payment.declined" || all["erp"].Becomes != nil {
		t.Errorf("a webhook that is not told shows %+v", all["erp"])
	}
	if all = p.shownBy("--event", gateway.EventUnmatched); all["salesforce"].NotTold == "" {
		t.Errorf("an org is told of an unmatched transaction: %+v", all["salesforce"])
	}
}

func TestMappingTestShowsAPaymentFromAFile(t *testing.T) {
	t.Parallel()
	p := admit(t)
	example := p.shownBy("--event", "payment.refunded")
	body, err := json.Marshal(member(example["erp"].Becomes, "body"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(member(example["erp"].Becomes, "body", "data"))
	if err != nil {
		t.Fatal(err)
	}
	// What a webhook was sent, and what the API answers with, is a payment again.
	for name, content := range map[string][]byte{"webhook.json": body, "payment.json": data} {
		file := filepath.Join(p.folder, name)
		put(t, file, content)
		again := p.shownBy("--payment", file)
		for _, field := range []string{"Status__c", "Amount__c", "PaymentID__c", "OpportunityId__c", "Last4Digits__c", "TransactionDate__c"} {
			got, want := member(again["salesforce"].Becomes, "fields", field), member(example["salesforce"].Becomes, "fields", field)
			if got == nil || got != want {
				t.Errorf("%s: %s becomes %v, want %v", name, field, got, want)
			}
		}
		if got, _ := json.Marshal(member(again["erp"].Becomes, "body", "data")); string(got) != string(data) {
			t.Errorf("%s: the webhook's data becomes\n%s\nwant\n%s", name, got, data)
		}
	}
}

func TestMappingTestNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.operate("mapping", "test", "--event", "payment.lost").says(t, 1, `"payment.lost" is no type of event`, "payment.approved")
	p.operate("mapping", "test", "--merchant", "other").says(t, 1, "there are: main")
	p.operate("mapping", "test", "--payment", filepath.Join(p.folder, "none.json")).says(t, 1, "--payment: ", "none.json")
	for content, words := range map[string]string{
		`{"paymentId":"pay_1","status":"approved"}`: "at least one of operations",
		`{"paymentId":7}`: "paymentId is of another type",
		`{"paymentId":"pay_1","status":"done","operations":[{}]}`: "a known status",
		`[1`: "is no payment as the API shows it",
	} {
		file := filepath.Join(p.folder, "broken.json")
		put(t, file, []byte(content))
		p.operate("mapping", "test", "--payment", file).says(t, 1, words)
	}
	p.rewrite("        clientID: org\n", "        clientID: org\n        fields: {PO__c: 'number(metadata[\"purchaseOrder\"])'}\n")
	p.operate("mapping", "test").says(t, 1, `"becomes"`, "gateway: salesforce: fields: field PO__c")
	p.rewrite("number(metadata[", "numbr(metadata[")
	p.operate("mapping", "test").says(t, 1, "merchant main: salesforce: fields: field PO__c", "did you mean number?")
}
