package magentotest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Version is the behaviour of a release.
type Version int

// The versions that differ.
const (
	// V246 takes every status with a comment, and none takes the order's away.
	V246 Version = iota
	// V247 refuses a status that is not assigned to the order's state.
	V247
)

// Credentials are those of an integration.
type Credentials struct {
	ConsumerKey, ConsumerSecret    string
	AccessToken, AccessTokenSecret string
}

// DefaultCredentials are those of an Options without any.
var DefaultCredentials = Credentials{
	ConsumerKey: "ck0123456789abcdef0123456789abcd", ConsumerSecret: "cs0123456789abcdef0123456789abcd",
	AccessToken: "at0123456789abcdef0123456789abcd", AccessTokenSecret: "as0123456789abcdef0123456789abcd",
}

// The rights that the calls need.
const (
	RightView        = "Magento_Sales::actions_view"
	RightComment     = "Magento_Sales::comment"
	RightCancel      = "Magento_Sales::cancel"
	RightHold        = "Magento_Sales::hold"
	RightUnhold      = "Magento_Sales::unhold"
	RightInvoice     = "Magento_Sales::invoice"
	RightInvoices    = "Magento_Sales::sales_invoice"
	RightRefund      = "Magento_Sales::creditmemo"
	RightCreditMemos = "Magento_Sales::sales_creditmemo"
	RightTransaction = "Magento_Sales::transactions_fetch"
	RightCreate      = "Magento_Sales::create"
	RightModule      = "PayTrace_Gateway::events"
)

// Options make a shop. All have a default.
type Options struct {
	Version     Version
	Credentials Credentials
	// Module says that the gateway's module is installed.
	Module bool
	// Address is what the shop takes itself for, such as https://shop.example.com,
	// and every signature has to be made of. None takes http and the Host header.
	Address string
	// Stores maps store codes to numbers; None has default: 1.
	Stores map[string]int64
	// Void is what the payment method does when an order is canceled. An error
	// refuses it.
	Void func(incrementID string) error
	Now  func() time.Time
}

// Shop is an http.Handler.
type Shop struct {
	options Options
	routes  []route

	// mu is the lock of all rows: the shop does one thing at a time.
	mu          sync.Mutex
	rights      map[string]bool
	nonces      map[string]bool
	assigned    map[string][]string // status: states
	orders      []*order
	invoices    []*Invoice
	creditMemos []*CreditMemo
	lastTxn     int
	inbox       map[string]bool  // event ids that the module has seen
	versions    map[string]int64 // of payments
	faults      []*Fault
	history     []Call
	changed     chan struct{}
}

// New opens a shop without orders, whose integration has every right.
func New(options Options) *Shop {
	if options.Credentials == (Credentials{}) {
		options.Credentials = DefaultCredentials
	}
	if options.Stores == nil {
		options.Stores = map[string]int64{"default": 1}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Shop{
		options: options, rights: map[string]bool{}, nonces: map[string]bool{},
		inbox: map[string]bool{}, versions: map[string]int64{}, changed: make(chan struct{}),
		assigned: map[string][]string{
			"pending": {StateNew}, "pending_payment": {StatePendingPayment}, "processing": {StateProcessing}, "fraud": {StateProcessing, StatePaymentReview},
			"payment_review": {StatePaymentReview}, "holded": {StateHolded}, "complete": {StateComplete}, "closed": {StateClosed}, "canceled": {StateCanceled},
		},
	}
	s.routes = s.table()
	for _, r := range s.routes {
		s.rights[r.right] = true
	}
	return s
}

// Forbid takes rights from the integration, Permit gives them back.
func (s *Shop) Forbid(rights ...string) { s.set(rights, false) }

// Permit gives the integration rights.
func (s *Shop) Permit(rights ...string) { s.set(rights, true) }

func (s *Shop) set(rights []string, has bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rights {
		s.rights[r] = has
	}
}

// AssignStatus makes a status of the shop's own for a state.
func (s *Shop) AssignStatus(status, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.assigned[status] = append(s.assigned[status], state)
}

// InstallModule installs the gateway's module, or removes it.
func (s *Shop) InstallModule(installed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Module = installed
}

// Changed is closed when something has happened since it was asked for.
func (s *Shop) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// stir tells those who wait that something has happened. The lock is held.
func (s *Shop) stir() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Shop) storeName(id int64) string {
	for _, code := range slices.Sorted(maps.Keys(s.options.Stores)) {
		if s.options.Stores[code] == id {
			return code
		}
	}
	return fmt.Sprintf("store %d", id)
}

// ServeHTTP answers as Magento does.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r) }
