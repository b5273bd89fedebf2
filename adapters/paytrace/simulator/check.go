package simulator

// check is an ACH payment, a number range of its own at PayTrace.
type check struct {
	ID         int64
	State      string
	Amount     cents
	Refunded   cents
	CustomerID string
	Last4      string
}

// A held check waits to be funded; a pending one goes out with the next file.
const (
	checkHeld     = "held"
	checkPending  = "pending"
	checkVoided   = "voided"
	checkRefunded = "refund"
)

type checkAnswer struct {
	header
	CheckTransactionID int64   `json:"check_transaction_id"`
	ACHCode            *int    `json:"ach_code,omitempty"`
	ACHMessage         *string `json:"ach_message,omitempty"`
}

// checkFrom finds whose account a check is drawn on.
type checkFrom func(*Simulator, *request) (check, problems)

func (f checkFields) check() problems {
	var wrong problems
	if n := len(f.AccountNumber); n < 4 || n > 17 || !isDigits(string(f.AccountNumber)) {
		wrong = append(wrong, errAccountNumber)
	}
	if len(f.RoutingNumber) != 9 || !isDigits(string(f.RoutingNumber)) {
		wrong = append(wrong, errRoutingNumber)
	}
	return wrong
}

func (f checkFields) last4() string {
	return string(f.AccountNumber[len(f.AccountNumber)-4:])
}

func accountsCheck(_ *Simulator, q *request) (check, problems) {
	if wrong := q.Check.check(); len(wrong) > 0 {
		return check{}, wrong
	}
	return check{Last4: q.Check.last4()}, nil
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
		if amount == amountDoNotHonor {
			k.State = checkVoided
			return s.failCheck(s.addCheck(k))
		}
		return checkDone(120, "Your check was successfully processed.", s.addCheck(k))
	}
}

func (s *Simulator) addCheck(k check) *check {
	k.ID = s.books.NextCheckID
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
	if k.State != checkPending || remaining == 0 {
		return s.refuse(c, errCheckNotOpen)
	}
	amount, wrong := s.partOf(c.Amount, remaining, s.settings.Errors.OverRefund)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	k.Refunded += amount
	refund := s.addCheck(check{State: checkRefunded, Amount: amount, CustomerID: k.CustomerID, Last4: k.Last4})
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
	k.State, k.Amount = checkPending, amount
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
