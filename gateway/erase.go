package gateway

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
)

// Erasing is a customer who is to be forgotten: of what names the person nothing
// stays, of the money everything.
type Erasing struct {
	MerchantID string
	LiveMode   bool
	CustomerID string
	// DryRun changes nothing and counts what would go.
	DryRun bool
	At     time.Time
}

// ErasureStage is a part of the ledger that is walked through.
type ErasureStage string

// The stages, in their order. The customer itself goes before the first.
const (
	EraseVaultChanges ErasureStage = "changes"
	EraseVaultNews    ErasureStage = "news"
	ErasePayments     ErasureStage = "payments"
	EraseArchived     ErasureStage = "archive"
)

var erasureStages = []ErasureStage{EraseVaultChanges, EraseVaultNews, ErasePayments, EraseArchived}

// Eraser is the part of a ledger that lets a person be forgotten.
type Eraser interface {
	// Erase takes one step through a stage, behind the place after, and returns the
	// place behind which the next begins, empty when the stage is at its end. A step
	// is bounded, and each payment changes whole or not at all. What is done twice is
	// done once: a payment that was forgotten does not name the customer any more.
	//
	// A payment keeps its id, order, amounts, operations, transactions and keys, at
	// its next version. Its events and deliveries go; those of which something is
	// still to be told stay, as does a payment that is not decided.
	Erase(ctx context.Context, e Erasing, stage ErasureStage, after string) (Erased, string, error)
	// Audit is AuditTrail's: that a person is to be forgotten is on record before
	// the first step.
	Audit(context.Context, AuditRecord) error
}

// Erased counts what a step has taken, or would take.
type Erased struct {
	Customers    int
	Methods      int
	VaultChanges int
	Payments     int
	// Archived are records in the files of the archive.
	Archived int
	// Answers are those of keys.
	Answers    int
	Events     int
	Deliveries int

	// Open is what stays for now since it is not decided, or changed at this moment;
	// Untold what somebody is still to be told of; Later the files of the archive in
	// which another gateway may be writing.
	Open   int
	Untold int
	Later  int
}

// Add counts what another step has taken.
func (e *Erased) Add(o Erased) {
	e.Customers += o.Customers
	e.Methods += o.Methods
	e.VaultChanges += o.VaultChanges
	e.Payments += o.Payments
	e.Archived += o.Archived
	e.Answers += o.Answers
	e.Events += o.Events
	e.Deliveries += o.Deliveries
	e.Open += o.Open
	e.Untold += o.Untold
	e.Later += o.Later
}

// Names says that the payment is the customer's: it was made for it, or paid
// with a card of it.
func (p Payment) Names(customerID string) bool {
	return customerID != "" && (p.CustomerID == customerID || p.CustomerVaultID == customerID)
}

// Forgotten is the payment without what leads to a person: the customer, the
// person's Salesforce records, what the caller has noted, an order's lines, its
// purchase order and postal codes, the card's expiry, and
// what was written about it by hand. The last four digits stay, since a bank
// names a disputed charge by them.
func (p Payment) Forgotten() Payment {
	p.CustomerID, p.CustomerVaultID, p.PaymentMethodID = "", "", ""
	p.Source.AccountID, p.Source.ContactID = "", ""
	p.Metadata = nil
	p.Enhancement = p.Enhancement.forgotten()
	p.Card.ExpirationMonth, p.Card.ExpirationYear = "", ""
	p.Operations = slices.Clone(p.Operations)
	for i := range p.Operations {
		p.Operations[i].Resolution = p.Operations[i].Resolution.forgotten()
		p.Operations[i].Return = p.Operations[i].Return.forgotten()
	}
	return p
}

// forgotten is the decision, and those before it, without the notes.
func (r *Resolution) forgotten() *Resolution {
	if r == nil {
		return nil
	}
	without := *r
	without.Note, without.Before = "", r.Before.forgotten()
	return &without
}

// ShowsMethod says that the change of the vault has a card or an account in it.
func (o VaultOperation) ShowsMethod() bool {
	return o.Card != CardSummary{} || o.Before != CardSummary{} || o.Bank != BankSummary{} || o.BankBefore != BankSummary{}
}

// Forgotten is the change of the vault without the cards and accounts.
func (o VaultOperation) Forgotten(now time.Time) VaultOperation {
	o = o.next(now)
	o.Card, o.Before = CardSummary{}, CardSummary{}
	o.Bank, o.BankBefore = BankSummary{}, BankSummary{}
	return o
}

// EraseStep asks for one step of forgetting a customer.
type EraseStep struct {
	CustomerID string
	DryRun     bool
	// Place is where the step before has ended; empty is the beginning.
	Place string
}

// IsErasurePlace says whether the step can begin where it says.
func (g *Gateway) IsErasurePlace(merchantID string, step EraseStep) bool {
	_, ok := g.erasurePlace(merchantID, step)
	return ok
}

func (g *Gateway) erasurePlace(merchantID string, step EraseStep) (place string, ok bool) {
	if step.Place == "" {
		return "", true
	}
	place, ours := strings.CutPrefix(step.Place, g.erasureMark(merchantID, step))
	stage, _, cut := strings.Cut(place, ":")
	return place, ours && cut && slices.Contains(erasureStages, ErasureStage(stage))
}

// erasureMark ties a place to the customer, and to whether it is only counted: who
// begins in the middle of an erasure that was never begun would leave no record.
func (g *Gateway) erasureMark(merchantID string, step EraseStep) string {
	return hex.EncodeToString(fingerprint(g.secret, "erasure place", merchantID, []any{step.CustomerID, step.DryRun})[:12]) + "~"
}

// Erase takes one step of forgetting a customer, and returns the place of the
// next, empty when it was the last. The customer's cards go first, as RemoveCustomer
// has them go: nothing can be charged by them from then on, and PayTrace is asked
// until it has deleted them.
func (g *Gateway) Erase(ctx context.Context, merchantID string, by Actor, step EraseStep) (Erased, string, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Erased{}, "", err
	}
	place, ok := g.erasurePlace(m.ID, step)
	if !ok {
		return Erased{}, "", errors.New("there is no such place in this erasure")
	}
	mark := g.erasureMark(m.ID, step)
	step.Place = place
	type taken struct {
		done Erased
		next string
	}
	t, err := inBudget(ctx, g, func() (taken, error) {
		done, next, err := g.eraseStep(ctx, m, by, step)
		return taken{done, next}, err
	})
	if err == nil && !step.DryRun && (t.done != (Erased{}) || t.next == "") {
		g.log.Info("customer.erased", "merchant", m.ID, "subject", g.subject(m, step.CustomerID), "by", by.String(), "payments", t.done.Payments,
			"archived", t.done.Archived, "methods", t.done.Methods, "open", t.done.Open, "untold", t.done.Untold, "later", t.done.Later, "ended", t.next == "")
	}
	if t.next != "" {
		t.next = mark + t.next
	}
	return t.done, t.next, err
}

// subject names the customer to those who know the id, and to nobody else: the
// log is kept after the customer has gone.
func (g *Gateway) subject(m Merchant, customerID string) string {
	return hex.EncodeToString(fingerprint(g.secret, "erasure", m.ID, customerID)[:8])
}

func (g *Gateway) eraseStep(ctx context.Context, m Merchant, by Actor, step EraseStep) (Erased, string, error) {
	if step.Place == "" {
		done, err := g.eraseCustomer(ctx, m, by, step)
		return done, string(erasureStages[0]) + ":", err
	}
	stage, after, _ := strings.Cut(step.Place, ":")
	at := slices.Index(erasureStages, ErasureStage(stage))
	if at < 0 {
		return Erased{}, "", errors.New("there is no such place in an erasure")
	}
	done, next, err := g.ledger.Erase(ctx, Erasing{
		MerchantID: m.ID, LiveMode: m.LiveMode, CustomerID: step.CustomerID, DryRun: step.DryRun, At: g.clock(),
	}, erasureStages[at], after)
	switch {
	case err != nil:
		return Erased{}, "", unavailable(err)
	case next != "":
		return done, stage + ":" + next, nil
	case at+1 < len(erasureStages):
		return done, string(erasureStages[at+1]) + ":", nil
	}
	return done, "", nil
}

// eraseCustomer removes the customer from the vault, if it is there. Each run is
// on record, since nobody could tell afterwards who has asked for it.
func (g *Gateway) eraseCustomer(ctx context.Context, m Merchant, by Actor, step EraseStep) (Erased, error) {
	if !step.DryRun {
		err := g.ledger.Audit(ctx, AuditRecord{
			At: g.clock(), Actor: by, Action: AuditCustomerErased, MerchantID: m.ID, LiveMode: m.LiveMode,
			Subject: AuditSubject{Kind: "customer", ID: g.subject(m, step.CustomerID)},
		})
		if err != nil {
			return Erased{}, unavailable(err)
		}
	}
	c, err := g.customer(ctx, m, step.CustomerID)
	if codeIs(err, CodeCustomerNotFound) {
		return Erased{}, nil
	}
	if err == nil && !step.DryRun {
		err = g.RemoveCustomer(ctx, Caller{MerchantID: m.ID}, step.CustomerID)
	}
	return Erased{Customers: 1, Methods: len(c.Methods)}, err
}
