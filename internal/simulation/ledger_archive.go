package simulation

import (
	"context"
	"time"

	"paytrace-gateway/gateway"
)

// The instances let go of nothing: all that they have done is judged. So these
// calls come to no fault.

func (l *ledgerPort) Archivable(ctx context.Context, before time.Time, after gateway.ArchivePlace, limit int) ([]gateway.Payment, error) {
	return l.next.Archivable(ctx, before, after, limit)
}

func (l *ledgerPort) Archive(ctx context.Context, payments []gateway.Payment, at time.Time) (int, error) {
	return l.next.Archive(ctx, payments, at)
}

func (l *ledgerPort) Forget(ctx context.Context, before time.Time, after string, limit int) (int, string, error) {
	return l.next.Forget(ctx, before, after, limit)
}

func (l *ledgerPort) Retention(ctx context.Context) (gateway.Retention, error) {
	return l.next.Retention(ctx)
}

func (l *ledgerPort) EndRetention(ctx context.Context, r gateway.Retention, record gateway.AuditRecord) error {
	return l.next.EndRetention(ctx, r, record)
}

func (l *ledgerPort) SaveRetention(ctx context.Context, r gateway.Retention) error {
	return l.next.SaveRetention(ctx, r)
}

func (l *ledgerPort) ArchiveFiles(ctx context.Context) ([]gateway.ArchiveFile, error) {
	return l.next.ArchiveFiles(ctx)
}

func (l *ledgerPort) MissingFiles(ctx context.Context) ([]string, error) {
	return l.next.MissingFiles(ctx)
}

func (l *ledgerPort) Erase(ctx context.Context, e gateway.Erasing, stage gateway.ErasureStage, after string) (gateway.Erased, string, error) {
	return l.next.Erase(ctx, e, stage, after)
}

func (l *ledgerPort) Audit(ctx context.Context, r gateway.AuditRecord) error {
	return l.next.Audit(ctx, r)
}
