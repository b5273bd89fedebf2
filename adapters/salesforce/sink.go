package salesforce

import (
	"context"
	"errors"
	"fmt"

	"paytrace-gateway/adapters/mapping"
	"paytrace-gateway/gateway"
)

// maxBatch is how many records Salesforce takes in one call.
const maxBatch = 200

// maxPublished is how many requests a composite call may hold.
const maxPublished = 25

// maxHalvings bounds the calls by which the one record is looked for that has
// spoiled a call for others. One among 200 takes 17.
const maxHalvings = 20

// Sink tells one org. It may be used concurrently.
type Sink struct {
	client       *client
	records      *mapping.Mapping
	events       *mapping.Mapping // nil when no platform event is published
	perOperation bool
}

// New makes a sink; the error names every fault of the configuration.
func New(config Config) (*Sink, error) {
	config = config.withDefaults()
	records, events, err := config.mappings()
	if err := errors.Join(config.check(), err); err != nil {
		return nil, err
	}
	c, err := newClient(config)
	if err != nil {
		return nil, err
	}
	return &Sink{client: c, records: records, events: events, perOperation: config.PerOperation}, nil
}

// Close closes the connections that are not in use.
func (s *Sink) Close() { s.client.door.Close() }

// Usage is what the org last told of its API calls, the zero value before.
func (s *Sink) Usage() Usage { return s.client.usage.read() }

// Lane is the parent of the record: Salesforce locks it while a child is
// written.
func (s *Sink) Lane(e gateway.Event) string { return laneOf(e) }

// BatchLimit is smaller when a platform event goes with each record.
func (s *Sink) BatchLimit() int {
	if s.events != nil {
		return maxPublished
	}
	return maxBatch
}

// Deliver tells of one event: its record is upserted, then the platform event
// published, if there is one. An event that could not be published after the
// upsert has the upsert again, which changes nothing.
func (s *Sink) Deliver(ctx context.Context, d gateway.Delivery) gateway.Verdict {
	if d.Event.Vault != nil {
		return s.eased(s.tellVault(ctx, *d.Event.Vault))
	}
	if !concerns(d.Event) {
		return notNeeded
	}
	r, err := recordOf(d.Event, s.records, s.perOperation)
	if err != nil {
		return s.unmappable(err)
	}
	v := s.tellOthers(ctx, d.Event)
	if v.Outcome == gateway.Told {
		v = s.upsert(ctx, r)
	}
	if v.Outcome == gateway.Told && s.events != nil {
		v = s.publish(ctx, d.Event)
	}
	return s.eased(v)
}

func (s *Sink) upsert(ctx context.Context, r record) gateway.Verdict {
	if err := ctx.Err(); err != nil {
		return s.unanswered(reply{what: "upsert", err: err})
	}
	return s.upserted(s.client.upsertOne(ctx, r))
}

// tellOthers tells of what the event's change has done to other operations than the
// one that it names, where these have records of their own. It is rare, and takes a
// call for each.
func (s *Sink) tellOthers(ctx context.Context, e gateway.Event) gateway.Verdict {
	if !s.perOperation {
		return gateway.Verdict{Outcome: gateway.Told}
	}
	for _, other := range alsoChanged(e) {
		r, err := recordOf(other, s.records, true)
		if err != nil {
			return s.unmappable(err)
		}
		if v := s.upsert(ctx, r); v.Outcome != gateway.Told {
			return v
		}
	}
	return gateway.Verdict{Outcome: gateway.Told}
}

func (s *Sink) publish(ctx context.Context, e gateway.Event) gateway.Verdict {
	fields, err := s.events.Fields(e)
	if err != nil {
		return s.unmappable(err)
	}
	return s.published(s.client.publish(ctx, fields))
}

// DeliverAll tells of several payments in one call, in their order, and
// publishes their platform events in another.
func (s *Sink) DeliverAll(ctx context.Context, deliveries []gateway.Delivery) []gateway.Verdict {
	if len(deliveries) == 1 {
		return []gateway.Verdict{s.Deliver(ctx, deliveries[0])}
	}
	verdicts := make([]gateway.Verdict, len(deliveries))
	var records []record
	var places []int // where in verdicts the record's is
	for i, d := range deliveries {
		if d.Event.Vault != nil {
			verdicts[i] = s.tellVault(ctx, *d.Event.Vault)
			continue
		}
		if !concerns(d.Event) {
			verdicts[i] = notNeeded
			continue
		}
		r, err := recordOf(d.Event, s.records, s.perOperation)
		if err != nil {
			verdicts[i] = s.unmappable(err)
			continue
		}
		if v := s.tellOthers(ctx, d.Event); v.Outcome != gateway.Told {
			verdicts[i] = v
			continue
		}
		records, places = append(records, r), append(places, i)
	}
	calls := maxHalvings
	for i, v := range s.tellAll(ctx, records, &calls) {
		verdicts[places[i]] = v
	}
	if s.events != nil {
		s.publishAll(ctx, deliveries, verdicts)
	}
	for i := range verdicts {
		verdicts[i] = s.eased(verdicts[i])
	}
	pauseOnce(verdicts)
	return verdicts
}

// publishAll publishes the events of the deliveries whose records were saved,
// and puts its verdicts in the place of theirs.
func (s *Sink) publishAll(ctx context.Context, deliveries []gateway.Delivery, verdicts []gateway.Verdict) {
	var bodies []map[string]any
	var places []int
	for i, d := range deliveries {
		if verdicts[i].Outcome != gateway.Told || !concerns(d.Event) {
			continue
		}
		fields, err := s.events.Fields(d.Event)
		if err != nil {
			verdicts[i] = s.unmappable(err)
			continue
		}
		bodies, places = append(bodies, fields), append(places, i)
	}
	if len(bodies) == 0 {
		return
	}
	for i, v := range s.allPublished(s.client.publishAll(ctx, bodies), len(bodies)) {
		verdicts[places[i]] = v
	}
}

// tellAll upserts records in one call. One value of a wrong type makes
// Salesforce refuse the whole call, so a call that is refused for its data is
// halved until the record is found.
func (s *Sink) tellAll(ctx context.Context, records []record, calls *int) []gateway.Verdict {
	if len(records) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return sameFor(len(records), s.unanswered(reply{what: "upsert", err: err}))
	}
	if *calls == 0 {
		return sameFor(len(records), gateway.Verdict{
			Outcome: gateway.Later,
			Detail:  "refused together with other records, of which some are to blame; it is tried again by itself",
		})
	}
	*calls--
	verdicts, spoiled := s.allUpserted(s.client.upsertAll(ctx, records), len(records))
	if !spoiled || len(records) == 1 {
		return verdicts
	}
	half := len(records) / 2
	return append(s.tellAll(ctx, records[:half], calls), s.tellAll(ctx, records[half:], calls)...)
}

func sameFor(n int, v gateway.Verdict) []gateway.Verdict {
	all := make([]gateway.Verdict, n)
	for i := range all {
		all[i] = v
	}
	return all
}

// eased slows down when the org has used most of its API calls: others need
// them too.
func (s *Sink) eased(v gateway.Verdict) gateway.Verdict {
	u := s.Usage()
	if !u.busy() || s.client.config.Now().Sub(u.At) > limitPause || v.Pause > busyPause {
		return v
	}
	v.Pause = busyPause
	v.Detail = joined(v.Detail, fmt.Sprintf("the org has used %d of its %d API calls in 24 hours, so the gateway slows down", u.Used, u.Total))
	return v
}
