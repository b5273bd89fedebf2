package simulator

import (
	"fmt"
	"slices"
)

// payer is whose card is charged or refunded, and where the card came from.
type payer struct {
	card              card
	billing, shipping address
	csc               string
	customerID        string
	// hostedToken is used up when the transaction is made.
	hostedToken string
	// keyed answers have a masked_card_number; no others do.
	keyed bool
}

// payerFrom finds the payer that a variant of a method names.
type payerFrom func(*Simulator, *request) (payer, problems)

type chargeAnswer struct {
	header
	TransactionID         int64             `json:"transaction_id"`
	ApprovalCode          string            `json:"approval_code"`
	ApprovalMessage       string            `json:"approval_message"`
	AVSResponse           string            `json:"avs_response"`
	CSCResponse           string            `json:"csc_response"`
	DiscretionaryData     map[string]string `json:"discretionary_data,omitempty"`
	ExternalTransactionID string            `json:"external_transaction_id"`
	MaskedCardNumber      string            `json:"masked_card_number,omitempty"`
}

// The amounts on which the sandbox declines.
const (
	amountDoNotHonor        cents = 112
	amountExpiredCard       cents = 29
	amountInsufficientFunds cents = 21
)

const (
	textExpiredCard       = "  EXPIRED CARD - Expired card"
	textInsufficientFunds = "    DECLINE - Insufficient funds"
)

// charging is a sale or an authorization by one of its variants.
func charging(kind string, from payerFrom) func(*Simulator, *call) answer {
	return func(s *Simulator, c *call) answer {
		amount, ok := parseCents(string(c.Amount))
		// Only an authorization may be of nothing: it verifies a card.
		var found problems
		if !ok || (amount == 0 && kind == kindSale) {
			found = append(found, s.settings.Errors.Amount)
		}
		p, wrong := from(s, &c.request)
		if found = append(found, wrong...); len(found) > 0 {
			return s.refuse(c, found...)
		}
		return s.charge(c, kind, amount, p)
	}
}

// charge asks the filters, decides like an issuer, and records the outcome.
func (s *Simulator) charge(c *call, kind string, amount cents, p payer) answer {
	t := s.newTransaction(c, kind, amount, p)
	if a, blocked := s.blockDuplicate(c, t, p); blocked {
		return a
	}
	if a, blocked := s.blockPhishing(c, t, p); blocked {
		return a
	}
	delete(s.books.HostedFields, p.hostedToken)
	if text := s.declineText(amount, p.card); text != "" {
		s.countFailure(t, &text)
		return s.decline(t, p, text)
	}
	covered := s.settings.PartialApproval.covers(c, amount)
	if covered == 0 && amount > 0 {
		text := textInsufficientFunds
		s.countFailure(t, &text)
		return s.decline(t, p, text)
	}
	t.Amount, t.Original = covered, covered
	return s.approve(t, p, covered < amount)
}

func (s *Simulator) newTransaction(c *call, kind string, amount cents, p payer) *transaction {
	return &transaction{
		Kind: kind, Amount: amount, Original: amount, CustomerID: p.customerID, Card: p.card,
		Billing: p.billing, Shipping: p.shipping, CSC: p.csc,
		Description: string(c.Description), InvoiceID: string(c.InvoiceID),
		CustomerReferenceID: string(c.CustomerReferenceID), TaxAmount: string(c.TaxAmount), Email: string(c.Email),
		CreatedAt: s.now(), Through: "API", By: s.options.Username, FromIP: c.ip,
	}
}

// declineText is the issuer's reason, or empty for an approval. Cards expire
// only once the clock was set, since the recorded ones are long out of date.
func (s *Simulator) declineText(amount cents, with card) string {
	switch {
	case amount == 0 && s.settings.DeclineVerificationText != "":
		return s.settings.DeclineVerificationText
	case amount == amountDoNotHonor:
		return s.settings.DoNotHonorText
	case amount == amountExpiredCard, s.books.ClockSet && with.expiredAt(s.now()):
		return textExpiredCard
	case amount == amountInsufficientFunds:
		return textInsufficientFunds
	}
	return ""
}

func (s *Simulator) decline(t *transaction, p payer, text string) answer {
	avs, _ := avsVerdict(t.Billing, "", &s.settings)
	t.State, t.ApprovalMessage, t.AVS = stateDeclined, text, declinedAVS(avs)
	s.record(t)
	body := chargeAnswerOf(t, p, header{false, 102, "Your transaction was not approved."})
	if t.Amount == amountDoNotHonor && s.settings.BalanceOnDecline {
		body.DiscretionaryData = map[string]string{"BALANCEAMOUNT": "11111.11"}
	}
	return answer{status: s.settings.DeclineStatus, code: 102, acted: true, transactionID: t.ID, body: body}
}

// approve records an approval, of a part or of the whole.
func (s *Simulator) approve(t *transaction, p payer, part bool) answer {
	t.State = statePending
	if t.Kind == kindAuthorization {
		t.State = stateAuthorized
	}
	t.ApprovalCode = approvalCode(s.books.NextID)
	t.AVS, t.ApprovalMessage = avsVerdict(t.Billing, t.ApprovalCode, &s.settings)
	result := header{true, 101, "Your transaction was successfully approved."}
	if s.autoVoids(t) {
		t.State, t.VoidedAt = stateVoided, t.CreatedAt
		result = header{true, 103, s.settings.AutoVoidText}
	}
	s.record(t)
	body := chargeAnswerOf(t, p, result)
	if part {
		s.settings.PartialApproval.tell(&body, t.Amount)
	}
	return answer{status: 200, code: result.ResponseCode, acted: true, transactionID: t.ID, body: body}
}

func (s *Simulator) autoVoids(t *transaction) bool {
	return slices.Contains(s.settings.AutoVoid.AVS, t.AVS) || slices.Contains(s.settings.AutoVoid.CSC, t.CSC)
}

// approvalCode has the sandbox's form.
func approvalCode(id int64) string { return fmt.Sprintf("TAS%03d", id%1000) }

func chargeAnswerOf(t *transaction, p payer, result header) chargeAnswer {
	body := chargeAnswer{
		header: result, TransactionID: t.ID, ApprovalCode: t.ApprovalCode, ApprovalMessage: t.ApprovalMessage,
		AVSResponse: t.AVS, CSCResponse: t.CSC,
	}
	if p.keyed {
		body.MaskedCardNumber = t.Card.mask()
	}
	return body
}
