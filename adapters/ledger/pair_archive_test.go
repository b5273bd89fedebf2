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

func (p *pair) SaveRetention(ctx context.Context, r gateway.Retention) error {
	return p.next().SaveRetention(ctx, r)
}

func (p *pair) ArchiveFiles(ctx context.Context) ([]gateway.ArchiveFile, error) {
	return p.next().ArchiveFiles(ctx)
}

func (p *pair) MissingFiles(ctx context.Context) ([]string, error) {
	return p.next().MissingFiles(ctx)
}
