package simulator

import (
	"cmp"
	"time"
)

// maxHistory bounds the history; the oldest requests are forgotten first.
const maxHistory = 100_000

// What became of the reply to a request.
const (
	replyWaiting = "waiting" // Nothing was answered yet.
	replyGiven   = "given"   // The whole answer was sent, whoever still listened.
	replyCut     = "cut"     // The connection was closed within the answer.
	replyDropped = "dropped" // The connection was closed without a byte.
)

// HistoryEntry is one request as GET /history shows it. Bodies are never kept.
type HistoryEntry struct {
	At                  time.Time `json:"at"`
	Method              string    `json:"method"`
	Path                string    `json:"path"`
	Operation           string    `json:"operation"`
	TransactionID       string    `json:"transactionId"`
	CustomerID          string    `json:"customerId"`
	Amount              string    `json:"amount"`
	InvoiceID           string    `json:"invoiceId"`
	CustomerReferenceID string    `json:"customerReferenceId"`
	// Acted says that PayTrace did what was asked, or declined it: not that it
	// refused, nor that a fault kept it from acting.
	Acted      bool   `json:"acted"`
	Answer     int    `json:"answer"`
	HTTPStatus int    `json:"httpStatus"`
	Reply      string `json:"reply"`
	Fault      string `json:"fault"`
	Connection uint64 `json:"connection"`
}

// describe takes from the request what may be shown of it.
func (e *HistoryEntry) describe(q *request) {
	e.TransactionID, e.CustomerID = clip(cmp.Or(q.TransactionID, q.CheckTransactionID)), clip(q.CustomerID)
	e.InvoiceID, e.CustomerReferenceID = clip(q.InvoiceID), clip(q.CustomerReferenceID)
	if amount, ok := parseCents(string(q.Amount)); ok {
		e.Amount = amount.String()
	}
}

// clip keeps an absurd member from being remembered a hundred thousand times.
func clip(t text) string {
	const most = 255
	return string(t[:min(len(t), most)])
}

// history is a ring of the last requests.
type history struct {
	entries []*HistoryEntry
	oldest  int
}

func (h *history) add(e *HistoryEntry) {
	if len(h.entries) < maxHistory {
		h.entries = append(h.entries, e)
		return
	}
	h.entries[h.oldest] = e
	h.oldest = (h.oldest + 1) % maxHistory
}

// list copies the entries, newest last.
func (h *history) list() []HistoryEntry {
	all := make([]HistoryEntry, 0, len(h.entries))
	for i := range h.entries {
		all = append(all, *h.entries[(h.oldest+i)%len(h.entries)])
	}
	return all
}

// History is every request received, newest last, as GET /history shows it.
func (s *Simulator) History() []HistoryEntry { return attended(s, s.history.list) }

// remember puts a request into the history as it arrives, so that one whose
// answer is held back is seen there too.
func (s *Simulator) remember(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.record.At = s.now()
	s.history.add(c.record)
}
