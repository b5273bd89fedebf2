package load

import (
	"slices"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// What can be told apart: a microsecond from an hour, in the whole to a
// thousandth, in one second to a hundredth.
const (
	longestLatency = time.Hour
	fineDigits     = 3
	coarseDigits   = 2
)

func newHistogram(digits int) *hdr.Histogram {
	return hdr.New(1, longestLatency.Microseconds(), digits)
}

// note writes down how long something took. What took longer than an hour is
// written down as an hour.
func note(h *hdr.Histogram, took time.Duration) {
	_ = h.RecordValue(min(max(took, time.Microsecond), longestLatency).Microseconds())
}

// recorder counts what becomes of requests. Those that were due before from are
// the warm-up, and not counted.
type recorder struct {
	from time.Time

	mu         sync.Mutex
	warmed     int
	scheduled  int
	latency    *hdr.Histogram
	late       *hdr.Histogram
	errors     map[string]int
	operations map[string]*operation
	seconds    []*second
	// open are the seconds in which requests have not ended or may yet come.
	open []*second
	// ended is when the last answer came.
	ended time.Time
}

// operation is what became of the requests of one kind so far.
type operation struct {
	answered, failed int
	latency          *hdr.Histogram
}

// second is one second of the run, with its latencies as long as more of them
// may come.
type second struct {
	Second
	ended   int
	latency *hdr.Histogram
}

func newRecorder(from time.Time) *recorder {
	return &recorder{
		from: from, ended: from, latency: newHistogram(fineDigits), late: newHistogram(fineDigits),
		errors: map[string]int{}, operations: map[string]*operation{},
	}
}

// result is what became of one request.
type result struct {
	operation string
	due       time.Time
	// sent is when the driver began with it; zero when it could not.
	sent, done time.Time
	// failure is empty when the answer was the expected one.
	failure string
}

// waited says that there was an answer, or that it was waited for in vain.
func (r result) waited() bool {
	return r.failure == "" || r.failure == failTimeout || r.failure == failUnanswered
}

// begin counts a request that is due.
func (r *recorder) begin(due time.Time) {
	if due.Before(r.from) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scheduled++
	s := r.second(due)
	if s.latency == nil {
		r.settle(s.Second.Second)
		s.latency = newHistogram(coarseDigits)
		r.open = append(r.open, s)
	}
	s.Scheduled++
}

// end counts what became of it.
func (r *recorder) end(of result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if of.due.Before(r.from) {
		r.warmed++
		return
	}
	o := r.operations[of.operation]
	if o == nil {
		o = &operation{latency: newHistogram(fineDigits)}
		r.operations[of.operation] = o
	}
	now := r.second(of.done)
	if of.failure == "" {
		o.answered++
		now.Answered++
	} else {
		o.failed++
		now.Failed++
		r.errors[of.failure]++
	}
	if of.done.After(r.ended) {
		r.ended = of.done
	}
	if !of.sent.IsZero() {
		note(r.late, of.sent.Sub(of.due))
	}
	due := r.second(of.due)
	if of.waited() {
		took := of.done.Sub(of.due)
		note(r.latency, took)
		note(o.latency, took)
		note(due.latency, took)
	}
	due.ended++
}

// settle lets go of the latencies of seconds that are past and have ended. The
// one before is left: callers of a closed loop may yet come with a request of it.
func (r *recorder) settle(now int) {
	r.open = slices.DeleteFunc(r.open, func(s *second) bool {
		if s.Second.Second >= now-1 || s.ended < s.Scheduled {
			return false
		}
		s.Second = s.sofar()
		s.latency = nil
		return true
	})
}

// second is the row of a moment.
func (r *recorder) second(at time.Time) *second {
	n := int(at.Sub(r.from) / time.Second)
	for len(r.seconds) <= n {
		r.seconds = append(r.seconds, &second{Second: Second{Second: len(r.seconds)}})
	}
	return r.seconds[n]
}

// tick writes down how many requests are under way at the end of a second, and
// returns that second as it stands.
func (r *recorder) tick(n, inFlight int) Second {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.second(r.from.Add(time.Duration(n) * time.Second))
	s.InFlight = inFlight
	return s.sofar()
}

func (s *second) sofar() Second {
	if s.latency != nil {
		s.P50, s.P99 = s.latency.ValueAtPercentile(50), s.latency.ValueAtPercentile(99)
	}
	return s.Second
}

// report is all that was counted over a run of that length.
func (r *recorder) report() (Report, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := Report{
		Warmed: r.warmed, Scheduled: r.scheduled, Errors: r.errors, Operations: map[string]Operation{},
		Latency: summary(r.latency), Curve: curve(r.latency),
		Late: Lateness{r.late.ValueAtPercentile(50), r.late.ValueAtPercentile(99), r.late.Max()},
	}
	for name, o := range r.operations {
		found.Operations[name] = Operation{o.answered, o.failed, summary(o.latency)}
		found.Answered += o.answered
		found.Failed += o.failed
	}
	for _, s := range r.seconds {
		found.Series = append(found.Series, s.sofar())
	}
	encoded, err := r.latency.Encode(hdr.V2CompressedEncodingCookieBase) // In base64.
	found.Histogram = string(encoded)
	return found, err
}

func summary(h *hdr.Histogram) Latency {
	return Latency{
		P50: h.ValueAtPercentile(50), P90: h.ValueAtPercentile(90), P99: h.ValueAtPercentile(99),
		P999: h.ValueAtPercentile(99.9), Max: h.Max(), Mean: h.Mean(),
	}
}

// percents are those of the curve: each nine is as far from the next.
var percents = []float64{
	0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 98.5, 99,
	99.25, 99.5, 99.75, 99.9, 99.925, 99.95, 99.975, 99.99, 99.999, 99.9999,
}

// curve is as fine as the number of requests allows: the last one of them is the
// slowest.
func curve(h *hdr.Histogram) []Point {
	var points []Point
	for _, percent := range percents {
		points = append(points, Point{percent, h.ValueAtPercentile(percent)})
		if float64(h.TotalCount())*(1-percent/100) < 1 {
			break
		}
	}
	return points
}
