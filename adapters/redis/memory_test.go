package redis

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func numbered(i int) gateway.ClaimKey {
	return gateway.ClaimKey{MerchantID: "m1", Key: fmt.Sprintf("order-%d", i)}
}

func TestMemoryForgetsTheOldestWhenItIsFull(t *testing.T) {
	clock := newClock()
	m := NewMemory(clock.Now)
	for i := range maxKept + 10 {
		if _, err := m.Claim(t.Context(), numbered(i), "one", time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := m.Finish(t.Context(), numbered(-1-i), "one", []byte("answer"), time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Take(t.Context(), fmt.Sprint(i), gateway.Quota{Requests: 1, Per: time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	for what, kept := range map[string]int{
		"claims": len(m.owners.items), "answers": len(m.answers.items), "quotas": len(m.buckets.items),
	} {
		if kept != maxKept {
			t.Errorf("%d %s are kept, want %d", kept, what, maxKept)
		}
	}
	// The forgotten one comes last, since winning it takes another's place.
	for _, i := range []int{10, maxKept + 9, 9} {
		got, err := m.Claim(t.Context(), numbered(i), "two", time.Hour)
		if err != nil || got.Won != (i < 10) {
			t.Errorf("claim of key %d = %+v, %v; want it won if it was forgotten", i, got, err)
		}
	}
}

func TestMemorySweepsWhatHasExpired(t *testing.T) {
	clock := newClock()
	m := NewMemory(clock.Now)
	for i := range 1000 {
		if _, err := m.Claim(t.Context(), numbered(i), "one", time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	clock.advance(time.Minute)
	if _, err := m.Claim(t.Context(), numbered(1000), "one", time.Minute); err != nil {
		t.Fatal(err)
	}
	if kept := m.owners.order.Len(); kept != 1 || len(m.owners.items) != 1 {
		t.Fatalf("%d claims are kept, want the last one", kept)
	}
}

// TestTheBucketCountsExactly takes whenever a request is allowed again, and not
// a microsecond before.
func TestTheBucketCountsExactly(t *testing.T) {
	for _, q := range []gateway.Quota{
		{Requests: 1, Per: time.Millisecond},
		{Requests: 3, Per: time.Second},
		{Requests: 7, Per: 3 * time.Hour},
		{Requests: 1_000_000, Per: time.Hour},
		{Requests: 1_000_000, Per: time.Millisecond},
	} {
		if err := checkQuota(q); err != nil {
			t.Fatal(err)
		}
		now := newClock().Now()
		start := now
		whole := int64(q.Requests) * q.Per.Microseconds()
		b := bucket{used: whole, at: now}
		for taken := int64(1); taken <= 100; taken++ {
			_, refused := b.take(q, now)
			if refused.Allowed {
				now = start // The wait was rounded up to what allows another one.
				break
			}
			if _, early := b.take(q, now.Add(refused.RetryAfter-time.Microsecond)); early.Allowed {
				t.Fatalf("%+v: allowed before its time", q)
			}
			now = now.Add(refused.RetryAfter)
			var got gateway.Allowance
			if b, got = b.take(q, now); !got.Allowed {
				t.Fatalf("%+v: request %d refused at the time it was told", q, taken)
			}
			if due := microseconds(taken*q.Per.Microseconds(), int64(q.Requests)); now.Sub(start) > due {
				t.Fatalf("%+v: request %d came after %v, want %v at most", q, taken, now.Sub(start), due)
			}
		}
	}
}

func TestAClockThatIsSetBackGivesNothing(t *testing.T) {
	q := gateway.Quota{Requests: 2, Per: time.Hour}
	now := newClock().Now()
	b, _ := bucket{}.take(q, now)
	b, _ = b.take(q, now)
	if _, got := b.take(q, now.Add(-24*time.Hour)); got.Allowed || got.RetryAfter != 30*time.Minute {
		t.Fatalf("%+v, want it refused for half an hour", got)
	}
}
