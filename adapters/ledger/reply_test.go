package ledger

import (
	"database/sql"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// TestAnAnswerIsKeptOnceUntilItsPaymentChanges looks at the rows: SQLite has the
// answer as the payment's body alone, and with the key, byte for byte, once the
// payment goes on. PostgreSQL has it with the key from the first moment on, where
// a gateway of the release before looks for it.
func TestAnAnswerIsKeptOnceUntilItsPaymentChanges(t *testing.T) {
	for name, blank := range migratedStores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			l := s.open(t)
			sale := storetest.Sale("m1", noon)
			decided := storetest.Approval(sale.Payment, noon.Add(time.Second))
			for _, c := range []gateway.Change{sale, decided} {
				if err := l.Apply(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			body, reply := s.bodyAndReply(t, decided.Payment)
			if reply.Valid != s.dialect.shared || (reply.Valid && reply.String != body) {
				t.Errorf("with the key stands %+v", reply)
			}
			next := decided.Payment
			next.Version, next.Status = next.Version+1, gateway.Settled
			if err := l.Apply(t.Context(), gateway.Change{Payment: next, Base: decided.Payment.Version}); err != nil {
				t.Fatal(err)
			}
			after, reply := s.bodyAndReply(t, next)
			if reply.String != body || after == body {
				t.Errorf("with the key stands\n%s\nthe answer was\n%s", reply.String, body)
			}
		})
	}
}

func (s store) bodyAndReply(t *testing.T, p gateway.Payment) (body string, reply sql.NullString) {
	t.Helper()
	err := s.db.QueryRowContext(t.Context(), s.dialect.query(`SELECT payments.body, idempotency_keys.reply
		FROM payments JOIN idempotency_keys ON idempotency_keys.payment_id = payments.id WHERE payments.id = ?`), p.ID).Scan(&body, &reply)
	if err != nil {
		t.Fatal(err)
	}
	return body, reply
}
