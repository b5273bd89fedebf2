package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// pipeline gathers the statements of a group that go to PostgreSQL in one trip,
// where each had one of its own: with 64 callers the server then took four times
// as many payments.
type pipeline struct {
	batch pgx.Batch
	// ones says of each statement whether it has to write, or to find, exactly one
	// row.
	ones []bool
}

var errNotOne = errors.New("a statement has not met exactly one row")

func (p *pipeline) add(statement string, args []any, one bool) {
	p.batch.Queue(statement, args...)
	p.ones = append(p.ones, one)
}

// send tells the first failure, without whose it is: the group is written again,
// change by change.
func (p *pipeline) send(ctx context.Context, conn *pgx.Conn) error {
	results := conn.SendBatch(ctx, &p.batch)
	for _, one := range p.ones {
		tag, err := results.Exec()
		if err == nil && one && tag.RowsAffected() != 1 {
			err = errNotOne
		}
		if err != nil {
			return errors.Join(err, results.Close())
		}
	}
	return results.Close()
}

// flush sends what has been gathered.
func (s *session) flush() error {
	gathered := s.pipeline
	if gathered == nil || gathered.batch.Len() == 0 {
		return nil
	}
	s.pipeline = &pipeline{}
	return s.conn.Raw(func(driver any) error { return gathered.send(s.ctx, driver.(*stdlib.Conn).Conn()) })
}
