package gateway_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// slowly lets every call of that name take its time, or its deadline.
func (h *house) slowly(name string, takes time.Duration) {
	h.processor.SetBefore(func(ctx context.Context, call string) *gateway.Result {
		if call == name {
			select {
			case <-time.After(takes):
			case <-ctx.Done():
			}
		}
		return nil
	})
}

// More orders than the lane has room for, whose lines take PayTrace as long as a
// call may: a charge whose answer was lost is looked for all the same.
func TestSlowLinesKeepNoLookWaiting(t *testing.T) {
	days(t, time.Second, func(t *testing.T, h *house) {
		h.loses("charge")
		h.create("lost", sale(1999))
		h.answers()
		h.slowly("enhance", 19*time.Second)
		for i := range 300 {
			h.create(fmt.Sprint("k", i), withLines(sale(0), "PO-7"))
		}
		time.Sleep(15 * time.Second)
		h.expect(h.byKey("lost"), nil, gateway.StatusApproved, gateway.OpApproved)
		h.loses("charge")
		h.create("lost too", sale(1999))
		h.answers()
		time.Sleep(15 * time.Second)
		h.expect(h.byKey("lost too"), nil, gateway.StatusApproved, gateway.OpApproved)
		time.Sleep(6 * time.Hour)
		for i := range 300 {
			if e := h.byKey(fmt.Sprint("k", i)).Payment.Enhancement; e.Status != gateway.EnhancementSent {
				t.Fatalf("order %d: %+v", i, e)
			}
		}
	})
}

// The undoing of a charge that was given up keeps its time, whatever comes of a
// call about its lines.
func TestLinesDoNotPutOffAnUndoing(t *testing.T) {
	days(t, time.Second, func(t *testing.T, h *house) {
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "enhance" {
				return &gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "814"}}
			}
			return nil
		})
		h.create("k", withLines(sale(0), "PO-7"))
		time.Sleep(90 * time.Minute) // after the fourth call they are an hour apart
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			switch call {
			case "enhance":
				time.Sleep(5 * time.Second)
				return &gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "814"}}
			case "void":
				return &gateway.Result{Outcome: gateway.NotSent, Detail: "refused"}
			}
			return nil
		})
		for n := h.processor.Calls("enhance"); h.processor.Calls("enhance") == n; {
			time.Sleep(time.Second)
		}
		if _, err := h.Cancel(t.Context(), "main", "k"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		h.answers()
		time.Sleep(2 * time.Minute)
		if p := h.byKey("k").Payment; p.Status != gateway.Voided {
			t.Errorf("%s, due %v", p.Status, time.Until(p.First().Due))
		}
	})
}
