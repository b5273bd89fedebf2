package load

import "fmt"

// Report is what a run has found. Times are in microseconds, and contain how
// late the driver was.
type Report struct {
	Target        string    `json:"target"`
	As            string    `json:"as"`
	Mode          string    `json:"mode"`
	Rate          float64   `json:"rate"`
	Connections   int       `json:"connections"`
	Ramp          string    `json:"ramp,omitempty"`
	Mix           string    `json:"mix"`
	Run           string    `json:"run"`
	Seed          uint64    `json:"seed"`
	WarmupSeconds float64   `json:"warmupSeconds"`
	Seconds       float64   `json:"seconds"`
	Scheduled     int       `json:"scheduled"`
	Answered      int       `json:"answered"`
	Failed        int       `json:"failed"`
	Throughput    float64   `json:"throughput"`
	Latency       Latency   `json:"latency"`
	Late          Lateness  `json:"late"`
	Series        []Second  `json:"series"`
	Curve         []Point   `json:"curve"`
	Histogram     string    `json:"histogram"`
	Drill         *Findings `json:"drill,omitempty"`

	// Errors counts the failures by HTTP status, or by what happened instead of
	// an answer.
	Errors     map[string]int       `json:"errors"`
	Operations map[string]Operation `json:"operations"`

	// Warmed are the requests of the warm-up, which are counted nowhere else.
	Warmed int `json:"warmed"`
}

// Latency is how long requests took from when they were due: those that were
// answered as expected, and those that got no answer, with what they waited. A
// refusal is quick, and would flatter the figures.
type Latency struct {
	P50  int64   `json:"p50"`
	P90  int64   `json:"p90"`
	P99  int64   `json:"p99"`
	P999 int64   `json:"p999"`
	Max  int64   `json:"max"`
	Mean float64 `json:"mean"`
}

// Lateness is how long after they were due the driver itself began requests.
type Lateness struct {
	P50 int64 `json:"p50"`
	P99 int64 `json:"p99"`
	Max int64 `json:"max"`
}

// Operation is what became of the requests of one kind.
type Operation struct {
	Answered int     `json:"answered"`
	Failed   int     `json:"failed"`
	Latency  Latency `json:"latency"`
}

// Second is one second of the run. Answered and Failed are counted when they
// happen; the latencies are those of the requests that were due in it, whenever
// they were answered.
type Second struct {
	Second    int   `json:"second"`
	Scheduled int   `json:"scheduled"`
	Answered  int   `json:"answered"`
	Failed    int   `json:"failed"`
	InFlight  int   `json:"inFlight"`
	P50       int64 `json:"p50"`
	P99       int64 `json:"p99"`
}

// Point is one of the curve of latencies: so many percent took at most so long.
type Point struct {
	Percent float64 `json:"percent"`
	Latency int64   `json:"latency"`
}

// Manner says how requests came.
func (r Report) Manner() string {
	switch r.Mode {
	case "ramp":
		return "a ramp of " + r.Ramp
	case "connections":
		return fmt.Sprintf("%d connections that wait for their answers", r.Connections)
	}
	return fmt.Sprintf("%g requests/s", r.Rate)
}

// Good says that every request got the answer that was expected.
func (r Report) Good() bool {
	if r.Drill != nil {
		return r.Drill.Good()
	}
	return r.Failed == 0 && r.Answered > 0
}
