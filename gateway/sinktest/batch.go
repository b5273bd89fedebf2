package sinktest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"paytrace-gateway/gateway"
)

// What follows is owed by a gateway.Batcher alone.

func batchIsTold(t *testing.T, open Opener) error {
	r := mount(t, open)
	defer r.close()
	batcher, ok := r.Sink.(gateway.Batcher)
	if !ok {
		return nil
	}
	if batcher.BatchLimit() < 1 {
		return fmt.Errorf("takes %d at once", batcher.BatchLimit())
	}
	verdicts, err := r.deliverAll(t.Context(), batcher, min(batcher.BatchLimit(), 5))
	for _, v := range verdicts {
		if v.Outcome != gateway.Told {
			err = errors.Join(err, fmt.Errorf("%s (%s), want told", v.Outcome, v.Detail))
		}
	}
	return errors.Join(err, r.once(0))
}

func (r *rig) deliverAll(ctx context.Context, batcher gateway.Batcher, n int) ([]gateway.Verdict, error) {
	var deliveries []gateway.Delivery
	for i := range n {
		deliveries = append(deliveries, r.Delivery(i+1))
	}
	verdicts, err := r.await(func() []gateway.Verdict { return batcher.DeliverAll(ctx, deliveries) })
	if err == nil && len(verdicts) != n {
		err = fmt.Errorf("%d verdicts for %d deliveries", len(verdicts), n)
	}
	for _, v := range verdicts {
		err = errors.Join(err, r.check(v))
	}
	return verdicts, err
}

func batchBearsFaults(t *testing.T, open Opener) error {
	for name, body := range bodies {
		for _, status := range []int{200, 400, 503} {
			r := mount(t, open)
			batcher, ok := r.Sink.(gateway.Batcher)
			if !ok {
				r.close()
				return nil
			}
			r.double.misbehave(answer(status, body), false)
			_, err := r.deliverAll(t.Context(), batcher, min(batcher.BatchLimit(), 3))
			r.close()
			if err != nil {
				return fmt.Errorf("%s with status %d: %w", name, status, err)
			}
		}
	}
	return batchEnds(t, open)
}

func batchEnds(t *testing.T, open Opener) error {
	r := mount(t, open)
	defer r.close()
	asked := make(chan struct{}, 1)
	r.double.misbehave(r.double.silent(asked), false)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-asked
		cancel()
	}()
	_, err := r.deliverAll(ctx, r.Sink.(gateway.Batcher), 1)
	tell(asked)
	return err
}
