package paytrace

import (
	"context"
	"strings"

	"paytrace-gateway/gateway"
)

// The paths of bank payments, which PayTrace calls checks. The first two are
// followed by how the account is told.
const (
	checkSalePath   = "/v1/checks/sale/"
	checkHoldPath   = "/v1/checks/hold/"
	fundCheckPath   = "/v1/checks/manage/fund"
	voidCheckPath   = "/v1/checks/manage/void"
	refundCheckPath = "/v1/checks/refund/by_transaction"
)

// byAccount is the payer who tells a bank account.
const byAccount payer = "by_account"

// checkFollowUp is the body of what is done to a bank payment that is there.
type checkFollowUp struct {
	IntegratorID       string         `json:"integrator_id"`
	CheckTransactionID string         `json:"check_transaction_id"`
	Amount             *gateway.Money `json:"amount,omitempty"`
}

// draw makes a bank payment, or holds one. It is told what a charge is told, as
// far as it is not of cards.
func (c *Client) draw(ctx context.Context, charge gateway.Charge) gateway.Result {
	request := c.chargeRequest(charge)
	request.TaxAmount = nil
	q := asked{verb: drawing, method: charge.Method.Kind(), encrypted: charge.Method.EncryptedBankAccount != nil}
	by := byCustomer
	if request.CustomerID = charge.CustomerID; request.CustomerID == "" {
		account, holder, ok := c.tellCheck(charge.Method)
		if !ok {
			return gateway.Result{Outcome: gateway.NotSent, Detail: "the payment names no bank account that PayTrace could be told of"}
		}
		by, request.Check, request.Billing = byAccount, account, request.Billing.heldBy(holder)
	}
	path := checkSalePath
	if charge.Intent == gateway.IntentAuthorize {
		path = checkHoldPath
	}
	return c.doKeyed(ctx, q, path+string(by), request, plainCard{account: charge.Method.BankAccount}, charge.SendBefore)
}

func (c *Client) fund(ctx context.Context, capture gateway.Capture) gateway.Result {
	q := asked{verb: managing, transactionID: capture.TransactionID}
	return c.do(ctx, q, fundCheckPath, c.checkFollowUp(capture.TransactionID, &capture.Amount), capture.SendBefore)
}

func (c *Client) voidCheck(ctx context.Context, void gateway.Void) gateway.Result {
	q := asked{verb: managing, transactionID: void.TransactionID}
	return c.do(ctx, q, voidCheckPath, c.checkFollowUp(void.TransactionID, nil), void.SendBefore)
}

func (c *Client) refundCheck(ctx context.Context, refund gateway.Refund) gateway.Result {
	return c.do(ctx, asked{verb: crediting}, refundCheckPath, c.checkFollowUp(refund.TransactionID, &refund.Amount), refund.SendBefore)
}

// checkFollowUp tells PayTrace its own number: the prefix is ours.
func (c *Client) checkFollowUp(id string, amount *gateway.Money) checkFollowUp {
	return checkFollowUp{
		IntegratorID: c.config.IntegratorID, CheckTransactionID: strings.TrimPrefix(id, gateway.CheckPrefix), Amount: amount,
	}
}
