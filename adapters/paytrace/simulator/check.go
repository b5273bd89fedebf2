package simulator

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// check is an ACH payment, a number range of its own at PayTrace.
type check struct {
	ID         int64
	State      string
	Amount     cents
	Original   cents // what was held or sold, before it was funded
	Refunded   cents
	Refunds    int64 // the check that this one gives back, 0 for a payment
	CustomerID string
	Last4      string

	InvoiceID, CustomerReferenceID string
	CreatedAt, FundedAt            time.Time
}

// A held check waits to be funded; a pending one goes out with the next file, when
// cards settle, and is settled then.
const (
	checkHeld     = "held"
	checkPending  = "pending"
	checkSettled  = "settled"
	checkVoided   = "voided"
	checkRefunded = "refund"
)

// CheckRow is one ACH payment, or what gives one back, as GET /checks shows it.
type CheckRow struct {
	CheckTransactionID  string    `json:"checkTransactionId"`
	RefundOf            string    `json:"refundOf"`
	State               string    `json:"state"`
	Amount              string    `json:"amount"`
	OriginalAmount      string    `json:"originalAmount"`
	RefundedAmount      string    `json:"refundedAmount"`
	CustomerID          string    `json:"customerId"`
	LastFour            string    `json:"lastFour"`
	InvoiceID           string    `json:"invoiceId"`
	CustomerReferenceID string    `json:"customerReferenceId"`
	CreatedAt           time.Time `json:"createdAt"`
	FundedAt            time.Time `json:"fundedAt,omitzero"`
}

// Checks are all ACH payments and refunds, oldest first, as GET /checks shows
// them. A check that failed is there too, voided.
func (s *Simulator) Checks() []CheckRow { return attended(s, s.checkRows) }

func (s *Simulator) checkRows() []CheckRow {
	rows := make([]CheckRow, 0, len(s.books.Checks))
	for _, k := range s.books.Checks {
		row := CheckRow{
			CheckTransactionID: strconv.FormatInt(k.ID, 10), State: k.State,
			Amount: k.Amount.String(), OriginalAmount: k.Original.String(), RefundedAmount: k.Refunded.String(),
			CustomerID: k.CustomerID, LastFour: k.Last4, InvoiceID: k.InvoiceID, CustomerReferenceID: k.CustomerReferenceID, CreatedAt: k.CreatedAt, FundedAt: k.FundedAt,
		}
		if k.Refunds != 0 {
			row.RefundOf = strconv.FormatInt(k.Refunds, 10)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b CheckRow) int {
		if byLength := len(a.CheckTransactionID) - len(b.CheckTransactionID); byLength != 0 {
			return byLength
		}
		return strings.Compare(a.CheckTransactionID, b.CheckTransactionID)
	})
	return rows
}

// settleChecks sends out the file: what is in it cannot be voided any more.
func (s *Simulator) settleChecks() {
	for _, k := range s.books.Checks {
		if k.State == checkPending {
			k.State = checkSettled
			s.changed()
		}
	}
}

type checkAnswer struct {
	header
	CheckTransactionID int64   `json:"check_transaction_id"`
	ACHCode            *int    `json:"ach_code,omitempty"`
	ACHMessage         *string `json:"ach_message,omitempty"`
}

// checkFrom finds whose account a check is drawn on.
type checkFrom func(*Simulator, *request) (check, problems)

// account is the account number in the clear or encrypted. What cannot be
// decrypted stays empty, and so is no valid number.
func (f checkFields) account(s *Simulator) string {
	if f.EncryptedAccountNumber != "" {
		return s.decrypt(string(f.EncryptedAccountNumber))
	}
	return string(f.AccountNumber)
}

// readCheck judges an account and keeps the last four digits of its number.
func (s *Simulator) readCheck(f checkFields) (last4 string, wrong problems) {
	account := f.account(s)
	if n := len(account); n < 4 || n > 17 || !isDigits(account) {
		wrong = append(wrong, errAccountNumber)
	}
	if !validRouting(string(f.RoutingNumber)) {
		wrong = append(wrong, errRoutingNumber)
	}
	if len(wrong) > 0 {
		return "", wrong
	}
	return account[len(account)-4:], nil
}

// validRouting asks for nine digits that pass the ABA check.
func validRouting(number string) bool {
	if len(number) != 9 || !isDigits(number) {
		return false
	}
	sum := 0
	for i := range len(number) {
		sum += int(number[i]-'0') * []int{3, 7, 1}[i%3]
	}
	return sum > 0 && sum%10 == 0
}

func accountsCheck(s *Simulator, q *request) (check, problems) {
	last4, wrong := s.readCheck(q.Check)
	return check{Last4: last4}, wrong
}

// customersCheck is refused with three errors at once, as recorded.
func customersCheck(s *Simulator, q *request) (check, problems) {
	u, known := s.books.Customers[string(q.CustomerID)]
	if !known || u.AccountLast4 == "" {
		return check{}, problems{errCustomerNotFound(string(q.CustomerID)), errAccountNumber, errRoutingNumber}
	}
	return check{CustomerID: u.ID, Last4: u.AccountLast4}, nil
}

// takeCheck is a check's sale or hold. The amount on which cards are not
// honored fails here too, by analogy.
func takeCheck(state string, from checkFrom) func(*Simulator, *call) answer {
	return func(s *Simulator, c *call) answer {
		var found problems
		amount, ok := parseCents(string(c.Amount))
		if !ok || amount == 0 {
			found = append(found, s.settings.Errors.Amount)
		}
		k, wrong := from(s, &c.request)
		if found = append(found, wrong...); len(found) > 0 {
			return s.refuse(c, found...)
		}
		k.State, k.Amount = state, amount
		k.InvoiceID, k.CustomerReferenceID = clip(c.InvoiceID), clip(c.CustomerReferenceID)
		if amount == amountDoNotHonor || amount == amountInsufficientFunds {
			k.State = checkVoided
			return s.failCheck(s.addCheck(k))
		}
		return checkDone(120, "Your check was successfully processed.", s.addCheck(k))
	}
}

func (s *Simulator) addCheck(k check) *check {
	k.ID, k.Original, k.CreatedAt = s.books.NextCheckID, k.Amount, s.now()
	s.books.NextCheckID++
	s.books.Checks[k.ID] = &k
	s.changed()
	return &k
}

func checkDone(code int, message string, k *check) answer {
	return done(code, message, 0, checkAnswer{header: header{true, code, message}, CheckTransactionID: k.ID})
}

func (s *Simulator) failCheck(k *check) answer {
	body := checkAnswer{
		header:             header{false, 125, "Your check was NOT successfully processed."},
		CheckTransactionID: k.ID, ACHCode: new(int), ACHMessage: new(string),
	}
	return answer{status: s.settings.DeclineStatus, code: 125, acted: true, body: body}
}

func (s *Simulator) findCheck(q *request) (*check, problems) {
	id, ok := parseID(q.CheckTransactionID)
	if k := s.books.Checks[id]; ok && k != nil {
		return k, nil
	}
	return nil, problems{errCheckNotFound}
}

// refundCheck gives back all or a part of a check that has gone out.
func refundCheck(s *Simulator, c *call) answer {
	k, wrong := s.findCheck(&c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	remaining := k.Amount - k.Refunded
	if (k.State != checkPending && k.State != checkSettled) || remaining == 0 {
		return s.refuse(c, errCheckNotOpen)
	}
	amount, wrong := s.partOf(c.Amount, remaining, s.settings.Errors.OverRefund)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	k.Refunded += amount
	refund := s.addCheck(check{State: checkRefunded, Amount: amount, Refunds: k.ID, CustomerID: k.CustomerID, Last4: k.Last4})
	return checkDone(122, "Your check was successfully refunded.", refund)
}

const checkManaged = "Your check was successfully managed."

func fundCheck(s *Simulator, c *call) answer {
	k, wrong := s.findCheck(&c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	if k.State != checkHeld {
		return s.refuse(c, errCheckNotOpen)
	}
	amount, wrong := s.partOf(c.Amount, k.Amount, s.settings.Errors.OverCapture)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	k.State, k.Amount, k.FundedAt = checkPending, amount, s.now()
	s.changed()
	return checkDone(124, checkManaged, k)
}

func voidCheck(s *Simulator, c *call) answer {
	k, wrong := s.findCheck(&c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	if k.State != checkHeld && k.State != checkPending {
		return s.refuse(c, errCheckNotOpen)
	}
	k.State = checkVoided
	s.changed()
	return checkDone(124, checkManaged, k)
}
