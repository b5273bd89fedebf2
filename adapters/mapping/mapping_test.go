package mapping

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.FixedZone("east", 3600))

// event is a payment of 19.99, of which 5.00 were refunded by the operation
// that it tells of.
func event() gateway.Event {
	p := gateway.Payment{
		ID: "pay_1", MerchantID: "m", Status: gateway.PartiallyRefunded, Intent: gateway.IntentSale, Amount: 1999, Currency: "USD",
		OrderID: "100", Source: gateway.SourceRecords{OpportunityID: "006A"}, Metadata: map[string]string{"channel": "web", "amount": "abc"},
		Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111"}, TransactionID: "777", Version: 4, CreatedAt: noon,
		Operations: []gateway.Operation{
			{ID: "op_1", Kind: gateway.KindSale, Status: gateway.OpApproved, Amount: 1999},
			{ID: "op_2", Kind: gateway.KindRefund, Status: gateway.OpApproved, Amount: 500},
		},
	}
	return gateway.Event{ID: "evt_1", MerchantID: "m", PaymentID: p.ID, OperationID: "op_2", Type: "payment.partially_refunded", Version: 4, At: noon, Payment: p}
}

func fieldsOf(t *testing.T, rules Rules, e gateway.Event) map[string]any {
	t.Helper()
	m, err := Compile(Rules{}, rules)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := m.Fields(e)
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestExpressionsSeeTheMembersOfTheAPI(t *testing.T) {
	statuses := map[gateway.Status]string{gateway.PartiallyRefunded: "Part", gateway.Refunded: "Back"}
	for _, row := range []struct {
		source string
		want   any
	}{
		{`paymentId`, "pay_1"},
		{`amount`, "19.99"},
		{`number(amount)`, json.Number("19.99")},
		{`number(refundedAmount)`, json.Number("5.00")},
		{`number(operation.amount)`, json.Number("5.00")},
		{`version`, int64(4)},
		{`at`, "2026-11-02T11:00:00Z"},
		{`mappedStatus`, "Part"},
		{`operation.mappedStatus`, "Back"},
		{`operation.operationKind`, "refund"},
		{`sourceRecords.opportunityId`, "006A"},
		{`metadata.channel`, "web"},
		{`metadata["channel"] == "web"`, true},
		{`upper(cardType) + " " + last4Digits`, "VISA 1111"},
		{`status in ["refunded", "partially_refunded"] ? "back" : "kept"`, "back"},
		{`{"visa": "VI", "amex": "AX"}[cardType] ?? "other"`, "VI"},
		{`left("éèê", 2)`, "éè"},
		{`needsAttention`, false},
		{`settledAt == "" ? nil : settledAt`, nil},
	} {
		fields := fieldsOf(t, Rules{Fields: map[string]string{"F": row.source}, Statuses: statuses}, event())
		if got, there := fields["F"]; !there || got != row.want {
			t.Errorf("%s gives %#v (%t), want %#v", row.source, got, there, row.want)
		}
	}
}

func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	e := event()
	e.Payment.TransactionID, e.Payment.Metadata = "", nil
	fields := fieldsOf(t, Rules{Fields: map[string]string{
		"A": "transactionId", "B": `metadata.channel`, "C": `number(metadata.channel)`, "D": "settledAt", "E": "decline.code",
	}}, e)
	if len(fields) != 0 {
		t.Errorf("told %v of nothing", fields)
	}
}

func TestOwnRulesOverrideAddAndTakeAway(t *testing.T) {
	defaults := Rules{
		Fields:   map[string]string{"Kept": "paymentId", "Changed": "status", "Gone": "amount"},
		Statuses: map[gateway.Status]string{gateway.Settled: "Completed", gateway.Voided: "Voided"},
	}
	m, err := Compile(defaults, Rules{
		Fields:   map[string]string{"Changed": "mappedStatus", "Gone": " ", "New": "orderId"},
		Statuses: map[gateway.Status]string{gateway.Settled: "Paid out"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.Names(), " "); got != "Changed Kept New" {
		t.Errorf("fields are %s", got)
	}
	if m.Status(gateway.Settled) != "Paid out" || m.Status(gateway.Voided) != "Voided" {
		t.Errorf("statuses are %v", m.statuses)
	}
	if len(defaults.Fields) != 3 || defaults.Statuses[gateway.Settled] != "Completed" {
		t.Error("the defaults were changed")
	}
}

func TestAFaultNamesFieldAndExpression(t *testing.T) {
	for source, want := range map[string]string{
		`amout`:                         "unknown name amout",
		`sourceRecords.opportunity`:     "opportunity",
		`status + 1`:                    "mismatched types",
		`if(`:                           "unexpected token",
		`float(amount) * 2`:             "unknown name float",
		`version / 3`:                   "binary fraction",
		`[1, 2]`:                        "a field takes",
		`metadata`:                      "a field takes",
		`sourceRecords`:                 "a field takes",
		`now()`:                         "unknown name now",
		`repeat(status, 1000000)`:       "unknown name repeat",
		`map([1, 2], # * 2)`:            "map",
		`len(1..1000000000)`:            "ranges",
		`let x = status; x + x`:         "let",
		`status; amount`:                "sequences",
		`fromJSON(status)`:              "unknown name fromJSON",
		`number(version)`:               "number",
		strings.Repeat("(", 300):        "unexpected token",
		strings.Repeat(" ", 3000):       "",
		`"` + strings.Repeat("x", 2000): "longer than",
		strings.Repeat("1+", 300) + "1": "node",
	} {
		_, err := Compile(Rules{}, Rules{Fields: map[string]string{"Amount__c": source}})
		switch {
		case want == "" && err == nil:
		case err == nil:
			t.Errorf("%.60s was taken", source)
		case !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "field Amount__c: "):
			t.Errorf("%.60s: %v", source, err)
		}
	}
}

func TestAFaultOfANameSaysWhatWasMeantOrWhatThereIs(t *testing.T) {
	const all, meant = "; available are accountType, amount, ", "; did you mean "
	for source, want := range map[string]string{
		`amout`: meant + "amount?", `mapedStatus + "x"`: meant + "mappedStatus?", `leftt(status, 2)`: meant + "left?",
		`nothing`: all, `sourceRecords.opportunity`: all, `status + 1`: "(1:8)",
	} {
		_, err := Compile(Rules{}, Rules{Fields: map[string]string{"Amount__c": source}})
		if err == nil || !strings.Contains(err.Error(), want) || (want != all && strings.Contains(err.Error(), "available")) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
}

func TestAnExpressionThatCanNeverWorkIsRefused(t *testing.T) {
	for _, source := range []string{
		`[1][5]`, `number(status)`, `int(amount)`, `true ? 1.5 : "x"`, `version % 0`, `number(operation.operationStatus)`, `int(createdAt)`,
	} {
		_, err := Compile(Rules{}, Rules{Fields: map[string]string{"Amount__c": source}})
		if err == nil || !strings.Contains(err.Error(), "Amount__c") || !strings.Contains(err.Error(), "every event") {
			t.Errorf("%s: %v", source, err)
		}
	}
	for _, source := range []string{
		// Some payments have what it needs, or may have.
		`int(transactionId)`, `settledAt == "" ? number(status) : "x"`, `{"refunded": [1]}[status][0]`, `{"declined": [1]}[operation.mappedStatus] ?? 0`,
		// What callers write, nobody foresees.
		`int(metadata.count)`, `int(storeCode)`, `{"eu": [1]}[storeCode][0]`, `int($env["channel"])`, `int(operation.channel)`, `int(sourceRecords.contactId)`,
	} {
		if _, err := Compile(Rules{}, Rules{Fields: map[string]string{"F": source}}); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestOnlyMembersThatThereAreAreForeseen(t *testing.T) {
	all := members(reflect.TypeFor[Environment](), "")
	for _, name := range foreseen {
		if !slices.Contains(all, name) {
			t.Errorf("%s is no member", name)
		}
	}
}

func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	_, err := Compile(Rules{}, Rules{
		Fields:   map[string]string{"A": "x", "B": "y"},
		Statuses: map[gateway.Status]string{"paid": "Paid", gateway.Settled: ""},
	})
	for _, want := range []string{"field A", "field B", `"paid" is no state`, "no word for settled"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
}

func TestAnEvaluationThatFailsNamesTheField(t *testing.T) {
	m, err := Compile(Rules{}, Rules{Fields: map[string]string{
		"Good": "paymentId", "Bad": "number(metadata.amount)", "Worse": `int(metadata.channel) % 0`, "Loose": `metadata.channel == "web" ? 1.5 : "none"`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	fields, err := m.Fields(event())
	for _, want := range []string{"field Bad", "field Worse", "field Loose"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
	if fields["Good"] != "pay_1" || len(fields) != 1 {
		t.Errorf("fields are %v", fields)
	}
}

func TestAnEventOfNoOperationTellsOfTheFirst(t *testing.T) {
	e := event()
	e.OperationID = ""
	if got := fieldsOf(t, Rules{Fields: map[string]string{"F": "operation.operationId"}}, e)["F"]; got != "op_1" {
		t.Errorf("the operation is %v", got)
	}
	if _, ok := OperationOf(gateway.Event{}); ok {
		t.Error("an event without a payment has an operation")
	}
}

func TestAnOperationStandsForOneState(t *testing.T) {
	kinds := []gateway.OperationKind{gateway.KindSale, gateway.KindAuthorize, gateway.KindCapture, gateway.KindVoid, gateway.KindRefund, gateway.KindAdjust}
	for _, kind := range kinds {
		for status, want := range map[gateway.OperationStatus]gateway.Status{
			gateway.OpSending: gateway.Sending, gateway.OpWaiting: gateway.Sending, gateway.OpDeclined: gateway.StatusDeclined,
			gateway.OpRejected: gateway.Failed, gateway.OpNotSent: gateway.Failed, gateway.OpFailed: gateway.Failed,
			gateway.OpCancelled: gateway.Failed, gateway.OpUnknown: gateway.StatusUnknown,
			gateway.OpApproved: map[gateway.OperationKind]gateway.Status{
				gateway.KindSale: gateway.StatusApproved, gateway.KindAuthorize: gateway.Authorized, gateway.KindCapture: gateway.StatusApproved,
				gateway.KindVoid: gateway.Voided, gateway.KindRefund: gateway.Refunded, gateway.KindAdjust: gateway.StatusApproved,
			}[kind],
		} {
			if got := standing(gateway.Payment{}, gateway.Operation{Kind: kind, Status: status}); got != want {
				t.Errorf("%s %s stands for %s, want %s", kind, status, got, want)
			}
		}
	}
}

func TestAnOperationOfABankPaymentStandsForWhatABankHasSaid(t *testing.T) {
	accepted := gateway.Payment{Status: gateway.Accepted}
	done := func(kind gateway.OperationKind) gateway.Operation {
		return gateway.Operation{Kind: kind, Status: gateway.OpApproved}
	}
	back := done(gateway.KindSale)
	back.Return = &gateway.BankReturn{Code: "R01"}
	for _, c := range []struct {
		op   gateway.Operation
		want gateway.Status
	}{
		{done(gateway.KindSale), gateway.Accepted}, {done(gateway.KindCapture), gateway.Accepted}, {done(gateway.KindAuthorize), gateway.Authorized},
		{gateway.Operation{Kind: gateway.KindRefund, Status: gateway.OpWaiting}, gateway.Sending}, {back, gateway.Returned},
	} {
		if got := standing(accepted, c.op); got != c.want {
			t.Errorf("%+v stands for %s, want %s", c.op, got, c.want)
		}
	}
	e := gateway.Event{Payment: gateway.Payment{
		Status: gateway.Returned, Bank: &gateway.BankSummary{LastFour: "8206", AccountType: gateway.Savings, HolderType: gateway.Personal},
		Operations: []gateway.Operation{back},
	}}
	env := environmentOf(e, map[gateway.Status]string{gateway.Returned: "Returned"})
	if env.Last4Digits != "8206" || env.AccountType != "savings" || env.HolderType != "personal" || env.Operation.ReturnCode != "R01" ||
		env.MappedStatus != "Returned" || env.Operation.MappedStatus != "Returned" {
		t.Errorf("%+v", env)
	}
}

func FuzzExpressions(f *testing.F) {
	for _, seed := range []string{`number(amount)`, `{"a": 1}[status] ?? nil`, `metadata.x matches "^a+"`, `upper(left(status, 3)) + at`, `$env`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		m, err := Compile(Rules{}, Rules{Fields: map[string]string{"F": source}})
		if err != nil {
			return
		}
		fields, err := m.Fields(event())
		if err != nil {
			return
		}
		told, err := json.Marshal(fields)
		if err != nil || len(told) > 200_000 {
			t.Errorf("%q gives %d bytes: %v", source, len(told), err)
		}
	})
}
