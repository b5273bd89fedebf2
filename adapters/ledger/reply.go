package ledger

import (
	"errors"
	"fmt"

	"paytrace-gateway/gateway"
)

const (
	// replySQL is the answer of a key: in SQLite first the body of its payment, as
	// long as that is it.
	replySQL = `/*sqlite COALESCE((SELECT body FROM payments WHERE payments.id = idempotency_keys.payment_id
			AND payments.answers = idempotency_keys.key), sqlite*/ reply /*sqlite )sqlite*/`

	setReplySQL = `UPDATE idempotency_keys SET reply = ?
		WHERE merchant_id = ? AND key = ? AND operation_id = ?`

	// answerInPlaceSQL is updatePaymentSQL, of a body that is the answer of a key as
	// well, in SQLite alone: it spares a statement, a second copy and the page of the key. The
	// next change of the body puts it there (the trigger payments_keep_answer).
	answerInPlaceSQL = `UPDATE payments
		SET status = ?, transaction_id = ?, needs_attention = ?, version = ?, updated_at = ?, body = ?, answers = ?
		WHERE id = ?` + ofMerchantSQL + ` AND version = ?
			AND EXISTS (SELECT 1 FROM idempotency_keys WHERE merchant_id = payments.merchant_id AND key = ? AND operation_id = ?)`
	boundKeySQL = `SELECT 1 FROM idempotency_keys WHERE merchant_id = ? AND key = ? AND operation_id = ?`
)

// replyRow is the answer of a key.
type replyRow struct {
	key, operation, body string
	// same says that the payment's body is the answer.
	same bool
}

func (r *changeRows) answer(reply *gateway.Reply) error {
	if reply == nil {
		return nil
	}
	op, ok := r.payment.Operation(reply.OperationID)
	if !ok {
		return fmt.Errorf("it answers operation %q, which payment %s does not have", reply.OperationID, r.payment.ID)
	}
	body, err := r.bodyOf(reply.Payment)
	r.reply = &replyRow{key: op.Key, operation: op.ID, body: body, same: r.tells(reply.Payment)}
	return err
}

// inPlace says that the answer needs no place of its own. The key has to be bound
// already.
func (r changeRows) inPlace(s *session) bool {
	return s.dialect.inPlace && r.reply != nil && r.reply.same && r.base > 0 && r.key == nil
}

func (r changeRows) answerInPlace(s *session) error {
	p := r.payment
	err := s.one(gateway.ErrStale, answerInPlaceSQL,
		string(p.Status), p.TransactionID, p.NeedsAttention, p.Version, p.UpdatedAt.UnixMicro(), r.body, r.reply.key,
		p.ID, p.MerchantID, r.base, r.reply.key, r.reply.operation)
	if errors.Is(err, gateway.ErrStale) {
		if unbound := s.there(r.reply.homeless(), boundKeySQL, p.MerchantID, r.reply.key, r.reply.operation); unbound != nil {
			return unbound
		}
	}
	return err
}

func (r changeRows) writeReply(s *session) error {
	return s.one(r.reply.homeless(), setReplySQL, r.reply.body, r.payment.MerchantID, r.reply.key, r.reply.operation)
}

func (r replyRow) homeless() error {
	return fmt.Errorf("the key of operation %s is not bound to it, so its answer has no place", r.operation)
}
