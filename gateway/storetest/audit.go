package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// AuditKey is that under which the ledgers of these tests have to chain their
// audit trail.
var AuditKey = gateway.AuditKey("the key of a test's audit trail")

// AuditStore is what the tests of the audit trail need: a trail, and what is
// decided together with it.
type AuditStore interface {
	gateway.AuditTrail
	gateway.ClientStore
	gateway.Ledger
}

// decision is a record for what needs one.
var decision = gateway.AuditRecord{
	At: start, Actor: gateway.Actor{Client: "operator:root", Person: "Ada Byron", From: "127.0.0.1"},
	Action: gateway.AuditClientAdded, MerchantID: "main", LiveMode: true,
	Subject: gateway.AuditSubject{Kind: "client", ID: "a"}, Details: map[string]string{"scopes": "payments:read <&> ü"},
}

// RunAudit tests what is promised by a ledger that keeps an audit trail. open
// gives an empty one.
func RunAudit(t *testing.T, open func(t *testing.T) AuditStore) {
	for _, s := range []struct {
		name string
		test func(*testing.T, AuditStore)
	}{
		{"Audit/keeps records whole, in a chain, and in pages", auditedWhole},
		{"Audit/is refused with more than fits", auditedTooMuch},
		{"Audit/goes with each decision, and with none that is stale", auditedDecisions},
		{"Audit/of 32 at once none is lost and none is twice", auditedAtOnce},
	} {
		t.Run(s.name, func(t *testing.T) { s.test(t, open(t)) })
	}
}

// Trail is the whole trail of a ledger, which has to be whole.
func Trail(t *testing.T, trail gateway.AuditTrail) []gateway.AuditEntry {
	t.Helper()
	var all []gateway.AuditEntry
	for after := int64(0); ; after = all[len(all)-1].Sequence {
		page, err := trail.AuditEntries(t.Context(), after, 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
	}
	head, err := trail.AuditHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	previous := ""
	for i, e := range all {
		if e.Sequence != int64(i+1) || e.Previous != previous || !AuditKey.Fits(e) {
			t.Errorf("entry %d is not in its place: %+v", i+1, e)
		}
		previous = e.Hash
	}
	if head.Sequence != int64(len(all)) || head.Hash != previous || (len(all) > 0 && !AuditKey.Sealed(head)) {
		t.Errorf("after %d entries the end is %+v", len(all), head)
	}
	return all
}

// wantActions compares what the trail tells, as "action subject".
func wantActions(t *testing.T, trail gateway.AuditTrail, want ...string) {
	t.Helper()
	var got []string
	for _, e := range Trail(t, trail) {
		r, _, err := e.Record()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %s", r.Action, r.Subject.ID))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the trail tells %q, want %q", got, want)
	}
}

func auditedWhole(t *testing.T, s AuditStore) {
	wantActions(t, s)
	for i := range 20 {
		r := decision
		r.At, r.Subject.ID = start.Add(time.Duration(i)*time.Second), fmt.Sprint("c", i)
		if err := s.Audit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for i, e := range Trail(t, s) {
		r, sequence, err := e.Record()
		if err != nil || sequence != int64(i+1) {
			t.Errorf("entry %d says that it is %d, %v", i+1, sequence, err)
		}
		want := decision
		want.At, want.Subject.ID = start.Add(time.Duration(i)*time.Second), fmt.Sprint("c", i)
		equal(t, "the record", r, want)
	}
	page, err := s.LatestAuditEntries(t.Context(), 0, 2)
	if err != nil || len(page) != 2 || page[0].Sequence != 20 || page[1].Sequence != 19 {
		t.Errorf("the latest are %+v, %v", page, err)
	}
	page, err = s.LatestAuditEntries(t.Context(), 2, 5)
	if err != nil || len(page) != 1 || page[0].Sequence != 1 {
		t.Errorf("before the second are %+v, %v", page, err)
	}
}

func auditedTooMuch(t *testing.T, s AuditStore) {
	r := decision
	r.Details = map[string]string{"scopes": string(make([]byte, 4<<10))}
	if err := s.Audit(t.Context(), r); err == nil {
		t.Error("a record of 24 KiB was taken")
	}
	wantActions(t, s)
}

func about(kind, id string) gateway.AuditRecord {
	r := decision
	r.Action, r.Subject = gateway.AuditAction(kind+".decided"), gateway.AuditSubject{Kind: kind, ID: id}
	return r
}

func goesWell(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func auditedDecisions(t *testing.T, s AuditStore) {
	client := apiClient("a")
	goesWell(t, s.SaveAPIClient(t.Context(), client, about("client", "1")))
	wantErr(t, s.SaveAPIClient(t.Context(), client, about("client", "stale")), gateway.ErrStale)

	sale := Sale("m1", start)
	apply(t, s, sale)
	approval := Approval(sale.Payment, start.Add(time.Second))
	record := about("payment", "2")
	approval.Audit = &record
	apply(t, s, approval)
	stale := about("payment", "stale")
	approval.Audit = &stale
	wantErr(t, s.Apply(t.Context(), approval), gateway.ErrStale)

	state := gateway.SubscriberState{MerchantID: "m1", Subscriber: "shop", Version: 1}
	goesWell(t, s.DecideSubscriber(t.Context(), state, about("subscriber", "3")))
	wantErr(t, s.DecideSubscriber(t.Context(), state, about("subscriber", "stale")), gateway.ErrStale)

	d := queued(t, s, 1)[0]
	goesWell(t, s.DecideDelivery(t.Context(), changed(d, gateway.DeliveryDone), about("delivery", "4")))
	wantErr(t, s.DecideDelivery(t.Context(), changed(d, gateway.DeliveryDone), about("delivery", "stale")), gateway.ErrStale)
	done := changed(d, gateway.DeliveryDone)
	goesWell(t, s.ReplayDelivery(t.Context(), changed(done, gateway.DeliveryPending), about("delivery", "5")))
	wantErr(t, s.ReplayDelivery(t.Context(), changed(done, gateway.DeliveryPending), about("delivery", "stale")), gateway.ErrStale)
	turn := gateway.Retention{Due: start, Version: 1}
	goesWell(t, s.EndRetention(t.Context(), turn, about("retention", "6")))
	wantErr(t, s.EndRetention(t.Context(), turn, about("retention", "stale")), gateway.ErrStale)
	wantActions(t, s, "client.decided 1", "payment.decided 2", "subscriber.decided 3", "delivery.decided 4", "delivery.decided 5", "retention.decided 6")
}

func auditedAtOnce(t *testing.T, s AuditStore) {
	var wait sync.WaitGroup
	errs := make([]error, 32)
	for i := range errs {
		wait.Go(func() {
			if i%2 == 0 {
				errs[i] = s.Audit(t.Context(), about("configuration", "x"))
				return
			}
			errs[i] = s.SaveAPIClient(t.Context(), apiClient(fmt.Sprint("c", i)), about("client", "x"))
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if all := Trail(t, s); len(all) != len(errs) {
		t.Errorf("%d records are kept, want %d", len(all), len(errs))
	}
}
