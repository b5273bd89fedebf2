package drill

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// history is what everybody has seen so far, for the checker.
func (w *town) history() history.History {
	w.t.Helper()
	w.mu.Lock()
	h := history.History{Calls: slices.Clone(w.calls)}
	w.mu.Unlock()
	h.Payments = w.payments()
	h.Arrivals, h.Transactions = w.payTrace.books()
	h.Intents, h.Sends = admitted(h.Payments)
	return h
}

// payments asks a gateway for every payment there is.
func (w *town) payments() []history.Payment {
	w.t.Helper()
	var all []history.Payment
	for cursor, more := "", true; more; {
		var page struct {
			Items      []paymentShown `json:"items"`
			NextCursor string         `json:"nextCursor"`
			HasMore    bool           `json:"hasMore"`
		}
		path := "/api/v1/payments?pageSize=100"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		w.get(path, &page)
		for _, item := range page.Items {
			all = append(all, w.payment(item))
		}
		cursor, more = page.NextCursor, page.HasMore
	}
	slices.SortFunc(all, func(a, b history.Payment) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// get asks whichever gateway answers.
func (w *town) get(path string, into any) {
	w.t.Helper()
	slot := 0
	eventually(w.t, "GET "+path+" is answered", func() bool {
		slot = 1 - slot
		ctx, cancel := within(usualBudget)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.gateways[slot].address+path, nil)
		if err != nil {
			return false
		}
		request.Header.Set("Authorization", "Bearer "+w.token)
		response, err := w.client.Do(request)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK && json.NewDecoder(response.Body).Decode(into) == nil
	})
}

// admitted stands in for what nobody sees of a process: its intents, and what
// it handed to its way to PayTrace. Each operation that the gateways show may
// have been sent once, and a refund also as the void it may have become.
func admitted(payments []history.Payment) (intents []history.Intent, sends []history.Send) {
	for _, p := range payments {
		for _, o := range p.Operations {
			kinds := []string{o.Kind}
			if o.Kind == history.Refund {
				kinds = append(kinds, history.Void)
			}
			if o.Origin == "external" || o.Kind == "sale" || o.Kind == "authorize" {
				continue
			}
			for _, kind := range kinds {
				i := history.Intent{Instance: "one of them", Kind: kind, Subject: p.TransactionID, SendBefore: time.UnixMicro(int64(len(intents)))}
				intents = append(intents, i)
				sends = append(sends, history.Send{Instance: i.Instance, Kind: kind, Subject: i.Subject, SendBefore: i.SendBefore})
			}
		}
	}
	return intents, sends
}

func undecided(p history.Payment) bool {
	return slices.ContainsFunc(p.Operations, func(o history.Operation) bool {
		return o.Status == "unknown" || o.Status == "waiting_settlement"
	})
}

// excused counts what is still looked for, or waits for its settlement, as
// something that a person knows of: a run ends long before the looks do.
func excused(h history.History) history.History {
	h.Payments = slices.Clone(h.Payments)
	for i, p := range h.Payments {
		h.Payments[i].NeedsAttention = p.NeedsAttention || undecided(p)
	}
	return h
}

// findable says that a look will yet decide something: PayTrace has a charge
// that the gateways still look for.
func findable(h history.History) bool {
	charged := map[string]bool{}
	for _, t := range h.Transactions {
		charged[t.Reference] = true
	}
	return slices.ContainsFunc(h.Payments, func(p history.Payment) bool {
		return p.Status == "unknown" && p.TransactionID == "" && charged[p.Reference]
	})
}

// settle waits until nothing more is to be expected, at most for so long, and
// holds everything against the rules. What breaks one may be under way yet, as an
// undoing that an open breaker has held back is: there is patience for that.
func (w *town) settle(atMost time.Duration) history.History {
	w.t.Helper()
	for began := time.Now(); ; pass(2 * time.Second) {
		h := excused(w.history())
		violations := history.Check(h)
		waited := time.Since(began)
		if len(violations) == 0 && (!findable(h) || waited > atMost) {
			return h
		}
		if waited > patience {
			for _, v := range violations {
				w.t.Errorf("a promise is broken: %s", v)
			}
			return h
		}
	}
}

// wantApproved wants every key approved, by one charge each.
func (w *town) wantApproved(h history.History, keys int) {
	w.t.Helper()
	approved := map[string]bool{}
	for _, p := range h.Payments {
		if p.Status == "approved" {
			approved[p.Order] = true
		}
	}
	charges := 0
	for _, t := range h.Transactions {
		if t.Kind == "sale" && t.State != "declined" {
			charges++
		}
	}
	if len(approved) != keys || charges != keys {
		w.t.Errorf("%s", fmt.Sprintf("%d keys: %d payments are approved, by %d charges", keys, len(approved), charges))
	}
}

// settleWhile lets the callers who are not done go on after the failures have
// ended, for as long as something is to be expected, and then settles.
func (w *town) settleWhile(callers *sync.WaitGroup, quiet time.Duration) history.History {
	w.t.Helper()
	began, done := time.Now(), finished(callers)
	enough, over := began.Add(quiet/4), began.Add(quiet)
	for now := began; !done() && now.Before(over); now = time.Now() {
		if now.After(enough) && !findable(w.history()) {
			break
		}
		pass(time.Second)
	}
	close(w.closing)
	w.await(callers)
	return w.settle(time.Until(over))
}
