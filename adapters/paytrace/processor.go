package paytrace

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

var _ gateway.Processor = (*Client)(nil)

// payer is the last part of a charge's path: how the card is told.
type payer string

const (
	byCustomer     payer = "by_customer"
	byTransaction  payer = "by_transaction"
	byHostedFields payer = "pt_protect"
	byKeyedCard    payer = "keyed"
)

// Charge makes a sale or an authorization.
func (c *Client) Charge(ctx context.Context, charge gateway.Charge) gateway.Result {
	if charge.ACH {
		return c.draw(ctx, charge)
	}
	request := c.chargeRequest(charge)
	by, ok := request.setPayer(charge)
	if !ok {
		return gateway.Result{Outcome: gateway.NotSent, Detail: "the charge names no card that PayTrace could be told of"}
	}
	q := asked{
		verb: charging, method: charge.Method.Kind(), amount: charge.Amount,
		approvedField: c.config.ApprovedAmountField, balanceField: c.config.BalanceField,
	}
	return c.doKeyed(ctx, q, chargePath(charge.Intent, by), request, plainCard{card: charge.Method.Card, csc: true}, charge.SendBefore)
}

// Capture takes the money of an authorization, or part of it.
func (c *Client) Capture(ctx context.Context, capture gateway.Capture) gateway.Result {
	if gateway.CheckID(capture.TransactionID) {
		return c.fund(ctx, capture)
	}
	q := asked{verb: capturing, transactionID: capture.TransactionID}
	return c.do(ctx, q, capturePath, c.followUp(capture.TransactionID, &capture.Amount), capture.SendBefore)
}

// Void undoes an unsettled transaction.
func (c *Client) Void(ctx context.Context, void gateway.Void) gateway.Result {
	if gateway.CheckID(void.TransactionID) {
		return c.voidCheck(ctx, void)
	}
	q := asked{verb: voiding, transactionID: void.TransactionID}
	return c.do(ctx, q, voidPath, c.followUp(void.TransactionID, nil), void.SendBefore)
}

// Refund returns money of a settled transaction. PayTrace gives the refund a
// transaction id of its own.
func (c *Client) Refund(ctx context.Context, refund gateway.Refund) gateway.Result {
	if gateway.CheckID(refund.TransactionID) {
		return c.refundCheck(ctx, refund)
	}
	return c.do(ctx, asked{verb: refunding}, refundPath, c.followUp(refund.TransactionID, &refund.Amount), refund.SendBefore)
}

func (c *Client) do(ctx context.Context, q asked, path string, request any, sendBefore time.Time) gateway.Result {
	return c.doKeyed(ctx, q, path, request, plainCard{}, sendBefore)
}

// doKeyed sends a request with the card in it, if there is one in the clear.
func (c *Client) doKeyed(ctx context.Context, q asked, path string, request any, card plainCard, sendBefore time.Time) gateway.Result {
	body, err := json.Marshal(request)
	if err != nil {
		return unwritable()
	}
	packed, ok := card.pack(body)
	if !ok {
		return gateway.Result{Outcome: gateway.NotSent, Detail: "the card or the account has been forgotten already"}
	}
	defer packed.release()
	q.live = c.config.LiveMode
	return result(q, c.send(ctx, c.money, path, packed, sendBefore, maxAnswer))
}

func unwritable() gateway.Result {
	return gateway.Result{Outcome: gateway.NotSent, Detail: "the request cannot be written as JSON"}
}

func (c *Client) followUp(transactionID string, amount *gateway.Money) followUpRequest {
	return followUpRequest{IntegratorID: c.config.IntegratorID, TransactionID: transactionID, Amount: amount}
}

// chargeRequest is all of a charge but who pays.
func (c *Client) chargeRequest(charge gateway.Charge) chargeRequest {
	request := chargeRequest{
		IntegratorID: c.config.IntegratorID,
		Amount:       charge.Amount, PartialApproval: charge.AcceptPartial,
		InvoiceID: c.invoice(charge.OrderID, charge.Reference),
		Billing:   theirAddress(charge.Billing),
		Shipping:  theirAddress(charge.Shipping),
		TaxAmount: charge.TaxAmount,
	}
	if c.config.ReferenceField == ReferenceInDescription {
		request.Description, request.CustomerReferenceID = charge.Reference, charge.PurchaseOrder
	} else {
		request.CustomerReferenceID = charge.Reference
	}
	for ours, theirs := range c.config.DiscretionaryData {
		if value, ok := charge.Metadata[ours]; ok {
			if request.DiscretionaryData == nil {
				request.DiscretionaryData = map[string]string{}
			}
			request.DiscretionaryData[theirs] = value
		}
	}
	return request
}

// setPayer fills in the card by whichever way the charge tells it. One in the
// clear is not filled in.
func (r *chargeRequest) setPayer(charge gateway.Charge) (by payer, ok bool) {
	switch {
	case charge.SourceTransactionID != "":
		r.TransactionID = charge.SourceTransactionID
		return byTransaction, true
	case charge.CustomerID != "":
		r.CustomerID = charge.CustomerID
		return byCustomer, true
	}
	r.cardTold, by, ok = tellCard(charge.Method)
	return by, ok
}

// tellCard writes down the card of a method that brings one, but for one in the
// clear.
func tellCard(method gateway.PaymentMethod) (told cardTold, by payer, ok bool) {
	switch {
	case method.HostedFields != nil:
		return cardTold{HPFToken: method.HostedFields.Token, EncKey: method.HostedFields.EncryptionKey}, byHostedFields, true
	case method.EncryptedCard != nil:
		card := method.EncryptedCard
		told.CreditCard = &creditCard{
			EncryptedNumber: card.Number, ExpirationMonth: card.ExpirationMonth, ExpirationYear: card.ExpirationYear,
		}
		told.EncryptedCSC = card.CSC
		return told, byKeyedCard, true
	}
	if _, ok := method.Card.(*tokenization.Card); ok {
		return cardTold{}, byKeyedCard, true
	}
	return cardTold{}, "", false
}

// maxInvoice is what PayTrace's newest specification allows.
const maxInvoice = 50

// suffixLength is how much of the reference tells two attempts apart.
const suffixLength = 6

// invoice is the order, cut so that the suffix of the attempt fits.
func (c *Client) invoice(order, reference string) string {
	suffix := c.invoiceSuffix(reference)
	runes := []rune(order)
	return string(runes[:min(len(runes), maxInvoice-utf8.RuneCountInString(suffix))]) + suffix
}

func (c *Client) invoiceSuffix(reference string) string {
	if !c.config.InvoiceSuffix || len(reference) < suffixLength {
		return ""
	}
	return "-" + reference[:suffixLength]
}
