package gateway

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"
	"time"
)

var (
	noon    = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	shop    = Merchant{ID: "main", Currency: "USD", SendWindow: DefaultSendWindow, CallDeadline: DefaultCallDeadline}
	present = moment{now: noon, sender: "test", intentID: "first"}
)

// made returns a payment whose first operation was approved.
func made(t *testing.T, intent Intent, amount Money) Payment {
	t.Helper()
	v := verb{merchant: shop, key: "k"}
	change := newPayment(v, Caller{MerchantID: "main", Key: "k"}, CreatePayment{Intent: intent, Amount: amount, Currency: "USD"}, VaultMethod{}, present)
	return concluded(t, change, Result{Outcome: Approved, TransactionID: "100"})
}

func concluded(t *testing.T, c Change, r Result) Payment {
	t.Helper()
	done, err := conclude(c.Payment, sent(c), r, noon)
	if err != nil {
		t.Fatal(err)
	}
	return done.Payment
}

// sent is the operation of a change as it left.
func sent(c Change) Operation {
	op, _ := c.Payment.Operation(c.Operation)
	return op
}

func newOp() Operation { return Operation{ID: NewOperationID(noon), CreatedAt: noon} }

func money(m Money) *Money { return &m }

func code(err error) Code {
	if e, ok := err.(*Error); ok {
		return e.Code
	}
	return ""
}

func TestMovesNeverGoBackwards(t *testing.T) {
	// The two ways back that the design names.
	back := map[Status][]Status{Failed: {Sending, Voided, Refunded}}
	rank := map[Status]int{
		Sending: 0, StatusUnknown: 1, Authorized: 2, Accepted: 3, StatusApproved: 4, Settled: 5, PartiallyRefunded: 6, Refunded: 7,
		Voided: 7, Expired: 7, StatusDeclined: 7, Failed: 7, Returned: 7, Verified: 4,
	}
	for from, tos := range moves {
		for _, to := range tos {
			if rank[to] <= rank[from] && !slices.Contains(back[from], to) {
				t.Errorf("%s may move back to %s", from, to)
			}
		}
	}
	for status := range rank {
		if !KnownStatus(status) {
			t.Errorf("%s is not a known status", status)
		}
	}
}

func TestAMoveThatIsNotInTheTableIsRefused(t *testing.T) {
	p := Payment{Status: Voided}
	if err := p.move(StatusApproved); err == nil || p.Status != Voided {
		t.Errorf("a voided payment moved to %s, %v", p.Status, err)
	}
}

func TestAVerbLeavesTheOldPaymentAlone(t *testing.T) {
	before := made(t, IntentAuthorize, 1000)
	status, version, operations := before.Status, before.Version, len(before.Operations)
	change, err := decideCapture(before, newOp(), CapturePayment{}, present, shop)
	if err != nil {
		t.Fatal(err)
	}
	concluded(t, change, Result{Outcome: Approved, TransactionID: "100"})
	if before.Status != status || before.Version != version || len(before.Operations) != operations {
		t.Errorf("the old payment changed: %+v", before)
	}
	if change.Payment.Version != version+1 || change.Base != version {
		t.Errorf("version %d on base %d, want %d on %d", change.Payment.Version, change.Base, version+1, version)
	}
}

func TestWhatAnAnswerMakesOfAPayment(t *testing.T) {
	cases := []struct {
		intent  Intent
		outcome Outcome
		want    Status
		replies bool
	}{
		{IntentSale, Approved, StatusApproved, true},
		{IntentAuthorize, Approved, Authorized, true},
		{IntentVerify, Approved, Verified, true},
		{IntentSale, Declined, StatusDeclined, true},
		{IntentSale, Rejected, Failed, true},
		{IntentSale, NotSent, Failed, false},
		{IntentSale, Unknown, StatusUnknown, false},
	}
	for _, c := range cases {
		change := newPayment(verb{merchant: shop, key: "k"}, Caller{}, CreatePayment{Intent: c.intent, Amount: 500}, VaultMethod{}, present)
		done, err := conclude(change.Payment, sent(change), Result{Outcome: c.outcome, Rejection: &Rejection{}}, noon)
		if err != nil {
			t.Fatal(err)
		}
		if done.Payment.Status != c.want || (done.Reply != nil) != c.replies {
			t.Errorf("%s of a %s: status %s, reply %v", c.outcome, c.intent, done.Payment.Status, done.Reply != nil)
		}
		if len(done.Events) != 1 || done.Events[0].Type != "payment."+string(c.want) || done.Events[0].Version != done.Payment.Version {
			t.Errorf("%s told %+v", c.outcome, done.Events)
		}
	}
}

func TestAnUnknownIsDecidedOnceAndNotTwice(t *testing.T) {
	change := newPayment(verb{merchant: shop, key: "k"}, Caller{}, CreatePayment{Intent: IntentSale, Amount: 500}, VaultMethod{}, present)
	unknown := concluded(t, change, Result{Outcome: Unknown})
	found := concluded(t, Change{Payment: unknown, Operation: change.Operation}, Result{Outcome: Approved, TransactionID: "7"})
	if found.Status != StatusApproved || found.Captured() != 500 {
		t.Errorf("the found payment is %s with %s captured", found.Status, found.Captured())
	}
	if _, err := conclude(found, sent(change), Result{Outcome: Declined}, noon); err == nil {
		t.Error("a late answer changed a decided operation")
	}
}

func TestCaptureRules(t *testing.T) {
	authorized := made(t, IntentAuthorize, 1000)
	part, _ := decideCapture(authorized, newOp(), CapturePayment{Amount: money(400)}, present, shop)
	captured := concluded(t, part, Result{Outcome: Approved, TransactionID: "100"})
	void, _ := decideVoid(authorized, newOp(), present, shop)
	cases := map[string]struct {
		p      Payment
		amount *Money
		want   Code
	}{
		"all":                      {authorized, nil, ""},
		"a part":                   {authorized, money(1), ""},
		"the last cent":            {authorized, money(1000), ""},
		"a cent too much":          {authorized, money(1001), CodeCaptureExceeds},
		"nothing":                  {authorized, money(0), CodeAmount},
		"a second time":            {captured, money(1), CodeAlreadyCaptured},
		"a sale":                   {made(t, IntentSale, 1000), nil, CodeNotCapturable},
		"while one is sending":     {part.Payment, money(1), CodeInProgress},
		"while one is unknown":     {concluded(t, part, Result{Outcome: Unknown}), money(1), CodeInProgress},
		"after one was not sent":   {concluded(t, part, Result{Outcome: NotSent}), money(1000), ""},
		"while a void is sending":  {void.Payment, nil, CodeInProgress},
		"after the void":           {concluded(t, void, Result{Outcome: Approved}), nil, CodeNotCapturable},
		"of a declined payment":    {Payment{Status: StatusDeclined}, nil, CodeNotCapturable},
		"of a payment not decided": {Payment{Status: StatusUnknown}, nil, CodeNotCapturable},
	}
	for name, c := range cases {
		if _, err := decideCapture(c.p, newOp(), CapturePayment{Amount: c.amount}, present, shop); code(err) != c.want {
			t.Errorf("capture %s: %v, want %q", name, err, c.want)
		}
	}
	if captured.Captured() != 400 || captured.Status != StatusApproved {
		t.Errorf("captured %s, %s", captured.Captured(), captured.Status)
	}
}

func TestRefundRules(t *testing.T) {
	sale := made(t, IntentSale, 1000)
	waiting, err := decideRefund(sale, newOp(), RefundPayment{Amount: money(300)}, settlement{state: RecordPending}, present, shop)
	if err != nil {
		t.Fatal(err)
	}
	sent, _ := decideRefund(sale, newOp(), RefundPayment{Amount: money(600)}, settlement{state: RecordSettled}, present, shop)
	partly := concluded(t, sent, Result{Outcome: Approved, TransactionID: "101"})
	settled, pending, unseen := settlement{state: RecordSettled}, settlement{state: RecordPending}, settlement{}
	cases := map[string]struct {
		p      Payment
		amount *Money
		seen   settlement
		want   Code
		status OperationStatus
		as     ProcessedAs
	}{
		"all, not settled":                   {sale, nil, pending, "", OpSending, AsVoid},
		"a part, not settled":                {sale, money(1), pending, "", OpWaiting, ""},
		"all, look failed":                   {sale, nil, unseen, "", OpWaiting, ""},
		"all, settled":                       {sale, nil, settled, "", OpSending, AsRefund},
		"a part, settled":                    {sale, money(1), settled, "", OpSending, AsRefund},
		"a cent too much":                    {sale, money(1001), settled, CodeRefundExceeds, "", ""},
		"nothing":                            {sale, money(0), settled, CodeAmount, "", ""},
		"the rest beside one that waits":     {waiting.Payment, nil, pending, "", OpSending, AsVoid},
		"not all beside one that waits":      {waiting.Payment, money(699), pending, "", OpWaiting, ""},
		"too much beside one that waits":     {waiting.Payment, money(701), pending, CodeRefundExceeds, "", ""},
		"while one is under way":             {sent.Payment, money(1), settled, CodeInProgress, "", ""},
		"while one is unknown":               {concluded(t, sent, Result{Outcome: Unknown}), money(1), settled, CodeInProgress, "", ""},
		"the rest after one":                 {partly, money(400), settled, "", OpSending, AsRefund},
		"too much after one":                 {partly, money(401), settled, CodeRefundExceeds, "", ""},
		"all again after one was not sent":   {concluded(t, sent, Result{Outcome: NotSent}), nil, settled, "", OpSending, AsRefund},
		"of an authorization":                {made(t, IntentAuthorize, 1000), nil, settled, CodeNotRefundable, "", ""},
		"of what was voided at PayTrace":     {sale, nil, settlement{state: RecordVoided}, CodeNotRefundable, "", ""},
		"of a payment that is not decided":   {Payment{Status: StatusUnknown}, nil, settled, CodeUndecided, "", ""},
		"of a payment that was all refunded": {Payment{Status: Refunded}, nil, settled, CodeRefundExceeds, "", ""},
	}
	for name, c := range cases {
		change, err := decideRefund(c.p, newOp(), RefundPayment{Amount: c.amount}, c.seen, present, shop)
		if code(err) != c.want {
			t.Errorf("refund %s: %v, want %q", name, err, c.want)
			continue
		}
		op, _ := change.Payment.Operation(change.Operation)
		if op.Status != c.status || op.ProcessedAs != c.as {
			t.Errorf("refund %s is %s as %q, want %s as %q", name, op.Status, op.ProcessedAs, c.status, c.as)
		}
	}
	if waiting.Payment.RefundPending() != 300 || waiting.Payment.Refunded() != 0 || waiting.Reply == nil {
		t.Errorf("a waiting refund reserves %s, refunded %s", waiting.Payment.RefundPending(), waiting.Payment.Refunded())
	}
	if partly.Status != PartiallyRefunded || partly.Refunded() != 600 {
		t.Errorf("after 6.00 of 10.00: %s, %s", partly.Status, partly.Refunded())
	}
	if len(sent.Events) != 1 || sent.Events[0].Type != "payment.settled" {
		t.Errorf("finding a payment settled told %+v", sent.Events)
	}
}

func TestVoidRules(t *testing.T) {
	sale := made(t, IntentSale, 1000)
	waiting, _ := decideRefund(sale, newOp(), RefundPayment{Amount: money(300)}, settlement{state: RecordPending}, present, shop)
	change, _ := decideVoid(waiting.Payment, newOp(), present, shop)
	voided := concluded(t, change, Result{Outcome: Approved})
	if voided.Status != Voided || voided.RefundPending() != 0 || voided.Refunded() != 300 {
		t.Errorf("the void left %s, %s pending, %s refunded", voided.Status, voided.RefundPending(), voided.Refunded())
	}
	cases := map[string]struct {
		p    Payment
		want Code
	}{
		"a sale":             {sale, ""},
		"an authorization":   {made(t, IntentAuthorize, 1), ""},
		"a void under way":   {change.Payment, CodeInProgress},
		"voided already":     {voided, ""},
		"expired":            {Payment{Status: Expired}, ""},
		"settled":            {Payment{Status: Settled}, CodeAlreadySettled},
		"partly given back":  {Payment{Status: PartiallyRefunded}, CodeNotVoidable},
		"partially refunded": {Payment{Status: PartiallyRefunded, SettledAt: present.now}, CodeAlreadySettled},
		"refunded":           {Payment{Status: Refunded}, CodeNotVoidable},
		"declined":           {Payment{Status: StatusDeclined}, CodeNotVoidable},
		"failed":             {Payment{Status: Failed}, CodeNotVoidable},
	}
	for name, c := range cases {
		if _, err := decideVoid(c.p, newOp(), present, shop); code(err) != c.want {
			t.Errorf("void %s: %v, want %q", name, err, c.want)
		}
	}
}

func TestJudgeConcludesOnlyWhatTheBooksShowPlainly(t *testing.T) {
	states := []RecordState{RecordAuthorized, RecordPending, RecordSettled, RecordVoided, RecordDeclined, RecordOther}
	want := map[string][]Outcome{
		"capture":        {Rejected, Approved, Approved, Rejected, Unknown, Unknown},
		"void":           {Unknown, Unknown, Rejected, Approved, Unknown, Unknown},
		"refund":         {Unknown, waits, Unknown, Rejected, Unknown, Unknown},
		"refund as void": {Unknown, Unknown, waits, Approved, Unknown, Unknown},
	}
	ops := map[string]Operation{
		"capture":        {Kind: KindCapture, Amount: 500},
		"void":           {Kind: KindVoid, Amount: 500},
		"refund":         {Kind: KindRefund, Amount: 500, ProcessedAs: AsRefund},
		"refund as void": {Kind: KindRefund, Amount: 500, ProcessedAs: AsVoid},
	}
	for name, op := range ops {
		for i, state := range states {
			if got := judge(op, Record{State: state, Amount: 500}, true).Outcome; got != want[name][i] {
				t.Errorf("a contested %s of a transaction that is %s: %s, want %s", name, state, got, want[name][i])
			}
		}
	}
	if got := judge(ops["capture"], Record{State: RecordPending, Amount: 499}, true); got.Outcome != Unknown {
		t.Errorf("a capture of another amount was taken for ours: %s", got.Outcome)
	}
}

func TestAnAnswerBelongsToTheIntentThatItAnswers(t *testing.T) {
	change := newPayment(verb{merchant: shop, key: "k"}, Caller{}, CreatePayment{Intent: IntentSale, Amount: 500}, VaultMethod{}, present)
	first := sent(change)
	notSent := concluded(t, change, Result{Outcome: NotSent})
	later := present
	later.intentID = "second"
	again, err := chargeAgain(notSent, &KeyRecord{OperationID: first.ID}, shop, later)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conclude(again.Payment, first, Result{Outcome: NotSent}, noon); err == nil {
		t.Error("an answer to the first intent decided the second one")
	}
}

func TestAWishToGiveUpEndsWithWhateverTookNoMoney(t *testing.T) {
	for outcome, want := range map[Outcome]OperationStatus{
		NotSent: OpCancelled, Declined: OpDeclined, Rejected: OpRejected, Approved: OpApproved, Unknown: OpUnknown,
	} {
		change := newPayment(verb{merchant: shop, key: "k"}, Caller{}, CreatePayment{Intent: IntentSale, Amount: 500}, VaultMethod{}, present)
		wish, needed, err := decideCancel(change.Payment, change.Operation, noon)
		if err != nil || !needed {
			t.Fatal(needed, err)
		}
		op := concluded(t, Change{Payment: wish.Payment, Operation: change.Operation}, Result{Outcome: outcome, Rejection: &Rejection{}}).First()
		wantWish := CancelDone
		if outcome == Approved || outcome == Unknown {
			wantWish = CancelRequested
		}
		if op.Status != want || op.Cancel != wantWish || (op.Cancel == CancelRequested) == op.Due.IsZero() {
			t.Errorf("%s: %s, cancel %s, due %v", outcome, op.Status, op.Cancel, op.Due)
		}
	}
}

// A fingerprint that changes with a release would refuse the retries of the
// one before as other requests, and "use a new key" would charge twice.
func TestFingerprintsOutliveReleases(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	full := CreatePayment{
		Intent: IntentSale, Amount: 1999, Currency: "USD", OrderID: "100000001", StoreCode: "main", CustomerID: "7",
		Source: SourceRecords{OpportunityID: "006"}, Billing: &Address{Street: "8320 E. West St."}, Metadata: map[string]string{"a": "b"},
		Method: PaymentMethod{Vault: &VaultChoice{CustomerID: "demo-visa"}},
	}
	lines := full
	rate, tax := Decimal(82_500), Money(165)
	lines.Enhanced = &EnhancedData{
		TaxAmount: &tax, PurchaseOrder: "PO-7", FreightAmount: 100, DutyAmount: 5, ShipFromPostalCode: "98101", ShipToPostalCode: "94947", ShipToCountryCode: "US",
		LineItems: []LineItem{{Description: "pipe", ProductCode: "CU", CommodityCode: "40", Quantity: 25_000, UnitOfMeasure: "MTR", UnitPrice: 79_960,
			DiscountAmount: 1, TaxRate: &rate, TaxAmount: &tax, TotalAmount: money(2163)}},
	}
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"create with lines": {fingerprint(secret, "create", "", lines.canonical(secret)), "4db09b7fc6940f21c88110b6beb3a457199ce825f746611a7cc8b2cc6624a3e5"},
		"create":            {fingerprint(secret, "create", "", full.canonical(secret)), "b51f6ebf72f322ad812a26ee905a996302bed324e85ac59383de241b65a2201a"},
		"refund":            {fingerprint(secret, "refund", "pay_1", RefundPayment{Amount: money(500)}), "f05081b7f046d91dfd9896324e98bef9a17ed4ddbc32d061e7294920da6e4c22"},
		"void":              {fingerprint(secret, "void", "pay_1", nil), "add10eb227067c908a20b0ad65ed359bc07a31a73e57340a276e7f2c849ba818"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("the fingerprint of a %s is now %s", name, got)
		}
	}
}

func TestTheFingerprintKnowsRequestsApart(t *testing.T) {
	secret := []byte("a secret")
	base := CreatePayment{Intent: IntentSale, Amount: 1999, Currency: "USD", OrderID: "1"}
	print := func(c CreatePayment) []byte { return fingerprint(secret, "create", "", c.canonical(secret)) }
	same := base
	same.Method.EncryptedCard = &EncryptedCard{Number: "x", CSC: "1"}
	other := base
	other.Method.EncryptedCard = &EncryptedCard{Number: "x", CSC: "2"}
	if !bytes.Equal(print(same), print(other)) {
		t.Error("the CSC is part of the fingerprint")
	}
	changes := map[string]func(*CreatePayment){
		"intent":   func(c *CreatePayment) { c.Intent = IntentAuthorize },
		"amount":   func(c *CreatePayment) { c.Amount = 100 },
		"order":    func(c *CreatePayment) { c.OrderID = "2" },
		"vault":    func(c *CreatePayment) { c.Method.Vault = &VaultChoice{CustomerID: "a"} },
		"hosted":   func(c *CreatePayment) { c.Method.HostedFields = &HostedFields{Token: "a"} },
		"metadata": func(c *CreatePayment) { c.Metadata = map[string]string{"a": "b"} },
		"address":  func(c *CreatePayment) { c.Billing = &Address{City: "Spokane"} },
		"tax":      func(c *CreatePayment) { c.Enhanced = &EnhancedData{TaxAmount: money(0)} },
		"quantity": func(c *CreatePayment) { c.Enhanced = &EnhancedData{LineItems: []LineItem{{Quantity: 1}}} },
	}
	for name, change := range changes {
		c := base
		change(&c)
		if bytes.Equal(print(base), print(c)) {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
	if bytes.Equal(fingerprint(secret, "capture", "p", nil), fingerprint(secret, "refund", "p", nil)) {
		t.Error("two operations have one fingerprint")
	}
}
