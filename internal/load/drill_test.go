package load

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// memory is what several fakes know together, as gateways know it that share a
// ledger.
type memory struct {
	mu sync.Mutex
	// asked counts the charges for a key, paid the payments that were made.
	asked, paid map[string]int
	// refuse says whether a charge at that target is not answered, and how.
	refuse func(target int, key string, asked int) (status int, refused bool)
	// outcome is what a look says of a key, for the n-th time.
	outcome func(key string, looked int) string
	looked  map[string]int
}

func newMemory() *memory {
	return &memory{
		asked: map[string]int{}, paid: map[string]int{}, looked: map[string]int{},
		refuse:  func(int, string, int) (int, bool) { return 0, false },
		outcome: func(string, int) string { return "approved" },
	}
}

func (m *memory) target(t *testing.T, n int) string {
	return fake(t, func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		switch {
		case r.Method == http.MethodPost:
			m.charge(w, n, r.Header.Get("Idempotency-Key"))
		case strings.Contains(r.URL.Path, "/by-key/"):
			m.look(w, r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
		default:
			row := `{"operations":[{"operationKind":"sale","operationStatus":"approved"}]}`
			rows := strings.Repeat(row+",", m.paid[r.URL.Query().Get("orderId")])
			fmt.Fprintf(w, `{"items":[%s],"hasMore":false}`, strings.TrimSuffix(rows, ","))
		}
	})
}

func (m *memory) charge(w http.ResponseWriter, target int, key string) {
	m.asked[key]++
	if status, refused := m.refuse(target, key, m.asked[key]); refused {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
		return
	}
	if m.paid[key] == 0 {
		m.paid[key] = 1
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write([]byte(`{"status":"approved","transactionId":"1"}`))
}

func (m *memory) look(w http.ResponseWriter, key string) {
	m.looked[key]++
	if m.paid[key] == 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	fmt.Fprintf(w, `{"outcome":%q}`, m.outcome(key, m.looked[key]))
}

func drill(targets ...string) Config {
	c := short(targets...)
	c.Drill = &Drill{RepeatFor: time.Minute, Pause: time.Millisecond, SettleFor: time.Minute}
	return c
}

func TestWhatIsNotAnsweredIsRepeatedAtTheNextTargetWithTheSameKey(t *testing.T) {
	for name, status := range map[string]int{"broken": 0, "503": 503, "500": 500, "429": 429, "409": 409} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			m.refuse = func(target int, _ string, _ int) (int, bool) { return status, target == 0 }
			found := run1(t, drill(m.target(t, 0), m.target(t, 1)))
			f := *found.Drill
			if !found.Good() || f.Keys != 60 || f.OnePayment != 60 || f.Repeated != 30 || f.Repeats != 30 || found.Failed != 0 {
				t.Errorf("%+v, failures %v", f, found.Errors)
			}
			if reason := found.Drill.Reasons[name]; reason != 30 {
				t.Errorf("the reasons are %v", f.Reasons)
			}
			if len(m.asked) != 60 {
				t.Errorf("60 requests came with %d keys", len(m.asked))
			}
		})
	}
}

func TestAPaymentWhoseAnswerWasLostIsStillOne(t *testing.T) {
	m := newMemory()
	m.refuse = func(_ int, key string, asked int) (int, bool) {
		m.paid[key] = 1
		return 0, asked < 3
	}
	found := run1(t, drill(m.target(t, 0)))
	if f := *found.Drill; !f.Good() || f.Repeated != 60 || f.Repeats != 120 || f.WorstWait == 0 || f.WorstKey == "" {
		t.Errorf("%+v", f)
	}
}

func TestASecondPaymentUnderAKeyIsSeen(t *testing.T) {
	m := newMemory()
	m.refuse = func(_ int, key string, asked int) (int, bool) {
		if strings.HasSuffix(key, "-7") {
			m.paid[key]++
		}
		return 503, asked == 1
	}
	found := run1(t, drill(m.target(t, 0)))
	if f := *found.Drill; found.Good() || f.TwoPayments != 1 || f.OnePayment != 59 {
		t.Errorf("%+v", f)
	}
}

func TestAKeyThatNobodyAnswersIsGivenUpAndFoundUnpaid(t *testing.T) {
	m := newMemory()
	m.refuse = func(_ int, key string, _ int) (int, bool) { return 503, strings.HasSuffix(key, "-7") }
	c := drill(m.target(t, 0))
	c.Drill.RepeatFor = 5 * time.Millisecond
	found := run1(t, c)
	if f := *found.Drill; found.Good() || f.GaveUp != 1 || f.NotPaid != 1 || f.OnePayment != 59 || found.Errors[failUnanswered] != 1 {
		t.Errorf("%+v, failures %v", f, found.Errors)
	}
}

func TestTheEndWaitsForKeysThatAreNotDecided(t *testing.T) {
	m := newMemory()
	m.outcome = func(_ string, looked int) string {
		return map[bool]string{true: "unknown", false: "approved"}[looked < 3]
	}
	if found := run1(t, drill(m.target(t, 0))); !found.Good() {
		t.Errorf("%+v", *found.Drill)
	}
	m.outcome = func(string, int) string { return "unknown" }
	c := drill(m.target(t, 0))
	c.Drill.SettleFor = 0
	if found := run1(t, c); found.Good() || found.Drill.Unknown != 60 {
		t.Errorf("%+v", *found.Drill)
	}
}

func TestTheFateOfAKeyIsReadWithoutGuessing(t *testing.T) {
	cases := []struct {
		status int
		body   string
		want   fate
	}{
		{200, `{"outcome":"approved"}`, fateOnePayment},
		{200, `{"outcome":"unknown"}`, fateUnknown},
		{200, `{"outcome":"declined"}`, fateNotPaid},
		{200, `{"outcome":"rejected"}`, fateNotPaid},
		{200, `{"outcome":"not_sent"}`, fateNotPaid},
		{200, `{"outcome":"cancelled"}`, fateNotPaid},
		{200, `{"outcome":"a word of tomorrow"}`, fateUnknown},
		{200, `{}`, fateUnknown},
		{200, `no JSON`, fateUnknown},
		{404, ``, fateNotPaid},
		{401, `{"outcome":"approved"}`, fateUnknown},
	}
	for _, c := range cases {
		if found := readFate(c.status, []byte(c.body)); found != c.want {
			t.Errorf("%d %s is %d, want %d", c.status, c.body, found, c.want)
		}
	}
}

// The gateway that stays answers for both.
func TestARealGatewayTakesOverFromOneThatIsGone(t *testing.T) {
	c := drill(nobody(t), house(t, payTrace(t)))
	found := run1(t, c)
	if f := *found.Drill; !found.Good() || f.Repeated != 30 {
		t.Errorf("%+v, failures %v", f, found.Errors)
	}
}
