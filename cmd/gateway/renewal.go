package main

import (
	"context"
	"sync"

	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// closingSink is what an adapter makes of its configuration.
type closingSink interface {
	gateway.Sink
	gateway.Examiner
	gateway.Previewer
	Close()
}

// openSink makes a sink, and makes it anew when one of its secrets is rotated.
func (a *app) openSink(m config.Merchant, secrets []config.Secret, open func() (closingSink, error)) (gateway.Sink, error) {
	first, err := open()
	if err != nil {
		return nil, err
	}
	r := &renewable{current: &generation{closingSink: first}}
	if !a.whenRotated(m, secrets, func() error { return r.renew(open) }) {
		a.onClose(first.Close)
		return first, nil
	}
	a.onClose(r.close)
	if _, many := first.(gateway.Batcher); many {
		return renewableBatcher{r}, nil
	}
	return r, nil
}

// whenRotated has take called whenever one of the secrets has another value, and
// says whether that can ever be.
func (a *app) whenRotated(m config.Merchant, secrets []config.Secret, take func() error) bool {
	var names []string
	for _, s := range secrets {
		if name := s.SealedAs(); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 || a.secrets == nil {
		return false
	}
	a.secrets.Watch(m.ID, m.LiveMode, names, take)
	return true
}

// renewable is a sink that can be made anew. What an old one has begun it ends,
// and its connections and sessions go with it.
type renewable struct {
	mu      sync.Mutex
	current *generation
}

// generation is a sink and the calls that it has not answered.
type generation struct {
	closingSink
	calls sync.WaitGroup
}

// take is the sink of now. Whoever takes it says when the call is done.
func (r *renewable) take() *generation {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current.calls.Add(1)
	return r.current
}

func (r *renewable) renew(open func() (closingSink, error)) error {
	next, err := open()
	if err != nil {
		return err
	}
	r.mu.Lock()
	old := r.current
	r.current = &generation{closingSink: next}
	r.mu.Unlock()
	// Each call has its deadline, so the wait has one too.
	go func() {
		old.calls.Wait()
		old.Close()
	}()
	return nil
}

func (r *renewable) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current.Close()
}

// Lane implements gateway.Sink.
func (r *renewable) Lane(e gateway.Event) string {
	g := r.take()
	defer g.calls.Done()
	return g.Lane(e)
}

// Deliver implements gateway.Sink.
func (r *renewable) Deliver(ctx context.Context, d gateway.Delivery) gateway.Verdict {
	g := r.take()
	defer g.calls.Done()
	return g.Deliver(ctx, d)
}

// Examine implements gateway.Examiner.
func (r *renewable) Examine(ctx context.Context) []gateway.Finding {
	g := r.take()
	defer g.calls.Done()
	return g.Examine(ctx)
}

// Preview implements gateway.Previewer.
func (r *renewable) Preview(e gateway.Event) (any, error) {
	g := r.take()
	defer g.calls.Done()
	return g.Preview(e)
}

// renewableBatcher is one that tells several at once.
type renewableBatcher struct{ *renewable }

// BatchLimit implements gateway.Batcher.
func (r renewableBatcher) BatchLimit() int {
	g := r.take()
	defer g.calls.Done()
	return g.closingSink.(gateway.Batcher).BatchLimit()
}

// DeliverAll implements gateway.Batcher.
func (r renewableBatcher) DeliverAll(ctx context.Context, all []gateway.Delivery) []gateway.Verdict {
	g := r.take()
	defer g.calls.Done()
	return g.closingSink.(gateway.Batcher).DeliverAll(ctx, all)
}
