package salesforce

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/mapping"
	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
)

func TestAPaymentBecomesARecord(t *testing.T) {
	for name, configure := range map[string]func(*Config){"client credentials": nil, "JWT bearer": byJWT} {
		t.Run(name, func(t *testing.T) {
			h := settle(t, nil, configure)
			h.tell(delivery(1), gateway.Told)
			want := map[string]any{
				"GatewayPaymentID__c": "pay_1", "PaymentID__c": "7001", "OpportunityId__c": opportunity, "OrderId__c": order,
				"Account__c": account, "Amount__c": json.Number("19.99"), "Status__c": "Completed",
				"TransactionDate__c": "2026-11-02T11:00:00Z", "PaymentMethodType__c": "hostedFields", "Last4Digits__c": "1111",
			}
			got := h.only().Fields
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("the record is\n%v, want\n%v", got, want)
			}
		})
	}
}

func TestAPartOfAnAuthorizationIsTheAmountOfTheRecord(t *testing.T) {
	d := delivery(1)
	p := &d.Event.Payment
	p.Amount, p.Status, p.Intent, p.AcceptPartial = 10000, gateway.Authorized, gateway.IntentAuthorize, true
	p.Operations = []gateway.Operation{{ID: "op_1", Kind: gateway.KindAuthorize, Status: gateway.OpApproved, Part: true, Amount: 6000, TransactionID: "7001", CreatedAt: d.Event.At}}
	h := settle(t, nil, nil)
	h.tell(d, gateway.Told)
	if got := h.only().Fields; got["Amount__c"] != json.Number("60.00") && got["Amount__c"] != json.Number("60") {
		t.Errorf("the record is %v", got)
	}
}

func TestAnOrgIsNotToldOfVerifications(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.PlatformEvent = "Payment_Update__e" })
	for _, status := range []gateway.Status{gateway.Verified, gateway.StatusDeclined} {
		d := delivery(1)
		d.Event.Type, d.Event.Payment.Intent, d.Event.Payment.Status = "payment."+string(status), gateway.IntentVerify, status
		h.tell(d, gateway.Told)
	}
	if records := h.org.Records("Payment__c"); len(records) > 0 {
		t.Errorf("the org has %v", records)
	}
}

func TestARefundChangesTheSameRecord(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.SequenceField = "EventSequence__c" })
	d := delivery(1)
	h.tell(d, gateway.Told)
	d.Event.Payment.Status, d.Event.Version = gateway.Refunded, 5
	h.tell(d, gateway.Told)
	r := h.only()
	if r.Fields["Status__c"] != "Refunded" || r.Fields["EventSequence__c"] != json.Number("5") || len(r.Revisions) != 2 {
		t.Errorf("the record is %v after %d writes", r.Fields, len(r.Revisions))
	}
}

func TestTheAmountIsWhatWasCapturedOnceSomethingIs(t *testing.T) {
	d := delivery(1)
	p := &d.Event.Payment
	p.Amount, p.Status, p.Intent = 10000, gateway.Authorized, gateway.IntentAuthorize
	p.Operations = []gateway.Operation{{ID: "op_1", Kind: gateway.KindAuthorize, Status: gateway.OpApproved, Amount: 10000, TransactionID: "7001", CreatedAt: d.Event.At}}
	h := settle(t, nil, func(c *Config) { c.PlatformEvent = "Payment_Update__e" })
	for _, step := range []struct {
		status       gateway.Status
		kind         gateway.OperationKind
		amount       gateway.Money
		shows, value string
	}{
		{gateway.Authorized, "", 0, "100.00", "Authorized"},
		{gateway.StatusApproved, gateway.KindCapture, 4000, "40.00", "Completed"},
		{gateway.PartiallyRefunded, gateway.KindRefund, 1000, "40.00", "Completed"},
	} {
		if step.kind != "" {
			p.Operations = append(p.Operations, gateway.Operation{ID: "op_" + string(step.kind), Kind: step.kind, Status: gateway.OpApproved, Amount: step.amount, CreatedAt: d.Event.At})
		}
		p.Status = step.status
		h.tell(d, gateway.Told)
		published := h.org.Published()
		for place, fields := range map[string]map[string]any{"record": h.only().Fields, "event": published[len(published)-1].Fields} {
			if fields["Amount__c"] != json.Number(step.shows) || fields["Status__c"] != step.value {
				t.Errorf("%s: the %s has %v %v, want %s %s", step.status, place, fields["Amount__c"], fields["Status__c"], step.shows, step.value)
			}
		}
	}
}

// Of 100.00 the bank has held 60.00, and has let them go again.
func TestAPartThatIsVoidedShowsNoMoreThanWasHeld(t *testing.T) {
	d := delivery(1)
	p := &d.Event.Payment
	p.Amount, p.Intent, p.AcceptPartial = 10000, gateway.IntentAuthorize, true
	p.Operations = []gateway.Operation{{ID: "op_1", Kind: gateway.KindAuthorize, Status: gateway.OpApproved, Part: true, Amount: 6000, TransactionID: "7001", CreatedAt: d.Event.At}}
	for status, value := range map[gateway.Status]string{gateway.Authorized: "Authorized", gateway.Voided: "Voided", gateway.Expired: "Voided"} {
		p.Status = status
		h := settle(t, nil, func(c *Config) { c.PlatformEvent = "Payment_Update__e" })
		h.tell(d, gateway.Told)
		for place, fields := range map[string]map[string]any{"record": h.only().Fields, "event": h.org.Published()[0].Fields} {
			if fields["Amount__c"] != json.Number("60.00") || fields["Status__c"] != value {
				t.Errorf("%s: the %s has %v %v", status, place, fields["Amount__c"], fields["Status__c"])
			}
		}
	}
}

func TestAnUnknownPaymentHasItsRecordBeforePayTracesID(t *testing.T) {
	h := settle(t, nil, nil)
	d := delivery(1)
	d.Event.Payment.Status, d.Event.Payment.TransactionID = gateway.StatusUnknown, ""
	h.tell(d, gateway.Told)
	if r := h.only(); r.Fields["Status__c"] != "Indeterminate" || r.Fields["PaymentID__c"] != nil {
		t.Errorf("the record is %v", r.Fields)
	}
	h.tell(delivery(1), gateway.Told)
	if r := h.only(); r.Fields["Status__c"] != "Completed" || r.Fields["PaymentID__c"] != "7001" {
		t.Errorf("the record is %v", r.Fields)
	}
}

func TestALostAnswerIsToldAgainWithoutASecondRecord(t *testing.T) {
	h := settle(t, nil, nil)
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpUpsert, Kind: salesforcetest.ResetAfter, Count: 1})
	h.tell(delivery(1), gateway.Later)
	if n := h.org.Count(salesforcetest.OpUpsert); n != 1 {
		t.Fatalf("%d upserts, want one: a sink never tries again by itself", n)
	}
	h.tell(delivery(1), gateway.Told)
	if r := h.only(); len(r.Revisions) != 2 {
		t.Errorf("%d writes, want 2", len(r.Revisions))
	}
}

func TestARecordForEachOperation(t *testing.T) {
	h := settle(t, func(s *salesforcetest.Settings) {
		s.Objects = []salesforcetest.Object{salesforcetest.OperationObject()}
	},
		func(c *Config) { c.PerOperation = true })
	d := delivery(1)
	h.tell(d, gateway.Told)
	d.Event.Payment.Operations = append(d.Event.Payment.Operations, gateway.Operation{
		ID: "op_refund", Kind: gateway.KindRefund, Status: gateway.OpApproved, Amount: 500, TransactionID: "7001", CreatedAt: d.Event.At,
	})
	d.Event.Payment.Status, d.Event.OperationID = gateway.PartiallyRefunded, "op_refund"
	h.tell(d, gateway.Told)
	d.Event.OperationID = "" // such as a settlement: the first operation's record
	h.tell(d, gateway.Told)
	var got []string
	for _, r := range h.org.Records("Payment__c") {
		got = append(got, fmt.Sprint(r.Fields["GatewayOperationID__c"], r.Fields["GatewayPaymentID__c"], r.Fields["Status__c"], r.Fields["Amount__c"], len(r.Revisions)))
	}
	if fmt.Sprint(got) != "[op_1pay_1Completed19.992 op_refundpay_1Refunded5.001]" && fmt.Sprint(got) != "[op_1 pay_1 Completed 19.99 2 op_refund pay_1 Refunded 5.00 1]" {
		t.Errorf("records are %v", got)
	}
}

// A refund that was promised and is refused is not pending any more, and the payment's
// own record says by needsAttention that somebody has to see to it.
func TestARefundThatIsRefusedAtLastIsNotPendingAnyMore(t *testing.T) {
	for end, want := range map[gateway.OperationStatus]string{gateway.OpDeclined: "Declined", gateway.OpRejected: "Failed", gateway.OpCancelled: "Failed"} {
		for _, perOperation := range []bool{true, false} {
			h := settle(t, func(s *salesforcetest.Settings) {
				if perOperation {
					s.Objects = []salesforcetest.Object{salesforcetest.OperationObject()}
				}
			}, func(c *Config) {
				if c.PerOperation = perOperation; !perOperation {
					c.Rules = mapping.Rules{Fields: map[string]string{"Status__c": `needsAttention ? "Pending" : mappedStatus`}}
				}
			})
			var seen []string
			for _, status := range []gateway.OperationStatus{gateway.OpWaiting, end} {
				d := delivery(1)
				d.Event.Type, d.Event.OperationID = gateway.EventUpdated, "op_refund"
				d.Event.Payment.NeedsAttention = status != gateway.OpWaiting
				d.Event.Payment.Operations = append(d.Event.Payment.Operations, gateway.Operation{
					ID: "op_refund", Kind: gateway.KindRefund, Status: status, Amount: 500, CreatedAt: d.Event.At,
				})
				h.tell(d, gateway.Told)
				seen = append(seen, fmt.Sprint(h.only().Fields["Status__c"]))
			}
			wanted := "Pending " + want
			if !perOperation {
				wanted = "Completed Pending"
			}
			if strings.Join(seen, " ") != wanted {
				t.Errorf("%s, a record for each operation %t: %v, want %s", end, perOperation, seen, wanted)
			}
		}
	}
}

func TestCustomFieldsAreAddedOverriddenAndLeftOut(t *testing.T) {
	h := settle(t, nil, func(c *Config) {
		c.Rules = mapping.Rules{
			Fields: map[string]string{
				"PaymentMethodType__c": `cardType != "" ? "Credit Card" : nil`, "Last4Digits__c": "", "CustomerVaultID__c": `"order " + orderId`,
			},
			Statuses: map[gateway.Status]string{gateway.StatusApproved: "Pending"},
		}
	})
	h.tell(delivery(1), gateway.Told)
	r := h.only()
	if r.Fields["PaymentMethodType__c"] != "Credit Card" || r.Fields["Last4Digits__c"] != nil || r.Fields["CustomerVaultID__c"] != "order 100000001" || r.Fields["Status__c"] != "Pending" {
		t.Errorf("the record is %v", r.Fields)
	}
}

func TestALockedRowIsTriedAgain(t *testing.T) {
	h := settle(t, nil, nil)
	unlock := h.org.Lock(opportunity)
	v := h.tell(delivery(1), gateway.Later)
	if v.Pause != 0 || v.Patient || !strings.Contains(v.Detail, "UNABLE_TO_LOCK_ROW") {
		t.Errorf("a locked row: %+v", v)
	}
	unlock()
	h.tell(delivery(1), gateway.Told)
}

func TestPaymentsOfOneParentShareALane(t *testing.T) {
	h := settle(t, nil, nil)
	for _, row := range []struct {
		source gateway.SourceRecords
		want   string
	}{
		{gateway.SourceRecords{OpportunityID: opportunity, SalesforceOrderID: order, AccountID: account}, "account:001000000000001"},
		{gateway.SourceRecords{OpportunityID: "006000000000002AAA", AccountID: account}, "account:001000000000001"},
		{gateway.SourceRecords{OpportunityID: opportunity, SalesforceOrderID: order}, "opportunity:006000000000001"},
		{gateway.SourceRecords{OpportunityID: opportunity[:15]}, "opportunity:006000000000001"},
		{gateway.SourceRecords{SalesforceOrderID: order, AccountID: account}, "account:001000000000001"},
		{gateway.SourceRecords{SalesforceOrderID: order}, "order:801000000000001"},
		{gateway.SourceRecords{AccountID: account}, "account:001000000000001"},
		{gateway.SourceRecords{OpportunityID: " "}, ""},
		{gateway.SourceRecords{}, ""},
	} {
		d := delivery(1)
		d.Event.Payment.Source = row.source
		if got := h.sink.Lane(d.Event); got != row.want {
			t.Errorf("%+v has lane %q, want %q", row.source, got, row.want)
		}
	}
}

func TestAnExhaustedAPILimitPausesTheOrg(t *testing.T) {
	h := settle(t, nil, nil)
	h.org.SetUsage(15_000, 15_000)
	v := h.tell(delivery(1), gateway.Later)
	if v.Pause != limitPause || v.StatusCode != 403 || !strings.Contains(v.Detail, "REQUEST_LIMIT_EXCEEDED") {
		t.Errorf("an exhausted limit: %+v", v)
	}
	h.org.SetUsage(0, 15_000)
	if v := h.tell(delivery(1), gateway.Told); v.Pause != 0 {
		t.Errorf("pauses %s after the limit is gone", v.Pause)
	}
}

func TestAbove90PercentOfItsAPICallsTheOrgIsSpared(t *testing.T) {
	for used, pause := range map[int64]time.Duration{12_000: 0, 13_498: 0, 13_499: busyPause, 14_990: busyPause} {
		h := settle(t, nil, nil)
		h.org.SetUsage(used, 15_000)
		v := h.tell(delivery(1), gateway.Told)
		if v.Pause != pause || (pause > 0) != strings.Contains(v.Detail, "API calls") {
			t.Errorf("after %d calls: pause %s (%s), want %s", used+1, v.Pause, v.Detail, pause)
		}
		if u := h.sink.Usage(); u.Used != used+1 || u.Total != 15_000 || !u.At.Equal(h.clock.Now()) {
			t.Errorf("the gauge shows %+v", u)
		}
	}
}

func TestSeveralRecordsWithOneIDAreDead(t *testing.T) {
	h := settle(t, nil, nil)
	for range 2 {
		h.org.Insert("Payment__c", map[string]any{"GatewayPaymentID__c": "pay_1"})
	}
	v := h.tell(delivery(1), gateway.Dead)
	if v.StatusCode != 300 || !strings.Contains(v.Detail, "merge") {
		t.Errorf("duplicates: %+v", v)
	}
	v = h.sink.DeliverAll(t.Context(), []gateway.Delivery{delivery(1), delivery(2)})[0]
	if v.Outcome != gateway.Dead || !strings.Contains(v.Detail, "DUPLICATE_EXTERNAL_ID") {
		t.Errorf("duplicates in a collection: %+v", v)
	}
}

func TestWhatTheDataIsToBlameForIsDeadAndNamesTheField(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*gateway.Payment)
		want   []string
	}{
		"a value that the picklist lacks": {func(p *gateway.Payment) { p.Status = gateway.PartiallyRefunded }, []string{"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Status__c", "add it"}},
		"a text that is too long":         {func(p *gateway.Payment) { p.CustomerVaultID = strings.Repeat("v ", 40) }, []string{"STRING_TOO_LONG", "CustomerVaultID__c", "left()"}},
		"an id of another kind":           {func(p *gateway.Payment) { p.Source.OpportunityID = account }, []string{"MALFORMED_ID", "OpportunityId__c", "skip"}},
		"a parent that is not there":      {func(p *gateway.Payment) { p.Source.AccountID = "001000000000009AAA" }, []string{"INVALID_CROSS_REFERENCE_KEY", "Account__c"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := settle(t, nil, func(c *Config) {
				c.Rules.Statuses = map[gateway.Status]string{gateway.PartiallyRefunded: "Partially Refunded"}
			})
			d := delivery(1)
			row.change(&d.Event.Payment)
			v := h.tell(d, gateway.Dead)
			for _, want := range append(row.want, "upsert of Payment__c pay_1") {
				if !strings.Contains(v.Detail, want) {
					t.Errorf("%q is not in: %s", want, v.Detail)
				}
			}
		})
	}
}

func TestAFieldThatTheOrgLacksIsNamed(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.Rules.Fields = map[string]string{"StoreCode__c": "orderId"} })
	v := h.tell(delivery(1), gateway.Later)
	if v.Pause != setUpPause || !strings.Contains(v.Detail, "INVALID_FIELD") || !strings.Contains(v.Detail, "StoreCode__c") {
		t.Errorf("a missing field: %s", v.Detail)
	}
}

func TestAnObjectThatTheOrgLacksIsWaitedFor(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.Object = "Payments__c" })
	if v := h.tell(delivery(1), gateway.Later); v.Pause != setUpPause || !strings.Contains(v.Detail, "NOT_FOUND") || !strings.Contains(v.Detail, "check object") {
		t.Errorf("a missing object: %s", v.Detail)
	}
}

func TestAValueInUseIsTriedAgain(t *testing.T) {
	h := settle(t, nil, nil)
	h.org.Insert("Payment__c", map[string]any{"GatewayPaymentID__c": "pay_0", "PaymentID__c": "7001"})
	if v := h.tell(delivery(1), gateway.Later); !strings.Contains(v.Detail, "DUPLICATE_VALUE") {
		t.Errorf("a value in use: %s", v.Detail)
	}
}

func TestWhatConcernsNoPaymentHadNotToBeTold(t *testing.T) {
	h := settle(t, nil, nil)
	unmatched := gateway.Delivery{Event: gateway.Event{ID: "evt_u", Type: "transaction.unmatched", Transaction: &gateway.Record{TransactionID: "9"}}}
	if v := h.tell(unmatched, gateway.Told); v.Detail == "" || len(h.org.Calls()) != 0 {
		t.Errorf("unmatched: %+v after %d calls", v, len(h.org.Calls()))
	}
	verdicts := h.sink.DeliverAll(t.Context(), []gateway.Delivery{delivery(1), unmatched, delivery(2)})
	for i, v := range verdicts {
		if v.Outcome != gateway.Told || (i == 1) != (v.Detail != "") {
			t.Errorf("verdict %d is %+v", i, v)
		}
	}
}

func TestAttentionReachesTheRecord(t *testing.T) {
	h := settle(t, nil, func(c *Config) {
		c.Rules.Fields = map[string]string{"PaymentMethodType__c": `needsAttention ? "look" : nil`}
	})
	d := delivery(1)
	d.Event.Type, d.Event.Payment.NeedsAttention = "operator.attention", true
	h.tell(d, gateway.Told)
	if r := h.only(); r.Fields["PaymentMethodType__c"] != "look" {
		t.Errorf("the record is %v", r.Fields)
	}
}

func TestAPlatformEventIsPublishedAfterTheUpsert(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.PlatformEvent = "Payment_Update__e" })
	h.tell(delivery(1), gateway.Told)
	h.only()
	published := h.org.Published()
	if len(published) != 1 || published[0].Fields["EventID__c"] != "evt_1" || published[0].Fields["Status__c"] != "Completed" {
		t.Errorf("published %v", published)
	}
}

func TestAnEventThatIsNotTakenIsPublishedAgain(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.PlatformEvent = "Payment_Update__e" })
	h.org.Order(salesforcetest.Fault{
		Operation: salesforcetest.OpPublish, Kind: salesforcetest.Answer, Count: 1, Status: 201,
		Body: `{"success":false,"errors":[{"statusCode":"PLATFORM_EVENT_PUBLISHING_UNAVAILABLE","message":"try later","fields":[]}]}`,
	})
	if v := h.tell(delivery(1), gateway.Later); v.Pause != serverPause {
		t.Errorf("not published: %+v", v)
	}
	h.tell(delivery(1), gateway.Told)
	if n := len(h.org.Published()); n != 1 {
		t.Errorf("%d events, want one", n)
	}
}

func TestAMappingThatFailsIsDeadWithoutACall(t *testing.T) {
	h := settle(t, nil, func(c *Config) { c.Rules.Fields = map[string]string{"Amount__c": "number(orderId)"} })
	d := delivery(1)
	d.Event.Payment.OrderID = "A-100"
	v := h.tell(d, gateway.Dead)
	if !strings.Contains(v.Detail, "Amount__c") || len(h.org.Calls()) != 0 {
		t.Errorf("%s after %d calls", v.Detail, len(h.org.Calls()))
	}
	verdicts := h.sink.DeliverAll(t.Context(), []gateway.Delivery{delivery(2), d})
	if verdicts[0].Outcome != gateway.Told || verdicts[1].Outcome != gateway.Dead {
		t.Errorf("in a batch: %+v", verdicts)
	}
}

func TestPreviewSendsNothing(t *testing.T) {
	h := settle(t, nil, nil)
	shown, err := h.sink.Preview(delivery(1).Event)
	p, ok := shown.(Preview)
	if err != nil || !ok || p.ID != "pay_1" || p.Fields["Status__c"] != "Completed" || len(h.org.Calls()) != 0 {
		t.Errorf("%v %v after %d calls", shown, err, len(h.org.Calls()))
	}
}

// One change may end several operations, of which its event names one: a void closes
// the refunds that waited for settlement.
func TestWhatAVoidHasClosedIsPendingInNoRecord(t *testing.T) {
	at := time.Date(2026, 11, 2, 11, 0, 0, 0, time.UTC)
	later := at.Add(time.Hour)
	voided := func(n int) gateway.Delivery {
		d := delivery(n)
		p := &d.Event.Payment
		charge, refund, void := fmt.Sprintf("op_charge_%d", n), fmt.Sprintf("op_refund_%d", n), fmt.Sprintf("op_void_%d", n)
		p.Operations = []gateway.Operation{
			{ID: charge, Kind: gateway.KindSale, Status: gateway.OpApproved, Amount: 1999, CreatedAt: at, UpdatedAt: at},
			{ID: refund, Kind: gateway.KindRefund, Status: gateway.OpApproved, ProcessedAs: gateway.AsVoid, Amount: 500, CreatedAt: at, UpdatedAt: later},
			{ID: void, Kind: gateway.KindVoid, Status: gateway.OpApproved, Amount: 1999, CreatedAt: later, UpdatedAt: later},
		}
		p.Status, p.UpdatedAt, d.Event.OperationID = gateway.Voided, later, void
		return d
	}
	h := settle(t, func(s *salesforcetest.Settings) {
		s.Objects = []salesforcetest.Object{salesforcetest.OperationObject()}
	},
		func(c *Config) { c.PerOperation = true })
	h.tell(voided(1), gateway.Told)
	for _, v := range h.sink.DeliverAll(t.Context(), []gateway.Delivery{voided(2), voided(3)}) {
		if v.Outcome != gateway.Told {
			t.Errorf("%+v", v)
		}
	}
	shown := map[string]int{}
	for _, r := range h.org.Records("Payment__c") {
		shown[fmt.Sprint(r.Fields["Status__c"])]++
	}
	if len(shown) != 2 || shown["Voided"] != 3 || shown["Refunded"] != 3 {
		t.Errorf("the records show %v", shown)
	}
}
