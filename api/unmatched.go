package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// unmatchedView is a transaction on PayTrace's books that belongs to no
// payment, as the contract shows it.
type unmatchedView struct {
	TransactionID      string                `json:"transactionId"`
	TransactionKind    gateway.OperationKind `json:"transactionKind,omitempty"`
	TransactionState   gateway.RecordState   `json:"transactionState"`
	Amount             gateway.Money         `json:"amount"`
	OrderID            string                `json:"orderId,omitempty"`
	ProcessorReference string                `json:"processorReference,omitempty"`
	Last4Digits        string                `json:"last4Digits,omitempty"`
	CardType           gateway.Brand         `json:"cardType,omitempty"`
	CreatedBy          string                `json:"createdBy,omitempty"`
	CreatedAt          time.Time             `json:"createdAt"`
	SettledAt          time.Time             `json:"settledAt,omitzero"`
	FirstSeenAt        time.Time             `json:"firstSeenAt"`
	LastSeenAt         time.Time             `json:"lastSeenAt"`
}

// unmatchedPage also says how old the gateway's knowledge is.
type unmatchedPage struct {
	page[unmatchedView]
	SeenThroughAt time.Time `json:"seenThroughAt,omitzero"`
}

func (s *Server) listUnmatched(c *fiber.Ctx) error {
	filter := gateway.UnmatchedFilter{MerchantID: principal(c).MerchantID, Limit: defaultPage}
	err := readQuery(c, func(name, value string) string { return applyUnmatchedFilter(&filter, name, value) })
	if err != nil {
		return err
	}
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	found, err := s.gateway.Unmatched(ctx, filter)
	if err != nil {
		return err
	}
	list := pageOf(c, found.Transactions, found.More, viewOfUnmatched, unmatchedCursor)
	return writeJSON(c, http.StatusOK, unmatchedPage{list, found.SeenThrough})
}

func applyUnmatchedFilter(f *gateway.UnmatchedFilter, name, value string) string {
	switch name {
	case "pageSize":
		return readPageSize(value, &f.Limit)
	case "cursor":
		return readUnmatchedCursor(f, value)
	default:
		return unknownParameter
	}
}

// Transactions are found many at once, so a place in the list is a time and an
// id.
func unmatchedCursor(last gateway.UnmatchedTransaction) string {
	return cursor(last.FirstSeen.UTC().Format(time.RFC3339Nano) + " " + last.Record.TransactionID)
}

func readUnmatchedCursor(f *gateway.UnmatchedFilter, value string) string {
	place, ok := readCursor(value)
	seen, id, cut := strings.Cut(place, " ")
	var err error
	f.BeforeSeen, err = time.Parse(time.RFC3339Nano, seen)
	if !ok || !cut || id == "" || err != nil {
		return wrongCursor
	}
	f.BeforeID = id
	return ""
}

func viewOfUnmatched(u gateway.UnmatchedTransaction) unmatchedView {
	r := u.Record
	return unmatchedView{
		TransactionID: r.TransactionID, TransactionKind: r.Kind, TransactionState: r.State, Amount: r.Amount,
		OrderID: r.OrderID, ProcessorReference: r.Reference, Last4Digits: r.Card.LastFour, CardType: r.Card.Brand,
		CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, SettledAt: r.SettledAt,
		FirstSeenAt: u.FirstSeen, LastSeenAt: u.LastSeen,
	}
}
