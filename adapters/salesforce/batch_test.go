package salesforce

import (
	"fmt"
	"strings"
	"testing"

	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
)

func deliveries(from, to int) []gateway.Delivery {
	var all []gateway.Delivery
	for n := from; n <= to; n++ {
		all = append(all, delivery(n))
	}
	return all
}

func TestTwoHundredAreToldByOneCall(t *testing.T) {
	h := settle(t, nil, nil)
	verdicts := h.sink.DeliverAll(t.Context(), deliveries(1, h.sink.BatchLimit()))
	for i, v := range verdicts {
		if v.Outcome != gateway.Told || v.StatusCode != 200 {
			t.Fatalf("verdict %d is %+v", i, v)
		}
	}
	if len(verdicts) != 200 || h.org.Count(salesforcetest.OpCollection) != 1 || len(h.org.Records("Payment__c")) != 200 {
		t.Errorf("%d verdicts after %d calls, %d records", len(verdicts), h.org.Count(salesforcetest.OpCollection), len(h.org.Records("Payment__c")))
	}
}

func TestInABatchEachIsJudgedByItself(t *testing.T) {
	h := settle(t, nil, nil)
	batch := deliveries(1, 4)
	batch[1].Event.Payment.Source.OpportunityID = account
	batch[2].Event.Payment.Source = gateway.SourceRecords{OpportunityID: "006000000000002AAA"}
	h.org.AddParent("006000000000002AAA")
	defer h.org.Lock("006000000000002AAA")()
	verdicts := h.sink.DeliverAll(t.Context(), batch)
	for i, want := range []struct {
		outcome gateway.DeliveryOutcome
		words   string
	}{{gateway.Told, ""}, {gateway.Dead, "MALFORMED_ID OpportunityId__c"}, {gateway.Later, "UNABLE_TO_LOCK_ROW"}, {gateway.Told, ""}} {
		if v := verdicts[i]; v.Outcome != want.outcome || !strings.Contains(v.Detail, want.words) {
			t.Errorf("verdict %d is %+v, want %s with %q", i, v, want.outcome, want.words)
		}
	}
}

func TestOneBadValueDoesNotKillABatch(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.Rules.Fields = map[string]string{"TransactionDate__c": "storeCode"} })
	batch := deliveries(1, 64)
	batch[37].Event.Payment.StoreCode = "no date"
	verdicts := h.sink.DeliverAll(t.Context(), batch)
	for i, v := range verdicts {
		want := gateway.Told
		if i == 37 {
			want = gateway.Dead
		}
		if v.Outcome != want {
			t.Errorf("verdict %d is %+v, want %s", i, v, want)
		}
	}
	if n := h.org.Count(salesforcetest.OpCollection); n > maxHalvings {
		t.Errorf("it took %d calls", n)
	}
}

func TestTheSearchForABadValueIsBounded(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.Rules.Fields = map[string]string{"TransactionDate__c": `"no date"`} })
	verdicts := h.sink.DeliverAll(t.Context(), deliveries(1, 200))
	dead := 0
	for i, v := range verdicts {
		switch v.Outcome {
		case gateway.Dead:
			dead++
		case gateway.Told:
			t.Errorf("verdict %d is %+v", i, v)
		}
	}
	if n := h.org.Count(salesforcetest.OpCollection); n > maxHalvings || dead == 0 {
		t.Errorf("%d dead after %d calls", dead, n)
	}
}

func TestWhatTheOrgLacksIsNotSearchedFor(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.Rules.Fields = map[string]string{"StoreCode__c": "orderId"} })
	for i, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 8)) {
		if v.Outcome != gateway.Later || (v.Pause == setUpPause) != (i == 0) || !strings.Contains(v.Detail, "StoreCode__c") {
			t.Errorf("verdict %d is %+v", i, v)
		}
	}
	if n := h.org.Count(salesforcetest.OpCollection); n != 1 {
		t.Errorf("it took %d calls, want one", n)
	}
}

func TestABatchPausesOnce(t *testing.T) {
	h := settle(t, nil, nil)
	h.org.SetUsage(15_000, 15_000)
	for i, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 3)) {
		if v.Outcome != gateway.Later || (v.Pause > 0) != (i == 0) {
			t.Errorf("verdict %d is %+v", i, v)
		}
	}
}

func TestABatchWhoseAnswerIsNotOfItsLengthIsTriedAgain(t *testing.T) {
	for _, body := range []string{`[]`, `[{"success":true,"errors":[]}]`, `{"success":true}`, `null`, ``} {
		h := settle(t, nil, nil)
		h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpCollection, Kind: salesforcetest.Answer, Status: 200, Body: body})
		for i, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 2)) {
			if v.Outcome != gateway.Later {
				t.Errorf("%s: verdict %d is %+v", body, i, v)
			}
		}
	}
}

func TestABatchBesideItsLostAnswerMakesNoSecondRecords(t *testing.T) {
	h := settle(t, nil, nil)
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpCollection, Kind: salesforcetest.ResetAfter, Count: 1})
	for _, want := range []gateway.DeliveryOutcome{gateway.Later, gateway.Told} {
		for _, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 3)) {
			if v.Outcome != want {
				t.Errorf("%+v, want %s", v, want)
			}
		}
	}
	if n := len(h.org.Records("Payment__c")); n != 3 {
		t.Errorf("%d records", n)
	}
}

func TestAnItemThatIsRefusedLeavesTheOthers(t *testing.T) {
	h := settle(t, nil, nil)
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpCollection, Kind: salesforcetest.Item, Item: 1, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "Amount too high"})
	var got []string
	for _, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 3)) {
		got = append(got, string(v.Outcome))
	}
	if fmt.Sprint(got) != "[delivered dead delivered]" {
		t.Errorf("outcomes are %v", got)
	}
}

func TestThePlatformEventsOfABatchGoInOneCall(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.PlatformEvent = "Payment_Update__e" })
	batch := deliveries(1, h.sink.BatchLimit())
	batch[3].Event.Payment.Source.OpportunityID = account // its record is refused
	batch[5].Event.PaymentID = ""                         // it is about no payment
	batch[7].Event.ID = strings.Repeat("e", 65)           // its event is refused
	for i, v := range h.sink.DeliverAll(t.Context(), batch) {
		want := gateway.Told
		if i == 3 || i == 7 {
			want = gateway.Dead
		}
		if v.Outcome != want {
			t.Errorf("verdict %d is %+v, want %s", i, v, want)
		}
	}
	if n := len(h.org.Published()); n != 22 || len(h.org.Calls()) != 3 || len(h.org.Records("Payment__c")) != 23 {
		t.Errorf("%d events, %d records in %d calls", n, len(h.org.Records("Payment__c")), len(h.org.Calls()))
	}
}

func TestEventsThatAreRefusedTogetherAreTriedAgain(t *testing.T) {
	for _, fault := range []salesforcetest.Fault{
		{Kind: salesforcetest.Answer, Status: 400, Code: "JSON_PARSER_ERROR"},
		{Kind: salesforcetest.Answer, Status: 200, Body: `{"compositeResponse":[]}`},
		{Kind: salesforcetest.Answer, Status: 200, Body: `{"compositeResponse":[{"referenceId":"event1","httpStatusCode":201,"body":{"success":true}},{"referenceId":"event0","httpStatusCode":201,"body":{"success":true}}]}`},
		{Kind: salesforcetest.ResetAfter},
	} {
		h := settle(t, nil, func(c *Config) { c.PlatformEvent = "Payment_Update__e" })
		fault.Operation, fault.Count = salesforcetest.OpComposite, 1
		h.org.Order(fault)
		for _, want := range []gateway.DeliveryOutcome{gateway.Later, gateway.Told} {
			for i, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 2)) {
				if v.Outcome != want {
					t.Errorf("%+v: verdict %d is %+v, want %s", fault, i, v, want)
				}
			}
		}
	}
}

func TestABatchSparesABusyOrgToo(t *testing.T) {
	h := settle(t, nil, nil)
	h.org.SetUsage(14_500, 15_000)
	for i, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 2)) {
		if v.Outcome != gateway.Told || (v.Pause == busyPause) != (i == 0) {
			t.Errorf("verdict %d is %+v", i, v)
		}
	}
}
