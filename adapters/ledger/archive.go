package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

const (
	// archivePaymentSQL takes the payment's row first, as every change of a payment
	// does, so that it is alone with it. What stands in the comments is SQLite's: a
	// row that has become small goes to the end of its table. Where it was, two of
	// them would keep a page for ever that has room for twenty.
	archivePaymentSQL = `UPDATE payments SET body = ?/*sqlite, rowid = (SELECT MAX(rowid) + 1 FROM payments)sqlite*/
		WHERE id = ?` + ofMerchantSQL + ` AND version = ? AND substr(body, 1, 1) = '{'`
	archiveReplySQL = `UPDATE idempotency_keys SET reply = ?/*sqlite, rowid = (SELECT MAX(rowid) + 1 FROM idempotency_keys)sqlite*/
		WHERE merchant_id = ? AND key = ? AND operation_id = ? AND substr(reply, 1, 1) = '{'`
	// What has a transaction of its own stays, so that nobody else can have it.
	dropOperationSQL = `DELETE FROM operations WHERE id = ? AND payment_id = ? AND (transaction_id = '' OR transaction_id = ?)`
	dropDeliverySQL  = `DELETE FROM deliveries WHERE id = ? AND version = ? AND status IN ('delivered', 'skipped')`
	dropEventSQL     = `DELETE FROM events WHERE id = ? AND spread`
	saveArchiveSQL   = `INSERT INTO archive_files (name, records, size, sha256, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE
		SET records = excluded.records, size = excluded.size, sha256 = excluded.sha256, updated_at = excluded.updated_at`
	archiveFilesSQL = `SELECT name, records, size, sha256, created_at, updated_at FROM archive_files ORDER BY name`
)

func isArchived(body string) bool { return strings.HasPrefix(body, archived) }

// record reads what lies at the place that the ledger names.
func (l *Ledger) record(ctx context.Context, place string) (archiveRecord, error) {
	p, err := parseArchivePlace(place)
	if err != nil {
		return archiveRecord{}, err
	}
	line, err := l.archive.read(ctx, p)
	if err != nil {
		return archiveRecord{}, err
	}
	return decodeArchiveRecord(line)
}

// payment is what a body says, wherever it is.
func (l *Ledger) payment(ctx context.Context, body string) (gateway.Payment, error) {
	if !isArchived(body) {
		return decodePayment(body)
	}
	r, err := l.record(ctx, body)
	if err != nil {
		return gateway.Payment{}, err
	}
	return decodePayment(string(r.Payment))
}

// reply is the payment of a key's reply, wherever it is.
func (l *Ledger) reply(ctx context.Context, key, body string) (gateway.Payment, error) {
	if !isArchived(body) {
		return decodePayment(body)
	}
	r, err := l.record(ctx, body)
	if err != nil {
		return gateway.Payment{}, err
	}
	kept, ok := r.reply(key)
	if !ok {
		return gateway.Payment{}, fmt.Errorf("%w: payment %s lies there without the answer of its key", gateway.ErrArchive, r.ID)
	}
	return decodePayment(kept)
}

// Archivable implements gateway.Archive.
func (l *Ledger) Archivable(ctx context.Context, before time.Time, after gateway.ArchivePlace, limit int) ([]gateway.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.db.QueryContext(ctx, l.reads.dialect.query(finishedSQL), before.UnixMicro(), orZero(after.UpdatedAt), after.ID, max(limit, 0))
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var payments []gateway.Payment
	var bad []gateway.Unreadable
	for rows.Next() {
		var id, merchantID, body string
		var updatedAt int64
		if err := rows.Scan(&id, &merchantID, &updatedAt, &body); err != nil {
			return nil, l.explain(err)
		}
		p, err := decodePayment(body)
		if err != nil {
			bad = append(bad, gateway.Unreadable{ID: id, MerchantID: merchantID, PaymentID: id, At: timeOf(updatedAt), Err: err})
			continue
		}
		payments = append(payments, p)
	}
	if err := rows.Err(); err != nil {
		return nil, l.explain(err)
	}
	return payments, unreadable(bad)
}

// Movable are those of the payments that would leave if they were archived now.
func (l *Ledger) Movable(ctx context.Context, payments []gateway.Payment) ([]gateway.Payment, error) {
	var movable []gateway.Payment
	for _, p := range payments {
		if !p.Finished() {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, readPatience)
		_, ended, err := l.gather(ctx, p, time.Time{})
		cancel()
		if err != nil {
			return nil, err
		}
		if ended {
			movable = append(movable, p)
		}
	}
	return movable, nil
}

// leaving is a payment on its way into the archive.
type leaving struct {
	payment gateway.Payment
	record  archiveRecord
	line    []byte
	place   archivePlace
}

// Archive implements gateway.Archive. First the records are on the disk, then
// the rows change, each payment's by itself: who dies between leaves a record
// that nothing leads to, and the payment where it was.
func (l *Ledger) Archive(ctx context.Context, payments []gateway.Payment, at time.Time) (moved int, err error) {
	if len(payments) == 0 {
		return 0, nil
	}
	if err := l.rightFolder(ctx); err != nil {
		return 0, err
	}
	for len(payments) > 0 {
		n, looked, err := l.archiveSome(ctx, payments, at)
		if moved += n; err != nil {
			return moved, err
		}
		payments = payments[looked:]
	}
	return moved, nil
}

// archiveSome moves the first of the payments, and says how many it has looked at.
func (l *Ledger) archiveSome(ctx context.Context, payments []gateway.Payment, at time.Time) (moved, looked int, err error) {
	l.archive.moving.Lock()
	defer l.archive.moving.Unlock()
	all, looked, err := l.gatherSome(ctx, payments, at)
	if err != nil || len(all) == 0 {
		return 0, looked, err
	}
	if err := l.keep(ctx, all, at); err != nil {
		return 0, looked, fmt.Errorf("the archive cannot be written, everything stays in the ledger: %w", err)
	}
	moved, err = l.move(ctx, all)
	return moved, looked, err
}

// rightFolder refuses a folder that has none of the files that it should have.
// It is another one, or the place of a share that is not mounted: what were
// written there would be away when the right one is back.
func (l *Ledger) rightFolder(ctx context.Context) error {
	files, err := l.ArchiveFiles(ctx)
	if err != nil || len(files) == 0 {
		return err
	}
	for _, f := range files {
		if away, err := l.archive.missing(f); err != nil || !away {
			return err
		}
	}
	return fmt.Errorf("%w: %s has none of its files, so it is another folder, or a share that is not mounted; everything stays in the ledger",
		gateway.ErrArchive, l.archive.folder)
}

// gatheredAtOnce bounds the bytes of payments that leave together.
const gatheredAtOnce = 16 << 20

// gatherSome reads what leaves with payments, and says how many it has looked
// at. One whose record could not be read again stays for ever.
func (l *Ledger) gatherSome(ctx context.Context, payments []gateway.Payment, at time.Time) (all []leaving, looked int, err error) {
	for size := 0; looked < len(payments) && size < gatheredAtOnce; looked++ {
		p := payments[looked]
		reading, cancel := context.WithTimeout(ctx, readPatience)
		r, ended, err := l.gather(reading, p, at)
		cancel()
		if err != nil {
			return nil, 0, err
		}
		if !ended {
			continue
		}
		line, err := json.Marshal(r)
		if err != nil {
			return nil, 0, fmt.Errorf("payment %s cannot be archived: %w", p.ID, err)
		}
		if len(line) >= recordAtMost {
			continue
		}
		size += len(line)
		all = append(all, leaving{payment: p, record: r, line: line})
	}
	return all, looked, nil
}

// keep has the records on the disk, and the file that they are in known.
func (l *Ledger) keep(ctx context.Context, all []leaving, at time.Time) error {
	lines := make([][]byte, len(all))
	for i := range all {
		lines[i] = all[i].line
	}
	l.archive.keeping.Lock()
	defer l.archive.keeping.Unlock()
	places, file, err := l.archive.add(lines, at)
	if err != nil {
		return err
	}
	for i := range all {
		all[i].place = places[i]
	}
	return l.saveArchiveFile(ctx, file)
}

func (l *Ledger) saveArchiveFile(ctx context.Context, f gateway.ArchiveFile) error {
	return l.write(ctx, "archive "+f.Name, func(s *session) error {
		return s.put(saveArchiveSQL, f.Name, f.Records, f.Size, f.SHA256, f.CreatedAt.UnixMicro(), f.UpdatedAt.UnixMicro())
	})
}

// movedAtOnce bounds the payments of one commit, for which those wait that are
// being made.
const movedAtOnce = 8

// move changes the rows of all, in few commits. One that has changed since it
// was gathered stays.
func (l *Ledger) move(ctx context.Context, all []leaving) (moved int, err error) {
	for few := range slices.Chunk(all, movedAtOnce) {
		n, failed := l.moveFew(ctx, few)
		moved += n
		if failed != nil {
			return moved, failed
		}
	}
	return moved, nil
}

func (l *Ledger) moveFew(ctx context.Context, few []leaving) (moved int, err error) {
	answers := make([]error, len(few))
	var writing sync.WaitGroup
	for i, one := range few {
		writing.Go(func() { answers[i] = l.write(ctx, "payment "+one.payment.ID, one.write) })
	}
	writing.Wait()
	for _, answer := range answers {
		switch {
		case answer == nil:
			moved++
		case !errors.Is(answer, gateway.ErrStale) && err == nil:
			err = answer
		}
	}
	return moved, err
}

// write puts the place where the bodies were, and takes the rest away. What is
// not as it was gathered makes the whole of it stale.
func (o leaving) write(s *session) error {
	p, place := o.payment, o.place.String()
	if err := s.one(gateway.ErrStale, archivePaymentSQL, place, p.ID, p.MerchantID, p.Version); err != nil {
		return err
	}
	for _, k := range o.record.Keys {
		if err := s.one(gateway.ErrStale, archiveReplySQL, place, p.MerchantID, k.Key, k.OperationID); err != nil {
			return err
		}
	}
	for _, op := range p.Operations {
		if err := s.put(dropOperationSQL, op.ID, p.ID, p.TransactionID); err != nil {
			return err
		}
	}
	for _, d := range o.record.Deliveries {
		if err := s.one(gateway.ErrStale, dropDeliverySQL, d.ID, d.Version); err != nil {
			return err
		}
	}
	for _, e := range o.record.Events {
		if err := s.one(gateway.ErrStale, dropEventSQL, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// ArchiveFiles implements gateway.Archive.
func (l *Ledger) ArchiveFiles(ctx context.Context) ([]gateway.ArchiveFile, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.db.QueryContext(ctx, archiveFilesSQL)
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var files []gateway.ArchiveFile
	for rows.Next() {
		var f gateway.ArchiveFile
		var createdAt, updatedAt int64
		if err := rows.Scan(&f.Name, &f.Records, &f.Size, &f.SHA256, &createdAt, &updatedAt); err != nil {
			return nil, l.explain(err)
		}
		f.CreatedAt, f.UpdatedAt = timeOf(createdAt), timeOf(updatedAt)
		files = append(files, f)
	}
	return files, l.explain(rows.Err())
}

// MissingFiles implements gateway.Archive.
func (l *Ledger) MissingFiles(ctx context.Context) ([]string, error) {
	files, err := l.ArchiveFiles(ctx)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, f := range files {
		away, err := l.archive.missing(f)
		if err != nil {
			return nil, err
		}
		if away {
			missing = append(missing, f.Name)
		}
	}
	return missing, nil
}

// VerifyFile reads a whole file of the archive and compares its sum.
func (l *Ledger) VerifyFile(f gateway.ArchiveFile) error { return l.archive.verify(f) }

// Archived is where a payment lies in the archive, and the line that lies there.
// It is empty for one that is in the ledger.
func (l *Ledger) Archived(ctx context.Context, merchantID, paymentID string) (file string, offset int64, line []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	var body string
	if err := l.reads.payment.QueryRowContext(ctx, paymentID, merchantID).Scan(&body); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = gateway.ErrNotFound
		}
		return "", 0, nil, l.explain(err)
	}
	if !isArchived(body) {
		return "", 0, []byte(body), nil
	}
	p, err := parseArchivePlace(body)
	if err != nil {
		return "", 0, nil, err
	}
	line, err = l.archive.read(ctx, p)
	return p.file, p.offset, line, err
}
