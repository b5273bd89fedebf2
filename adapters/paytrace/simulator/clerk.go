package simulator

import (
	"cmp"
	"errors"
	"strconv"
)

// ClerkRequest is something done at PayTrace's own screens, without the gateway.
type ClerkRequest struct {
	// Kind is sale, authorize, capture, adjust, refund or void, or
	// customer_create, customer_update or customer_delete.
	Kind string `json:"kind"`
	// Amount is optional in captures and refunds, where none means all that is
	// left; a void has none.
	Amount string `json:"amount"`
	// TransactionID is what is captured, adjusted, refunded or voided. A refund
	// without one returns nothing that was sold here.
	TransactionID       string `json:"transactionId"`
	InvoiceID           string `json:"invoiceId"`
	CustomerReferenceID string `json:"customerReferenceId"`
	// Card is a brand with a sandbox test card; "demo" and none mean visa.
	Card string `json:"card"`
	// CustomerID is the profile that is made, changed or deleted, with an expiry
	// of its card.
	CustomerID      string `json:"customerId"`
	ExpirationMonth string `json:"expirationMonth"`
	ExpirationYear  string `json:"expirationYear"`
}

const (
	clerk        = "clerk"
	clerksScreen = "Virtual Terminal"
)

// clerkKinds are the things that a clerk can do with money, by the name of their
// kind.
var clerkKinds = map[string]func(*Simulator, ClerkRequest) (*transaction, error){
	"sale":      (*Simulator).clerkSells,
	"authorize": (*Simulator).clerkAuthorizes,
	"capture":   (*Simulator).clerkCaptures,
	"adjust":    (*Simulator).clerkAdjusts,
	"refund":    (*Simulator).clerkRefunds,
	"void":      (*Simulator).clerkVoids,
}

// Clerk does something at PayTrace's own screens, as POST /clerk does, and
// returns the id of the transaction, or of the customer, that was made, changed or
// deleted.
func (s *Simulator) Clerk(q ClerkRequest) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	_, id, err = s.serveClerk(q)
	return id, err
}

func postClerk(s *Simulator, body []byte) (any, error) {
	var given ClerkRequest
	if err := readStrictly(body, &given); err != nil {
		return nil, err
	}
	member, id, err := s.serveClerk(given)
	return map[string]string{member: id}, err
}

// serveClerk keeps to the same state rules as the API. It tells what the id is one
// of.
func (s *Simulator) serveClerk(q ClerkRequest) (member, id string, err error) {
	if do, known := clerkCustomerKinds[q.Kind]; known {
		u, err := do(s, q)
		if err != nil {
			return "", "", err
		}
		return "customerId", u.ID, nil
	}
	do, known := clerkKinds[q.Kind]
	if !known {
		return "", "", errors.New("kind must be sale, authorize, capture, adjust, refund or void, or customer_create, customer_update or customer_delete")
	}
	t, err := do(s, q)
	if err != nil {
		return "", "", err
	}
	return "transactionId", strconv.FormatInt(t.ID, 10), nil
}

func (s *Simulator) clerkSells(q ClerkRequest) (*transaction, error) {
	return s.clerkCharges(kindSale, statePending, q)
}

func (s *Simulator) clerkAuthorizes(q ClerkRequest) (*transaction, error) {
	return s.clerkCharges(kindAuthorization, stateAuthorized, q)
}

func (s *Simulator) clerkCharges(kind, state string, q ClerkRequest) (*transaction, error) {
	t, err := s.clerksTransaction(kind, q)
	if err != nil {
		return nil, err
	}
	t.State, t.ApprovalCode = state, approvalCode(s.books.NextID)
	t.AVS, t.ApprovalMessage = avsVerdict(t.Billing, t.ApprovalCode, &s.settings)
	return s.record(t), nil
}

func (s *Simulator) clerkCaptures(q ClerkRequest) (*transaction, error) {
	t, amount, wrong := s.capturable(q.named())
	if len(wrong) > 0 {
		return nil, wrong
	}
	s.captureAs(t, amount, clerk)
	return t, nil
}

func (s *Simulator) clerkAdjusts(q ClerkRequest) (*transaction, error) {
	t, amount, err := s.adjustable(q.named())
	if err != nil {
		return nil, err
	}
	s.adjustAs(t, amount, clerk)
	return t, nil
}

// clerkVoids voids what is unsettled, a refund too: its sale can then be refunded
// again.
func (s *Simulator) clerkVoids(q ClerkRequest) (*transaction, error) {
	t, wrong := s.voidable(q.named())
	if len(wrong) > 0 {
		return nil, wrong
	}
	s.voidAs(t, clerk)
	return t, nil
}

func (s *Simulator) clerkRefunds(q ClerkRequest) (*transaction, error) {
	if q.TransactionID == "" {
		r, err := s.clerksTransaction(kindRefund, q)
		if err != nil {
			return nil, err
		}
		s.refundAs(r, nil)
		return r, nil
	}
	of, amount, wrong := s.refundable(q.named())
	if len(wrong) > 0 {
		return nil, wrong
	}
	if q.InvoiceID == "" && s.settings.ClerkRefundKeepsInvoice {
		q.InvoiceID = of.InvoiceID
	}
	r := s.byClerk(kindRefund, amount, of.payer(), q)
	s.refundAs(r, of)
	return r, nil
}

// named is the request as the API's own rules read it.
func (q ClerkRequest) named() *request {
	return &request{TransactionID: text(q.TransactionID), Amount: text(q.Amount)}
}

// clerksTransaction is one with a card of its own.
func (s *Simulator) clerksTransaction(kind string, q ClerkRequest) (*transaction, error) {
	amount, ok := parseCents(q.Amount)
	if !ok || amount == 0 {
		return nil, errors.New(`amount must be a decimal above 0 with at most two decimals, like "19.99"`)
	}
	number, err := sandboxNumber(cmp.Or(q.Card, brandVisa))
	if err != nil {
		return nil, err
	}
	c, _ := newCard(number, "12", "2030", s.books.FingerprintKey, &s.settings)
	return s.byClerk(kind, amount, payer{card: c}, q), nil
}

func (s *Simulator) byClerk(kind string, amount cents, p payer, q ClerkRequest) *transaction {
	t := s.newTransaction(&call{}, kind, amount, p)
	t.Through, t.By, t.InvoiceID, t.CustomerReferenceID = clerksScreen, clerk, q.InvoiceID, q.CustomerReferenceID
	return t
}
