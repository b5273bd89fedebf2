package api_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// unknown makes a payment of which nothing is known, and gives its answer.
func (h *house) unknown(key, body string) answer {
	h.t.Helper()
	heal := h.answers(gateway.Result{Outcome: gateway.Unknown, Detail: "connection lost"})
	defer heal()
	return h.do(call{path: payments, key: key, body: body}).expect(http.StatusAccepted)
}

// atPayTrace enters a transaction on the processor's books.
func (h *house) atPayTrace(kind gateway.OperationKind, amount gateway.Money) string {
	return h.processor.Clerk(gateway.Record{Kind: kind, State: gateway.RecordPending, Amount: amount, CreatedAt: time.Now()})
}

// decides sends a decision about the operation that the answer made.
func (h *house) decides(about answer, members ...string) answer {
	h.t.Helper()
	members = append([]string{"operationId", `"` + about.at("operation.operationId") + `"`}, members...)
	return h.do(decide(about.at("paymentId"), decision(members...)))
}

func quoted(s string) string { return strconv.Quote(s) }

func TestAPersonSaysThatASaleWasDone(t *testing.T) {
	h := newHouse(t)
	asked := h.unknown("k", sale("19.99"))
	id := h.atPayTrace(gateway.KindSale, 1999)
	done := []string{"decision", `"done"`, "transactionId", quoted(id), "note", `"found by its order"`}
	decided := h.decides(asked, done...).expect(http.StatusOK,
		"status", "approved", "outcome", "approved", "transactionId", id, "capturedAmount", "19.99", "idempotentReplay", "",
		"operation.operationStatus", "approved", "operation.resolution.decision", "done", "operation.resolution.note", "found by its order",
		"operation.resolution.decidedBy", "Ada Byron (chief)", "operation.attention", "", "needsAttention", "")
	h.decides(asked, done...).expect(http.StatusOK, "version", decided.at("version"), "idempotentReplay", "true")
	// The key of the sale has its answer now.
	h.create("k", sale("19.99")).expect(http.StatusCreated, "status", "approved", "transactionId", id)
	h.expectCharges(1)
}

func TestAPersonSaysThatASaleWasNotDone(t *testing.T) {
	h := newHouse(t)
	asked := h.unknown("k", sale("19.99"))
	h.decides(asked).refused(http.StatusConflict, "operation_in_progress", "")
	h.age(asked.at("paymentId"), 2*time.Minute)
	a := h.decides(asked).expect(http.StatusOK, "status", "failed", "outcome", "failed", "operation.resolution.decision", "not_done")
	if at := must(time.Parse(time.RFC3339, a.at("operation.resolution.decidedAt")))(t); time.Since(at) > time.Minute {
		t.Errorf("it was decided at %s", at)
	}
	h.create("k", sale("19.99")).expect(http.StatusCreated, "outcome", "failed")
	h.expectCharges(1)
}

func TestWhatPayTraceContradictsIsRefused(t *testing.T) {
	h := newHouse(t)
	other := h.create("other", sale("19.99"))
	asked := h.unknown("k", sale("19.99"))
	for name, c := range map[string]struct {
		members []string
		field   string
	}{
		"no transaction":                {[]string{"decision", `"done"`}, "transactionId"},
		"a transaction that is unknown": {[]string{"decision", `"done"`, "transactionId", quoted(marker)}, "transactionId"},
		"another amount":                {[]string{"decision", `"done"`, "transactionId", quoted(h.atPayTrace(gateway.KindSale, 1998))}, "transactionId"},
		"a refund":                      {[]string{"decision", `"done"`, "transactionId", quoted(h.atPayTrace(gateway.KindRefund, 1999))}, "transactionId"},
		"another payment's transaction": {[]string{"decision", `"done"`, "transactionId", quoted(other.at("transactionId"))}, "transactionId"},
		"nothing that waits":            {[]string{"decision", `"seen"`}, "operationId"},
	} {
		t.Run(name, func(t *testing.T) {
			h.decides(asked, c.members...).refused(http.StatusUnprocessableEntity, "not_resolvable", c.field)
		})
	}
	h.attend(asked.at("paymentId"), "nobody knows")
	h.decides(asked, "decision", `"seen"`).refused(http.StatusUnprocessableEntity, "not_resolvable", "decision")
	h.decides(other).refused(http.StatusUnprocessableEntity, "not_resolvable", "operationId")
	h.decides(other, "operationId", `"op_none"`).refused(http.StatusNotFound, "not_found", "operationId")
	h.do(call{path: payments + "/" + asked.at("paymentId")}).expect(http.StatusOK, "status", "unknown")
}

func TestOnlyTheMerchantsOwnPaymentsAreDecided(t *testing.T) {
	h := newHouse(t)
	theirs := h.do(call{path: payments, key: "k", body: sale("1.00"), as: rival}).expect(http.StatusCreated)
	h.decides(theirs).refused(http.StatusNotFound, "not_found", "")
}

func TestWhatIsBeingSentIsNotDecidedByAPerson(t *testing.T) {
	h := newHouse(t)
	reached, release := make(chan struct{}), make(chan struct{})
	h.processor.SetBefore(func(context.Context, string) *gateway.Result {
		close(reached)
		<-release
		return nil
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.create("k", sale("1.00")).expect(http.StatusCreated, "status", "approved")
	}()
	<-reached
	sending := h.do(call{path: payments + "/by-key/k"}).expect(http.StatusOK, "status", "unknown")
	h.decides(sending).refused(http.StatusConflict, "payment_undecided", "").
		expect(http.StatusConflict, "retryable", "true", "retryAfterSeconds", "2")
	close(release)
	<-ended
}

// attend puts the payment's first operation on the attention list.
func (h *house) attend(paymentID, why string) {
	h.t.Helper()
	h.change(paymentID, func(p *gateway.Payment) { p.NeedsAttention, p.Operations[0].Attention = true, why })
}

// age makes a payment's first sending older.
func (h *house) age(paymentID string, by time.Duration) {
	h.t.Helper()
	h.change(paymentID, func(p *gateway.Payment) { p.Operations[0].SentAt = p.Operations[0].SentAt.Add(-by) })
}

func (h *house) change(paymentID string, change func(*gateway.Payment)) {
	h.t.Helper()
	p := must(h.ledger.Payment(h.t.Context(), "main", paymentID))(h.t)
	base := p.Version
	p.Version = base + 1
	change(&p)
	must(0, h.ledger.Apply(h.t.Context(), gateway.Change{Payment: p, Base: base, Operation: p.Operations[0].ID}))(h.t)
}

func TestWhatNeedsAPersonSaysWhyUntilItIsSeen(t *testing.T) {
	h := newHouse(t)
	h.storeCustomers()
	made := h.create("k", paidBy("vault")) // its card is known, so no job changes the payment
	const why = "transaction 7 at PayTrace bears the reference, but another amount"
	h.attend(made.at("paymentId"), why)
	shown := h.do(call{path: payments + "/by-key/k"}).expect(http.StatusOK, "needsAttention", "true", "operation.attention", why)
	if got := ids(h.list("?needsAttention=true")); len(got) != 1 || got[0] != made.at("paymentId") {
		t.Errorf("the attention list is %v", got)
	}
	h.decides(shown, "decision", `"seen"`, "note", `"the clerk's mistake"`).
		expect(http.StatusOK, "needsAttention", "", "status", "approved", "operation.attention", "", "operation.resolution.about", why).
		golden("resolved")
	if got := ids(h.list("?needsAttention=true")); len(got) != 0 {
		t.Errorf("what was seen is still on the attention list: %v", got)
	}
}

// What was done at PayTrace's own screens has no key.
func TestWhatWasDoneElsewhereIsAnOperationOfThePayment(t *testing.T) {
	h := newHouse(t)
	h.storeCustomers()
	made := h.create("k", paidBy("vault"))
	p := must(h.ledger.Payment(t.Context(), "main", made.at("paymentId")))(t)
	base := p.Version
	p.Version++
	p.Operations = append(p.Operations, gateway.Operation{
		ID: gateway.NewOperationID(time.Now()), Kind: gateway.KindRefund, Status: gateway.OpApproved, ProcessedAs: gateway.AsRefund,
		Origin: gateway.OriginExternal, Amount: 500, TransactionID: "77", CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	})
	must(0, h.ledger.Apply(t.Context(), gateway.Change{Payment: p, Base: base, Operation: p.Operations[1].ID}))(t)
	a := h.do(call{path: payments + "/" + p.ID}).expect(http.StatusOK, "refundedAmount", "5.00")
	operations, _ := a.body["operations"].([]any)
	refund, _ := operations[1].(map[string]any)
	if _, keyed := refund["idempotencyKey"]; refund["origin"] != "external" || keyed {
		t.Errorf("the refund is shown as %v", refund)
	}
}
