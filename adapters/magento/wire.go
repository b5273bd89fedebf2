package magento

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// text is a member that Magento writes as a string or as a number, depending
// on version and column.
type text string

// UnmarshalJSON takes strings, numbers, booleans and null.
func (t *text) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case string(b) == "null":
		*t = ""
	case len(b) > 0 && b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	default:
		*t = text(b)
	}
	return nil
}

// documentID is what Magento answers to the making of a document: its number,
// as a string.
type documentID string

// UnmarshalJSON takes a number in either form, and nothing else.
func (d *documentID) UnmarshalJSON(b []byte) error {
	var id text
	if err := id.UnmarshalJSON(b); err != nil {
		return err
	}
	if _, err := strconv.ParseUint(string(id), 10, 63); err != nil {
		return errors.New("no number of a document")
	}
	*d = documentID(id)
	return nil
}

// page is the answer to a search.
type page[T any] struct {
	Items []T `json:"items"`
	// Total tells an answer to a search from any other object.
	Total *int `json:"total_count"`
}

type order struct {
	EntityID          int64       `json:"entity_id"`
	IncrementID       text        `json:"increment_id"`
	StoreID           int64       `json:"store_id"`
	State             string      `json:"state"`
	Status            string      `json:"status"`
	BaseCurrency      string      `json:"base_currency_code"`
	BaseGrandTotal    decimal     `json:"base_grand_total"`
	BaseTotalPaid     decimal     `json:"base_total_paid"`
	BaseTotalRefunded decimal     `json:"base_total_refunded"`
	BaseShipping      decimal     `json:"base_shipping_amount"`
	BaseShippingBack  decimal     `json:"base_shipping_refunded"`
	Items             []orderItem `json:"items"`
	Payment           struct {
		Method      string `json:"method"`
		LastTransID text   `json:"last_trans_id"`
	} `json:"payment"`
	Extension extension `json:"extension_attributes"`
}

type extension struct {
	PaymentInfo []struct {
		Key   text `json:"key"`
		Value text `json:"value"`
	} `json:"payment_additional_info"`
}

// UnmarshalJSON takes PHP's empty list for an object without members.
func (e *extension) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) == nil && len(list) == 0 {
		return nil
	}
	type plain extension
	return json.Unmarshal(b, (*plain)(e))
}

type orderItem struct {
	ItemID       int64   `json:"item_id"`
	ParentItemID *int64  `json:"parent_item_id"`
	Ordered      decimal `json:"qty_ordered"`
	Invoiced     decimal `json:"qty_invoiced"`
	Canceled     decimal `json:"qty_canceled"`
	Refunded     decimal `json:"qty_refunded"`
}

type comment struct {
	Comment text `json:"comment"`
}

type transaction struct {
	TxnID       text `json:"txn_id"`
	ParentTxnID text `json:"parent_txn_id"`
	Type        text `json:"txn_type"`
}

// The states of an invoice; a third is canceled.
const (
	invoiceOpen = 1
	invoicePaid = 2
)

type invoice struct {
	EntityID   int64   `json:"entity_id"`
	State      int     `json:"state"`
	GrandTotal decimal `json:"base_grand_total"`
}

type creditMemo struct {
	EntityID   int64   `json:"entity_id"`
	GrandTotal decimal `json:"base_grand_total"`
}

// The bodies of requests.

type commentBody struct {
	StatusHistory statusHistory `json:"statusHistory"`
}

type statusHistory struct {
	Comment  string `json:"comment"`
	Status   string `json:"status"`
	Notified int    `json:"is_customer_notified"`
	Visible  int    `json:"is_visible_on_front"`
}

type itemQty struct {
	OrderItemID int64       `json:"order_item_id"`
	Qty         json.Number `json:"qty"`
}

// invoiceBody never asks for a capture: the money was taken already.
type invoiceBody struct {
	Capture bool      `json:"capture"`
	Notify  bool      `json:"notify"`
	Items   []itemQty `json:"items"`
}

type refundBody struct {
	Items     []itemQty       `json:"items"`
	Notify    bool            `json:"notify"`
	Arguments refundArguments `json:"arguments"`
}

type refundArguments struct {
	Shipping json.Number `json:"shipping_amount"`
	Positive json.Number `json:"adjustment_positive"`
	Negative json.Number `json:"adjustment_negative"`
}

type saveBody struct {
	Entity savedOrder `json:"entity"`
}

// savedOrder is sent whole: older versions replace what is left out.
type savedOrder struct {
	EntityID    int64  `json:"entity_id"`
	IncrementID text   `json:"increment_id"`
	State       string `json:"state"`
	Status      string `json:"status"`
}

// failureBody is Magento's word on a failure, in its two shapes.
type failureBody struct {
	Message    string          `json:"message"`
	Parameters json.RawMessage `json:"parameters"`
	Messages   struct {
		Error []struct {
			Message string `json:"message"`
		} `json:"error"`
	} `json:"messages"`
}
