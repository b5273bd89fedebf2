package main

import (
	"os"
	"strings"
	"testing"
)

// orgBlock is the org of an admitted patient, whose settings the rows change.
const orgBlock = "        clientID: org\n        clientSecret: ${ORG_SECRET}\n"

func TestWhatNoStartSucceedsWithIsNamedByTheCheck(t *testing.T) {
	t.Parallel()
	p := admit(t)
	good, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	p.operate("config", "check").says(t, 0, "the configuration is good: 1 merchant(s)")
	for name, row := range map[string]struct{ old, with, want string }{
		"an unknown name": {orgBlock, orgBlock + "        fields: {Status__c: mapedStatus}\n",
			"merchants[0].callbacks.salesforce.fields.Status__c: the expression \"mapedStatus\" cannot be used: unknown name mapedStatus (1:1); did you mean mappedStatus?\n"},
		"a text as a number": {orgBlock, orgBlock + "        fields:\n          Status__c: number(status)\n", "salesforce.fields.Status__c: the expression \"number(status)\" cannot be used: "},
		"an open bracket":    {orgBlock, orgBlock + "        fields: {Store__c: left(storeCode}\n", "salesforce.fields.Store__c: the expression \"left(storeCode\" cannot be used: "},
		"an event's field": {orgBlock, orgBlock + "        platformEvent: Payment_Update__e\n        eventFields: {Store__c: storCode}\n",
			"salesforce.eventFields.Store__c: the expression \"storCode\" cannot be used: unknown name storCode (1:1); did you mean storeCode?\n"},
		"a log-in that is no org's": {"        loginURL: " + p.org, "        loginURL: https://login.salesforce.com", "salesforce.loginURL: client credentials need the org's My Domain"},
		"a half secret of a shop":   {"consumerKey: ${CONSUMER_KEY}", "consumerKey: ${ORG_SECRET}", "magento.consumerKey: expected the 32 letters and digits"},
	} {
		t.Run(name, func(t *testing.T) {
			p.write(strings.Replace(string(good), row.old, row.with, 1))
			check, serve := p.operate("config", "check"), p.operate("serve")
			check.says(t, 1, row.want)
			// Where it stands comes first, as file:line:column.
			_, at, _ := strings.Cut(check.stderr, "gateway.yaml:")
			line, _, _ := strings.Cut(at, ":")
			if line == "" || strings.Trim(line, "0123456789") != "" || check.stderr != serve.stderr || serve.code != 1 {
				t.Errorf("the check says\n%sand the start\n%s", check.stderr, serve.stderr)
			}
		})
	}
}

func TestTheCheckNamesEveryFaultOfThoseWhoAreTold(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.rewrite(orgBlock, "        clientID: org\n        clientSecret: ${ORG_SECRET}\n        fields:\n          A__c: nothng\n          B__c: '1 +'\n")
	p.rewrite("consumerKey: ${CONSUMER_KEY}", "consumerKey: ${ORG_SECRET}")
	f := p.operate("config", "check")
	f.says(t, 1, "magento.consumerKey: ", "fields.A__c: ", "fields.B__c: ")
	if lines := strings.Count(f.stderr, "gateway.yaml:"); lines != 3 {
		t.Errorf("%d faults have their place:\n%s", lines, f.stderr)
	}
}

// What is sealed is in the ledger, which there is none of before the first start.
func TestTheCheckNeedsNoSealedSecret(t *testing.T) {
	t.Parallel()
	p := admit(t)
	p.sealOwn("${ORG_SECRET}", "{sealed: org-secret}", "${ERP_SECRET}", "{sealed: erp-secret}", "${CONSUMER_KEY}", "{sealed: consumer-key}")
	p.operate("config", "check").says(t, 0, "the configuration is good")
	p.rewrite("{sealed: org-secret}", "{sealed: org-secret}\n        fields: {Status__c: mapedStatus}")
	p.operate("config", "check").says(t, 1, "did you mean mappedStatus?")
	p.rewrite("{sealed: org-secret}", "${ORG_SECRET}")
	p.rewrite("clientSecret: ${ORG_SECRET}", "username: gateway@shop.test\n        privateKey: {sealed: org-key}")
	p.rewrite("mapedStatus", "mappedStatus")
	p.operate("config", "check").says(t, 0, "the configuration is good")
}

// The page's own example is one that a gateway starts with.
func TestTheExampleOfThePageIsTaken(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/salesforce.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```yaml\nfields:\n")
	block, _, ok := strings.Cut(block, "```")
	if !ok {
		t.Fatal("the page has no example any more")
	}
	p := admit(t)
	p.rewrite(orgBlock, orgBlock+"        "+strings.ReplaceAll("fields:\n"+strings.TrimRight(block, "\n"), "\n", "\n        ")+"\n")
	p.operate("config", "check").says(t, 0, "the configuration is good")
	becomes := p.shownBy()["salesforce"].Becomes
	if member(becomes, "fields", "Status__c") != "Completed" || member(becomes, "fields", "CustomerVaultID__c") != nil {
		t.Errorf("it becomes %v", becomes)
	}
}
