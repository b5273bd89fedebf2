package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"paytrace-gateway/gateway"
)

const (
	// A person who is to be forgotten is looked for in all of the merchant's
	// payments, page by page: no index is kept of whom they name.
	paymentsInOrderSQL = `SELECT id, body FROM payments WHERE merchant_id = ? AND id > ? ORDER BY id LIMIT ?`
	vaultInOrderSQL    = `SELECT id, merchant_id, live_mode, customer_id, body FROM vault_operations WHERE id > ? ORDER BY id LIMIT ?`
	eraseReplySQL      = `UPDATE idempotency_keys SET reply = ?
		WHERE merchant_id = ? AND key = ? AND operation_id = ? AND reply = ?`
)

// lookedAtOnce bounds the rows of one step.
const lookedAtOnce = 500

// Erase implements gateway.Eraser.
func (l *Ledger) Erase(ctx context.Context, e gateway.Erasing, stage gateway.ErasureStage, after string) (gateway.Erased, string, error) {
	switch stage {
	case gateway.EraseVaultChanges:
		return l.eraseVaultChanges(ctx, e, after)
	case gateway.EraseVaultNews:
		return l.eraseVaultNews(ctx, e, after)
	case gateway.ErasePayments:
		return l.erasePayments(ctx, e, after)
	case gateway.EraseArchived:
		return l.eraseArchived(ctx, e, after)
	}
	return gateway.Erased{}, "", fmt.Errorf("there is no stage %q of an erasure", stage)
}

// eraseVaultChanges takes cards and accounts out of what was done in the vault. What is not
// decided needs them, and a removal has to reach PayTrace first.
func (l *Ledger) eraseVaultChanges(ctx context.Context, e gateway.Erasing, after string) (done gateway.Erased, next string, err error) {
	page, next, err := l.vaultPage(ctx, e, after)
	if err != nil {
		return done, "", err
	}
	for _, op := range page {
		switch {
		case op.Undecided() || !op.Due.IsZero():
			done.Open++
			continue
		case !op.ShowsMethod():
			continue
		}
		var err error
		if !e.DryRun {
			err = l.ApplyVault(ctx, gateway.VaultChange{Operations: []gateway.VaultOperation{op.Forgotten(e.At)}})
		}
		if errors.Is(err, gateway.ErrStale) {
			done.Open++
			continue
		}
		if err != nil {
			return done, "", err
		}
		done.VaultChanges++
	}
	return done, next, nil
}

// vaultPage are the customer's among the next operations of all.
func (l *Ledger) vaultPage(ctx context.Context, e gateway.Erasing, after string) (page []gateway.VaultOperation, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.db.QueryContext(ctx, l.reads.dialect.query(vaultInOrderSQL), after, lookedAtOnce)
	if err != nil {
		return nil, "", l.explain(err)
	}
	defer rows.Close()
	looked := 0
	for rows.Next() {
		var merchant, customer, body string
		var live bool
		if err := rows.Scan(&next, &merchant, &live, &customer, &body); err != nil {
			return nil, "", l.explain(err)
		}
		looked++
		if merchant != e.MerchantID || live != e.LiveMode || customer != e.CustomerID {
			continue
		}
		op, err := decodeVault[gateway.VaultOperation](body)
		if err != nil {
			return nil, "", err
		}
		page = append(page, op)
	}
	if looked < lookedAtOnce {
		next = ""
	}
	return page, next, l.explain(rows.Err())
}

// eraseVaultNews takes away what was told of the customer's cards.
func (l *Ledger) eraseVaultNews(ctx context.Context, e gateway.Erasing, after string) (done gateway.Erased, next string, err error) {
	page, err := l.oldEvents(ctx, after, lookedAtOnce)
	if err != nil {
		return done, "", err
	}
	queue := gateway.VaultNews{LiveMode: e.LiveMode, CustomerID: e.CustomerID}.Queue(e.MerchantID)
	for _, event := range page {
		next = event.id
		if event.merchant != e.MerchantID || event.queue != queue {
			continue
		}
		told, err := l.queueTold(ctx, event)
		if err != nil {
			return done, "", err
		}
		waits := !event.spread || slices.ContainsFunc(told, func(d toldDelivery) bool { return !d.status.Ended() })
		if waits {
			done.Untold++
			continue
		}
		told = slices.DeleteFunc(told, func(d toldDelivery) bool { return e.DryRun && d.event != event.id })
		if !e.DryRun {
			err = l.dropEvent(ctx, event, told)
		}
		if errors.Is(err, gateway.ErrStale) {
			done.Open++
			continue
		}
		if err != nil {
			return done, "", err
		}
		done.Events++
		done.Deliveries += len(told)
	}
	if len(page) < lookedAtOnce {
		next = ""
	}
	return done, next, nil
}

// erasePayments rewrites those payments of the next ones that name the customer
// and lie in the ledger whole.
func (l *Ledger) erasePayments(ctx context.Context, e gateway.Erasing, after string) (done gateway.Erased, next string, err error) {
	found, next, err := l.paymentsNaming(ctx, e, after)
	if err != nil {
		return done, "", err
	}
	for _, p := range found {
		if err := l.erasePayment(ctx, e, p, &done); err != nil {
			return done, "", err
		}
	}
	return done, next, nil
}

func (l *Ledger) paymentsNaming(ctx context.Context, e gateway.Erasing, after string) (found []gateway.Payment, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.db.QueryContext(ctx, l.reads.dialect.query(paymentsInOrderSQL), e.MerchantID, after, lookedAtOnce)
	if err != nil {
		return nil, "", l.explain(err)
	}
	defer rows.Close()
	name, err := json.Marshal(e.CustomerID)
	if err != nil {
		return nil, "", err
	}
	looked := 0
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&next, &body); err != nil {
			return nil, "", l.explain(err)
		}
		looked++
		// A payment is read as JSON only where the name stands somewhere.
		if isArchived(string(body)) || !bytes.Contains(body, name) {
			continue
		}
		p, err := decodePayment(string(body))
		if err != nil {
			return nil, "", err
		}
		if p.LiveMode == e.LiveMode && p.Names(e.CustomerID) {
			found = append(found, p)
		}
	}
	if looked < lookedAtOnce {
		next = ""
	}
	return found, next, l.explain(rows.Err())
}

// erasePayment rewrites a payment with the answers of its keys, and takes away
// what was told of it, all in one change.
func (l *Ledger) erasePayment(ctx context.Context, e gateway.Erasing, p gateway.Payment, done *gateway.Erased) error {
	if slices.ContainsFunc(p.Operations, gateway.Operation.Undecided) {
		done.Open++
		return nil
	}
	reading, cancel := context.WithTimeout(ctx, readPatience)
	r, ended, err := l.gather(reading, p, e.At)
	cancel()
	if err != nil {
		return err
	}
	if !ended {
		done.Untold++
		return nil
	}
	if !e.DryRun {
		err = l.rewrite(ctx, e, p, r)
	}
	if errors.Is(err, gateway.ErrStale) {
		done.Open++
		return nil
	}
	if err != nil {
		return err
	}
	done.Payments++
	done.Answers += len(r.Keys)
	done.Events += len(r.Events)
	done.Deliveries += len(r.Deliveries)
	return nil
}

func (l *Ledger) rewrite(ctx context.Context, e gateway.Erasing, p gateway.Payment, r archiveRecord) error {
	change, err := encode(gateway.Change{Payment: erasedAt(p, e), Base: p.Version})
	if err != nil {
		return err
	}
	answers, err := erasedAnswers(r)
	if err != nil {
		return err
	}
	return l.write(ctx, change.place(), func(s *session) error {
		if err := change.write(s); err != nil {
			return err
		}
		for i, k := range r.Keys {
			if err := s.one(gateway.ErrStale, eraseReplySQL, answers[i], p.MerchantID, k.Key, k.OperationID, string(k.Reply)); err != nil {
				return err
			}
		}
		for _, d := range r.Deliveries {
			if err := s.one(gateway.ErrStale, dropDeliverySQL, d.ID, d.Version); err != nil {
				return err
			}
		}
		for _, event := range r.Events {
			if err := s.one(gateway.ErrStale, dropEventSQL, event.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// erasedAt is the payment's next version, which names nobody.
func erasedAt(p gateway.Payment, e gateway.Erasing) gateway.Payment {
	p = p.Forgotten()
	p.Version++
	p.UpdatedAt = e.At
	return p
}

// erasedAnswers are the answers of the keys in their order, each as it was but
// for the person.
func erasedAnswers(r archiveRecord) ([]string, error) {
	var answers []string
	for _, k := range r.Keys {
		p, err := decodePayment(string(k.Reply))
		if err != nil {
			return nil, err
		}
		body, err := encodePayment(p.Forgotten())
		if err != nil {
			return nil, err
		}
		answers = append(answers, body)
	}
	return answers, nil
}
