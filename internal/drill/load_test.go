package drill

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// load is plain sales of two shops at a steady rate, one at each gateway; each
// sale is repeated with its key until it is decided.
type load struct {
	town    *town
	work    sync.WaitGroup
	methods []string
	perSec  int
	shops   [2]*shop
}

// newLoad has the shoppers' cards ready, so that PayTrace's page costs nothing
// while it is measured.
func (w *town) newLoad(perSecond int, lasts time.Duration) *load {
	w.t.Helper()
	l := &load{town: w, perSec: perSecond, shops: [2]*shop{w.shop(0), w.shop(1)}, methods: make([]string, perSecond*int(lasts/time.Second))}
	for i := range l.methods {
		method, err := w.payTrace.hostedFields()
		if err != nil {
			w.t.Fatal(err)
		}
		l.methods[i] = method
	}
	return l
}

// run returns when the last sale has begun.
func (l *load) run() {
	openLoop(len(l.methods), l.perSec, &l.work, func(i int) {
		a := l.sale(i)
		if c := l.shops[i%2].insist(a); settled(c) && c.Payment.Status != "approved" {
			l.town.t.Errorf("%s ends with HTTP %d %s %s", a.key, c.Status, c.Code, c.Payment.Status)
		}
	})
}

func (l *load) sale(i int) ask {
	key := fmt.Sprintf("sale-%d", i)
	return ask{verb: history.Pay, key: key, order: key, body: fmt.Sprintf(
		`{"intent":"sale","amount":"19.99","orderId":%q,"paymentMethod":%s}`, key, l.methods[i])}
}

// failed are the requests that got no answer, or a server's fault.
func (w *town) failed() (calls []history.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if !c.Answered() || c.Status >= 500 {
			calls = append(calls, c)
		}
	}
	slices.SortFunc(calls, func(a, b history.Call) int { return a.Until.Compare(b.Until) })
	return calls
}
