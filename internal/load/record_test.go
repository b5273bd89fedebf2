package load

import (
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// told is a recorder to which requests are told by hand.
type told struct {
	*recorder
	from time.Time
}

func newTold() told {
	from := time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC)
	return told{newRecorder(from), from}
}

// request was due at that time, and took that long.
func (r told) request(due, took time.Duration, failure string) {
	at := r.from.Add(due)
	r.begin(at)
	r.end(result{operation: Sale, due: at, sent: at, done: at.Add(took), failure: failure})
}

func TestTheWarmUpIsNotCounted(t *testing.T) {
	r := newTold()
	r.request(-time.Millisecond, 5*time.Second, "")
	r.request(-time.Second, time.Second, "500")
	r.request(0, time.Millisecond, "")
	found := reported(t, r.recorder)
	if found.Scheduled != 1 || found.Answered != 1 || found.Failed != 0 || found.Latency.Max > 1_001 || len(found.Errors) != 0 {
		t.Errorf("%+v", found)
	}
}

func TestARefusalHasNoLatencyAndATimeoutHas(t *testing.T) {
	r := newTold()
	r.request(0, time.Millisecond, "")
	r.request(0, 20*time.Second, "503")
	if found := reported(t, r.recorder); found.Latency.Max > 1_001 {
		t.Errorf("a refusal counts: %+v", found.Latency)
	}
	r.request(0, 30*time.Second, failTimeout)
	found := reported(t, r.recorder)
	if found.Latency.Max < 29_900_000 || found.Failed != 2 || found.Errors["503"] != 1 || found.Errors[failTimeout] != 1 {
		t.Errorf("%+v", found)
	}
}

func TestASecondHasItsOwnLatenciesWheneverTheyCome(t *testing.T) {
	r := newTold()
	slow := r.from.Add(500 * time.Millisecond)
	r.begin(slow)
	for s := range 100 {
		r.request(time.Duration(s)*time.Second, time.Millisecond, "")
	}
	if len(r.open) > 4 {
		t.Errorf("%d seconds are kept open", len(r.open))
	}
	r.end(result{operation: Sale, due: slow, sent: slow, done: slow.Add(90 * time.Second)})
	found := reported(t, r.recorder)
	first, last := found.Series[0], found.Series[90]
	if first.P99 < 89_000_000 || first.Scheduled != 2 || first.Answered != 1 {
		t.Errorf("the first second: %+v", first)
	}
	if last.P99 > 1_010 || last.Scheduled != 1 || last.Answered != 2 {
		t.Errorf("the second in which the answer came: %+v", last)
	}
}

func TestTheHistogramCanBeReadByOthers(t *testing.T) {
	r := newTold()
	for i := range 1000 {
		r.request(0, time.Duration(i+1)*time.Millisecond, "")
	}
	found := reported(t, r.recorder)
	h, err := hdr.Decode([]byte(found.Histogram))
	if err != nil || h.TotalCount() != 1000 || h.ValueAtPercentile(99) != found.Latency.P99 {
		t.Errorf("%v, %v", h, err)
	}
	if p := found.Latency.P99; p < 989_000 || p > 991_000 {
		t.Errorf("p99 is %d µs", p)
	}
	if last := found.Curve[len(found.Curve)-1]; last.Percent != 99.9 && last.Percent != 99.925 || last.Latency < 999_000 {
		t.Errorf("the curve ends at %+v", last)
	}
}

func TestWhatTakesLongerThanAnHourIsAnHour(t *testing.T) {
	r := newTold()
	r.request(0, 48*time.Hour, "")
	if found := reported(t, r.recorder); found.Latency.Max < time.Hour.Microseconds()*99/100 {
		t.Errorf("%+v", found.Latency)
	}
}
