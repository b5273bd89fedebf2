package simulator

import (
	"errors"
	"fmt"
	"strconv"
)

// clerkRequest is something done at PayTrace's own screens, without the gateway.
type clerkRequest struct {
	Kind                string `json:"kind"`
	Amount              text   `json:"amount"`
	TransactionID       text   `json:"transactionId"`
	InvoiceID           string `json:"invoiceId"`
	CustomerReferenceID string `json:"customerReferenceId"`
	// Card is a brand with a sandbox test card; "demo" and none mean visa.
	Card string `json:"card"`
}

const clerk = "clerk"

func postClerk(s *Simulator, body []byte) (any, error) {
	var given clerkRequest
	if err := readStrictly(body, &given); err != nil {
		return nil, err
	}
	t, err := s.serveClerk(given)
	if err != nil {
		return nil, err
	}
	return map[string]string{"transactionId": strconv.FormatInt(t.ID, 10)}, nil
}

// serveClerk keeps to the same state rules as the API.
func (s *Simulator) serveClerk(q clerkRequest) (*transaction, error) {
	switch q.Kind {
	case kindSale:
		return s.clerkSells(q)
	case kindRefund:
		return s.clerkRefunds(q)
	case kindVoid:
		t, wrong := s.find(&request{TransactionID: q.TransactionID})
		if len(wrong) > 0 {
			return nil, wrong
		}
		if !t.voidable() {
			return nil, problems{errNotVoidable}
		}
		s.voidAs(t, clerk)
		return t, nil
	}
	return nil, errors.New("kind must be sale, refund or void")
}

func (s *Simulator) clerkSells(q clerkRequest) (*transaction, error) {
	t, err := s.clerksTransaction(kindSale, q)
	if err != nil {
		return nil, err
	}
	t.State, t.ApprovalCode = statePending, approvalCode(s.books.NextID)
	t.AVS, t.ApprovalMessage = avsVerdict(t.Billing, t.ApprovalCode, &s.settings)
	return s.record(t), nil
}

func (s *Simulator) clerkRefunds(q clerkRequest) (*transaction, error) {
	if q.TransactionID == "" {
		r, err := s.clerksTransaction(kindRefund, q)
		if err != nil {
			return nil, err
		}
		s.refundAs(r, nil)
		return r, nil
	}
	of, wrong := s.find(&request{TransactionID: q.TransactionID})
	if len(wrong) > 0 {
		return nil, wrong
	}
	remaining := of.Amount - of.Refunded
	if !of.refundable() || remaining == 0 {
		return nil, problems{errNotRefundable}
	}
	amount, wrong := s.partOf(q.Amount, remaining, s.settings.Errors.OverRefund)
	if len(wrong) > 0 {
		return nil, wrong
	}
	r := s.newTransaction(&call{}, kindRefund, amount, payer{card: of.Card, billing: of.Billing, customerID: of.CustomerID})
	r.Through, r.By, r.InvoiceID, r.CustomerReferenceID = clerksScreen, clerk, q.InvoiceID, q.CustomerReferenceID
	s.refundAs(r, of)
	return r, nil
}

const clerksScreen = "Virtual Terminal"

func (s *Simulator) clerksTransaction(kind string, q clerkRequest) (*transaction, error) {
	amount, ok := parseCents(string(q.Amount))
	if !ok || amount == 0 {
		return nil, errors.New(`amount must be a decimal above 0 with at most two decimals, like "19.99"`)
	}
	if q.Card == "" || q.Card == "demo" {
		q.Card = brandVisa
	}
	number, known := sandboxCards[q.Card]
	if !known {
		return nil, fmt.Errorf("card must be demo, %s, %s, %s or %s", brandVisa, brandMasterCard, brandAmEx, brandDiscover)
	}
	c, _ := newCard(number, "12", "2030", s.books.FingerprintKey, &s.settings)
	t := s.newTransaction(&call{}, kind, amount, payer{card: c})
	t.Through, t.By, t.InvoiceID, t.CustomerReferenceID = clerksScreen, clerk, q.InvoiceID, q.CustomerReferenceID
	return t, nil
}
