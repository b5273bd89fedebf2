package salesforce

import (
	"context"
	"fmt"
	"strings"
	"testing"

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
	return gateway.Delivery{ID: "dlv_1", MerchantID: "m", Event: gateway.Event{
		ID: "evt_1", MerchantID: "m", Type: kind, Version: 2,
		Vault: &gateway.VaultNews{CustomerID: "cus_1", Source: source, Stored: stored, Method: gateway.VaultMethod{ID: "pm_1"}},
	}}
}

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
	verdicts := h.sink.DeliverAll(t.Context(), []gateway.Delivery{delivery(1), news(gateway.EventMethodDeleted, 0, gateway.SourceRecords{ContactID: contact})})
	for _, v := range verdicts {
		if v.Outcome != gateway.Told {
			t.Errorf("%+v", v)
		}
	}
	if a, c := h.field("Account"), h.field("Contact"); a != "cus_1" || c != nil {
		t.Errorf("without cards the contact has %v; the account %v", c, a)
	}
	h.only()
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
			v := h.tell(news(gateway.EventMethodCreated, 1, gateway.SourceRecords{AccountID: account}), gateway.Dead)
			if v.Pause != 0 || !strings.Contains(v.Detail, "then replay") {
				t.Errorf("%+v", v)
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
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v := h.sink.Deliver(ctx, d); v.Outcome != gateway.Later {
		t.Errorf("after its time: %+v", v)
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
