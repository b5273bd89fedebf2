package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// AuditFinding is something about the trail that is not as it was written.
type AuditFinding struct {
	// Sequence is the place: that of a record, or of the first one that is missing.
	Sequence int64
	// Note says that the finding is for information alone.
	Note  bool
	Found string
}

// AuditReport is what came of a verification.
type AuditReport struct {
	Records  int64
	Findings int64 // without the notes
	// Compared counts the records that an export has.
	Compared int64
}

// AuditExport is a trail as it was exported, in order. Next returns io.EOF after
// the last entry.
type AuditExport interface {
	Next() (AuditEntry, error)
}

const (
	// auditPage bounds the records that are in memory at once.
	auditPage = 1000
	// auditClockSlack is by how much the clocks of gateways may differ, and how
	// long a decision may take to reach the ledger.
	auditClockSlack = time.Minute
)

// VerifyAudit goes through the whole trail and tells what is not as it was
// written, each with its place. against may be nil; else each record that it has
// must be there. It may run while records are added.
func VerifyAudit(ctx context.Context, trail AuditTrail, key AuditKey, against AuditExport, tell func(AuditFinding)) (AuditReport, error) {
	v := &auditVerifier{key: key, against: against, tell: tell}
	if err := v.turn(); err != nil {
		return v.report, err
	}
	for again := false; ; {
		page, err := trail.AuditEntries(ctx, v.last.Sequence, auditPage)
		if err != nil {
			return v.report, err
		}
		for _, e := range page {
			if err := v.entry(e); err != nil {
				return v.report, err
			}
		}
		if len(page) > 0 {
			again = false
			continue
		}
		head, err := trail.AuditHead(ctx)
		if err != nil {
			return v.report, err
		}
		if head.Sequence > v.last.Sequence && !again {
			again = true // what was added since the last page is there now
			continue
		}
		v.end(head)
		return v.report, v.rest()
	}
}

type auditVerifier struct {
	key     AuditKey
	against AuditExport
	tell    func(AuditFinding)
	report  AuditReport

	last   AuditEntry
	lastAt time.Time
	// foreign is the first of a row of records that were made with another key.
	foreign int64
	// exported is the next entry of the export, zero after its last.
	exported AuditEntry
}

func (v *auditVerifier) find(sequence int64, format string, args ...any) {
	v.report.Findings++
	v.tell(AuditFinding{Sequence: sequence, Found: fmt.Sprintf(format, args...)})
}

// entry looks at the next one and tells at most one fault of the record itself.
func (v *auditVerifier) entry(e AuditEntry) error {
	v.report.Records++
	follows := e.Sequence == v.last.Sequence+1
	if !follows {
		v.find(v.last.Sequence+1, "%s missing", oneOrMany(v.last.Sequence+1, e.Sequence-1))
	}
	r, says, err := e.Record()
	v.madeByOthers(e)
	switch {
	case err != nil:
		v.find(e.Sequence, "record %d cannot be read: it was changed", e.Sequence)
	case v.key.Made(e.Hash) && !v.key.Fits(e):
		v.find(e.Sequence, "record %d was changed", e.Sequence)
	case says != e.Sequence:
		v.find(e.Sequence, "record %d stands in the place of record %d", says, e.Sequence)
	case follows && e.Previous != v.last.Hash:
		v.find(e.Sequence, "record %d does not follow the one before it", e.Sequence)
	case r.Action == AuditTrailResumed:
		v.find(e.Sequence, "before record %d the end of the trail was not sealed with the key of that time: it was cut there, or the gateway's secret was changed", e.Sequence)
	}
	if err == nil {
		v.time(e, r)
	}
	v.last = e
	return v.compare(e)
}

func oneOrMany(from, to int64) string {
	if from >= to {
		return fmt.Sprintf("record %d is", from)
	}
	return fmt.Sprintf("records %d to %d are", from, to)
}

// madeByOthers tells once of all that follow each other.
func (v *auditVerifier) madeByOthers(e AuditEntry) {
	switch foreign := !v.key.Made(e.Hash); {
	case foreign && v.foreign == 0:
		v.foreign = e.Sequence
	case !foreign && v.foreign > 0:
		v.find(v.foreign, "%s of another secret of the gateway and cannot be checked", oneOrMany(v.foreign, e.Sequence-1))
		v.foreign = 0
	}
}

// time notes where the clock was set back.
func (v *auditVerifier) time(e AuditEntry, r AuditRecord) {
	if back := v.lastAt.Sub(r.At); !v.lastAt.IsZero() && back > auditClockSlack {
		v.tell(AuditFinding{Sequence: e.Sequence, Note: true, Found: fmt.Sprintf("record %d is %s older than the one before it: a clock was set back, or two gateways' clocks differ", e.Sequence, back.Round(time.Second))})
	}
	v.lastAt = r.At
}

// end compares the last record with the end that was sealed.
func (v *auditVerifier) end(head AuditHead) {
	if v.foreign > 0 {
		v.find(v.foreign, "%s of another secret of the gateway and cannot be checked", oneOrMany(v.foreign, v.last.Sequence))
	}
	next := v.last.Sequence + 1
	switch {
	case head.Sequence == 0 && v.last.Sequence == 0:
		v.find(1, "the trail is empty: no gateway that keeps one has started on this ledger, or all of it was taken away")
	case !v.key.Made(head.Seal) && head.Seal != "":
		v.find(head.Sequence, "the end of the trail is sealed with another secret of the gateway")
	case !v.key.Sealed(head):
		v.find(head.Sequence, "the end of the trail is not as it was sealed")
	case head.Sequence > v.last.Sequence:
		v.find(next, "%s missing at the end", oneOrMany(next, head.Sequence))
	case head.Sequence < v.last.Sequence:
		v.find(head.Sequence+1, "the trail ended at record %d, and there are more behind it", head.Sequence)
	case head.Hash != v.last.Hash:
		v.find(v.last.Sequence, "record %d is not the one that the trail ended with", v.last.Sequence)
	}
}

// turn reads the next entry of the export.
func (v *auditVerifier) turn() error {
	v.exported = AuditEntry{}
	if v.against == nil {
		return nil
	}
	e, err := v.against.Next()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	v.exported = e
	return nil
}

// compare holds an entry against the export.
func (v *auditVerifier) compare(e AuditEntry) error {
	for v.exported.Sequence > 0 && v.exported.Sequence <= e.Sequence {
		v.report.Compared++
		switch {
		case v.exported.Sequence < e.Sequence:
			v.find(v.exported.Sequence, "record %d is in the export and not in the ledger", v.exported.Sequence)
		case v.exported != e:
			v.find(e.Sequence, "record %d is another one than in the export", e.Sequence)
		}
		if err := v.turn(); err != nil {
			return err
		}
	}
	return nil
}

// rest is what the export has beyond the end of the trail, told in one finding.
func (v *auditVerifier) rest() error {
	first, last := v.exported.Sequence, int64(0)
	for v.exported.Sequence > 0 {
		v.report.Compared++
		last = v.exported.Sequence
		if err := v.turn(); err != nil {
			return err
		}
	}
	if last > 0 {
		v.find(first, "%s in the export and not in the ledger: an older copy of the ledger was put back, or the trail was cut", oneOrMany(first, last))
	}
	return nil
}
