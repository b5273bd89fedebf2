package ledger

import (
	"context"
	"time"

	"paytrace-gateway/gateway"
)

func (p *pair) Archivable(ctx context.Context, before time.Time, after gateway.ArchivePlace, limit int) ([]gateway.Payment, error) {
	return p.next().Archivable(ctx, before, after, limit)
}

func (p *pair) Archive(ctx context.Context, payments []gateway.Payment, at time.Time) (int, error) {
	return p.next().Archive(ctx, payments, at)
}

func (p *pair) Forget(ctx context.Context, before time.Time, after string, limit int) (int, string, error) {
	return p.next().Forget(ctx, before, after, limit)
}

func (p *pair) Retention(ctx context.Context) (gateway.Retention, error) {
	return p.next().Retention(ctx)
}

func (p *pair) EndRetention(ctx context.Context, r gateway.Retention, record gateway.AuditRecord) error {
	return p.next().EndRetention(ctx, r, record)
}

func (p *pair) SaveRetention(ctx context.Context, r gateway.Retention) error {
	return p.next().SaveRetention(ctx, r)
}

func (p *pair) ArchiveFiles(ctx context.Context) ([]gateway.ArchiveFile, error) {
	return p.next().ArchiveFiles(ctx)
}

func (p *pair) MissingFiles(ctx context.Context) ([]string, error) {
	return p.next().MissingFiles(ctx)
}

func (p *pair) Erase(ctx context.Context, e gateway.Erasing, stage gateway.ErasureStage, after string) (gateway.Erased, string, error) {
	return p.next().Erase(ctx, e, stage, after)
}

func (p *pair) Audit(ctx context.Context, r gateway.AuditRecord) error { return p.next().Audit(ctx, r) }
