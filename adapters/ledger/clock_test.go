package ledger

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

func TestAClockDiffersByWhatTheWayDoesNotExplain(t *testing.T) {
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	for _, c := range []struct {
		before, database, after int
		want                    time.Duration
	}{
		{10, 10, 10, 0},
		{10, 10, 100, 0},
		{10, 100, 100, 0},
		{10, 55, 100, 0},
		{10, 3, 100, 7 * time.Second},
		{10, 110, 100, -10 * time.Second},
	} {
		if got := aheadOf(at(c.before), at(c.database), at(c.after)); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestClocksThatDifferLittleAreNotToldOf(t *testing.T) {
	for ahead, want := range map[time.Duration]string{
		0: "", clockBound: "", -clockBound: "",
		clockBound + time.Second:  "this machine's clock is 6s ahead of PostgreSQL's",
		-clockBound - time.Second: "PostgreSQL's clock is 6s ahead of this machine's",
	} {
		if got := clockWords(ahead); got != want {
			t.Errorf("%s: %q, want %q", ahead, got, want)
		}
	}
}

// said is a log that may be read while it is written.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(line)
}

func (s *said) log() *slog.Logger { return slog.New(slog.NewTextHandler(s, nil)) }

// all is what has been said so far.
func (s *said) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// askew is a clock that is off by so much.
func askew(by time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(by) } }

func TestAStartSaysThatItsClockIsNotTheDatabases(t *testing.T) {
	url := services.Postgres(t)
	for off, want := range map[time.Duration]string{
		time.Hour:  "this machine's clock is ",
		-time.Hour: "PostgreSQL's clock is ",
		0:          "",
	} {
		var log said
		l, err := OpenPostgres(t.Context(), url, Options{Now: askew(off), Log: log.log()})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		found := ExamineClock(t.Context(), url, askew(off))
		if len(found) != 1 {
			t.Fatalf("the doctor finds %+v", found)
		}
		if want == "" {
			wantFinding(t, found[0], gateway.Well, "agree")
			if all := log.all(); all != "" {
				t.Errorf("of a clock that is right the start says %s", all)
			}
			continue
		}
		wantFinding(t, found[0], gateway.Doubtful, want, "NTP")
		for _, words := range []string{"level=WARN", "ledger.clock_differs", want, "NTP"} {
			if all := log.all(); strings.Count(all, words) != 1 {
				t.Errorf("of a clock that is off by %s the start does not say %q once: %s", off, words, all)
			}
		}
	}
	if found := ExamineClock(t.Context(), "postgres://u:hunter2secret@127.0.0.1:1/nowhere", time.Now); found != nil {
		t.Errorf("of a server that is away the doctor finds %+v", found)
	}
}
