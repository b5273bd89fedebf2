package salesforce

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/mapping"
	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
)

const contact = "003000000000001AAA"

// withPeople is an org whose accounts and contacts have the vault's field.
func withPeople(s *salesforcetest.Settings) {
	s.Objects = []salesforcetest.Object{
		salesforcetest.PaymentObject(), salesforcetest.PersonObject("Account"), salesforcetest.PersonObject("Contact"),
	}
}

func vaultField(c *Config) { c.CustomerVaultField = "CustomerVaultID__c" }

// news is what an event tells of a customer with as many cards.
func news(kind string, stored int, source gateway.SourceRecords) gateway.Delivery {
	return newsOf(kind, gateway.VaultNews{CustomerID: "cus_1", Source: source, Stored: stored})
}

func newsOf(kind string, n gateway.VaultNews) gateway.Delivery {
	n.Method = gateway.VaultMethod{ID: "pm_1"}
	return gateway.Delivery{ID: "dlv_1", MerchantID: "m", Event: gateway.Event{ID: "evt_1", MerchantID: "m", Type: kind, Version: 2, Vault: &n}}
}

// moved is what an event tells of a customer with a card that has come from other
// records.
func moved(from, to gateway.SourceRecords) gateway.Delivery {
	return newsOf(gateway.EventMethodUpdated, gateway.VaultNews{CustomerID: "cus_1", Source: to, Previous: from, Stored: 1})
}

func ofAccount(id string) gateway.SourceRecords { return gateway.SourceRecords{AccountID: id} }

// field is what a record of the org has in the vault's field.
func (h *house) field(object string) any {
	h.t.Helper()
	records := h.org.Records(object)
	if len(records) != 1 {
		h.t.Fatalf("%d records of %s", len(records), object)
	}
	return records[0].Fields["CustomerVaultID__c"]
}

func TestAccountAndContactBearTheVaultsCustomerWhileItHasCards(t *testing.T) {
	h := settle(t, withPeople, vaultField)
	h.org.Keep("Account", account, nil)
	h.org.Keep("Contact", contact, nil)
	both := gateway.SourceRecords{AccountID: account[:15], ContactID: contact}
	h.tell(news(gateway.EventMethodCreated, 1, both), gateway.Told)
	if a, c := h.field("Account"), h.field("Contact"); a != "cus_1" || c != "cus_1" {
		t.Errorf("the account has %v, the contact %v", a, c)
	}
	// A batch holds payments and cards.
	verdicts := h.sink.DeliverAll(t.Context(), []gateway.Delivery{delivery(1), news(gateway.EventMethodDeleted, 0, both)})
	for _, v := range verdicts {
		if v.Outcome != gateway.Told {
			t.Errorf("%+v", v)
		}
	}
	if a, c := h.field("Account"), h.field("Contact"); a != nil || c != nil {
		t.Errorf("without cards the account has %v, the contact %v", a, c)
	}
	h.only()
}

func TestACustomerThatMovesLeavesNothingBehind(t *testing.T) {
	for name, c := range map[string]struct {
		to               gateway.SourceRecords
		account, contact any
	}{
		"to another record":              {gateway.SourceRecords{ContactID: contact}, nil, "cus_1"},
		"to none":                        {gateway.SourceRecords{}, nil, nil},
		"to one that is not there":       {ofAccount("001000000000009AAA"), nil, nil},
		"to another and the same":        {gateway.SourceRecords{AccountID: account, ContactID: contact}, "cus_1", "cus_1"},
		"to the same, written otherwise": {ofAccount(account[:15]), "cus_1", nil},
		"to one not there and one there": {gateway.SourceRecords{AccountID: "001000000000009AAA", ContactID: contact}, nil, "cus_1"},
	} {
		h := settle(t, withPeople, vaultField)
		h.org.Keep("Account", account, nil)
		h.org.Keep("Contact", contact, nil)
		h.tell(news(gateway.EventMethodCreated, 1, ofAccount(account)), gateway.Told)
		want := gateway.Told
		if c.to.AccountID == "001000000000009AAA" {
			want = gateway.Dead
		}
		h.tell(moved(ofAccount(account), c.to), want)
		if a, b := h.field("Account"), h.field("Contact"); a != c.account || b != c.contact {
			t.Errorf("%s: the account has %v, the contact %v", name, a, b)
		}
		if looks := h.org.Count(salesforcetest.OpQuery); looks > 0 && c.account != nil {
			t.Errorf("%s: a record that keeps the customer is looked at %d times", name, looks)
		}
	}
}

func TestARecordThatIsGoneIsLeftAtOnce(t *testing.T) {
	h := settle(t, withPeople, vaultField)
	h.org.Keep("Contact", contact, nil)
	for _, gone := range []string{account, "no id of theirs'", "001"} {
		h.tell(moved(ofAccount(gone), gateway.SourceRecords{ContactID: contact}), gateway.Told)
		h.tell(news(gateway.EventMethodDeleted, 0, ofAccount(gone)), gateway.Told)
	}
	if c := h.field("Contact"); c != "cus_1" {
		t.Errorf("the contact has %v", c)
	}
}

func TestARecordKeepsTheCustomerThatItWasToldOfSince(t *testing.T) {
	second := newsOf(gateway.EventMethodCreated, gateway.VaultNews{CustomerID: "cus_2", Source: ofAccount(account), Stored: 1})
	for name, late := range map[string]gateway.Delivery{
		"the first has no card any more": news(gateway.EventMethodDeleted, 0, ofAccount(account)),
		"the first has moved":            moved(ofAccount(account), gateway.SourceRecords{}),
	} {
		h := settle(t, withPeople, vaultField)
		h.org.Keep("Account", account, nil)
		h.tell(news(gateway.EventMethodCreated, 1, ofAccount(account)), gateway.Told)
		unlock := h.org.Lock(account)
		h.tell(late, gateway.Later)
		unlock()
		h.tell(second, gateway.Told)
		h.tell(late, gateway.Told)
		if a := h.field("Account"); a != "cus_2" {
			t.Errorf("%s: the account has %v", name, a)
		}
	}
}

func TestARecordThatChangesBetweenLookAndWritingIsLookedAtAgain(t *testing.T) {
	h := settle(t, withPeople, vaultField)
	h.org.Keep("Account", account, nil)
	h.tell(news(gateway.EventMethodCreated, 1, ofAccount(account)), gateway.Told)
	h.clock.pass(time.Hour)
	begun, until := make(chan struct{}), make(chan struct{})
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpUpdate, Kind: salesforcetest.Slow, Count: 1, Begun: begun, Until: until})
	emptying := news(gateway.EventMethodDeleted, 0, ofAccount(account))
	verdict := make(chan gateway.Verdict, 1)
	go func() { verdict <- h.sink.Deliver(t.Context(), emptying) }()
	<-begun
	h.tell(newsOf(gateway.EventMethodCreated, gateway.VaultNews{CustomerID: "cus_2", Source: ofAccount(account), Stored: 1}), gateway.Told)
	close(until)
	if v := <-verdict; v.Outcome != gateway.Later || v.StatusCode != 412 {
		t.Errorf("%+v", v)
	}
	h.tell(emptying, gateway.Told)
	if a := h.field("Account"); a != "cus_2" {
		t.Errorf("the account has %v", a)
	}
}

func TestACustomerOfNoRecordIsNotTold(t *testing.T) {
	for name, configure := range map[string]func(*Config){"no field": nil, "no record": vaultField} {
		source := gateway.SourceRecords{AccountID: account}
		if configure != nil {
			source = gateway.SourceRecords{}
		}
		h := settle(t, withPeople, configure)
		h.tell(news(gateway.EventMethodCreated, 1, source), gateway.Told)
		if calls := h.org.Count(salesforcetest.OpUpdate); calls != 0 {
			t.Errorf("%s: %d calls", name, calls)
		}
	}
}

func TestWhatIsWrongWithOneRecordHoldsBackNoPayment(t *testing.T) {
	for name, adjust := range map[string]func(*salesforcetest.Settings){
		"the record is gone": withPeople,
		"no such field": func(s *salesforcetest.Settings) {
			s.Objects = []salesforcetest.Object{salesforcetest.PaymentObject(), {Name: "Account"}, {Name: "Contact"}}
		},
		"no such object": nil,
	} {
		t.Run(name, func(t *testing.T) {
			h := settle(t, adjust, vaultField)
			if name == "no such field" {
				h.org.Keep("Account", account, nil)
			}
			wants := map[int]gateway.DeliveryOutcome{0: gateway.Dead, 1: gateway.Dead}
			if name == "the record is gone" {
				wants[0] = gateway.Told
			}
			for stored, want := range wants {
				v := h.tell(news(gateway.EventMethodUpdated, stored, ofAccount(account)), want)
				if v.Pause != 0 || (want == gateway.Dead && !strings.Contains(v.Detail, "then replay")) {
					t.Errorf("%d cards: %+v", stored, v)
				}
			}
			h.tell(delivery(1), gateway.Told)
		})
	}
}

func TestAnOrgThatIsAwayIsToldOfCardsLater(t *testing.T) {
	h := settle(t, withPeople, vaultField)
	h.org.Keep("Account", account, nil)
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpUpdate, Kind: salesforcetest.ResetAfter, Count: 1})
	d := news(gateway.EventMethodCreated, 1, gateway.SourceRecords{AccountID: account})
	h.tell(d, gateway.Later)
	h.tell(d, gateway.Told)
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpQuery, Kind: salesforcetest.Answer, Status: 503, Code: "SERVER_UNAVAILABLE", Count: 1})
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpQuery, Kind: salesforcetest.HTML, Status: 200, Count: 1})
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpUpdate, Kind: salesforcetest.ResetAfter, Count: 1})
	none := news(gateway.EventMethodDeleted, 0, ofAccount(account))
	for _, want := range []gateway.DeliveryOutcome{gateway.Later, gateway.Later, gateway.Later, gateway.Told} {
		h.tell(none, want)
	}
	if a := h.field("Account"); a != nil {
		t.Errorf("the account has %v", a)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range []gateway.Delivery{d, none} {
		if v := h.sink.Deliver(ctx, d); v.Outcome != gateway.Later {
			t.Errorf("after its time: %+v", v)
		}
	}
	h.org.SetUsage(100, 100)
	if v := h.tell(d, gateway.Later); v.Pause == 0 {
		t.Errorf("an org without calls left is not left alone: %+v", v)
	}
}

func TestCardsAndPaymentsOfOneAccountAreToldOneAfterTheOther(t *testing.T) {
	h := settle(t, withPeople, vaultField)
	payment := h.sink.Lane(delivery(1).Event)
	if lane := h.sink.Lane(news(gateway.EventMethodCreated, 1, gateway.SourceRecords{AccountID: account, ContactID: contact}).Event); lane != payment || lane == "" {
		t.Errorf("lane %q, that of a payment is %q", lane, payment)
	}
	if lane := h.sink.Lane(moved(ofAccount(account), gateway.SourceRecords{}).Event); lane != payment {
		t.Errorf("lane %q of a customer that has left the account", lane)
	}
}

func TestTheVaultsRecordsArePreviewed(t *testing.T) {
	h := settle(t, withPeople, vaultField)
	e, ok := mapping.Example(gateway.EventMethodCreated)
	if !ok {
		t.Fatal("there is no example")
	}
	got, err := h.sink.Preview(e)
	want := []Preview{
		{Object: "Account", ID: e.Vault.Source.AccountID, Fields: map[string]any{"CustomerVaultID__c": e.Vault.CustomerID}},
		{Object: "Contact", ID: e.Vault.Source.ContactID, Fields: map[string]any{"CustomerVaultID__c": e.Vault.CustomerID}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || err != nil {
		t.Errorf("%v, want %v (%v)", got, want, err)
	}
	got, err = h.sink.Preview(moved(ofAccount(account), gateway.SourceRecords{ContactID: contact}).Event)
	want = []Preview{
		{Object: "Account", ID: account, Fields: map[string]any{"CustomerVaultID__c": nil}},
		{Object: "Contact", ID: contact, Fields: map[string]any{"CustomerVaultID__c": "cus_1"}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || err != nil {
		t.Errorf("%v, want %v (%v)", got, want, err)
	}
}

func TestTheDoctorLooksForTheVaultsField(t *testing.T) {
	for adjust, words := range map[string]string{
		"people": "ok customer vault: CustomerVaultID__c may be written on Account and Contact",
		"none":   "neither Account nor Contact has a field CustomerVaultID__c",
	} {
		var settings func(*salesforcetest.Settings)
		if adjust == "people" {
			settings = withPeople
		}
		wantReport(t, settle(t, settings, vaultField).report(), words)
	}
}
