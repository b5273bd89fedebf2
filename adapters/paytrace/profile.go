package paytrace

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"paytrace-gateway/gateway"
)

// The paths of PayTrace's vault, whose customers are our profiles.
const (
	createProfilePath          = "/v1/customer/create"
	createHostedProfilePath    = "/v1/customer/pt_protect_create"
	profileFromTransactionPath = "/v1/customer/create_from_transaction"
	updateProfilePath          = "/v1/customer/update"
	updateHostedProfilePath    = "/v1/customer/pt_protect_update"
	deleteProfilePath          = "/v1/customer/delete"
	exportProfilePath          = "/v1/customer/export"
)

// profileRequest is the body of all that is done to a profile.
type profileRequest struct {
	IntegratorID  string `json:"integrator_id"`
	CustomerID    string `json:"customer_id"`
	TransactionID string `json:"transaction_id,omitempty"`
	cardTold
	Check    *check   `json:"check,omitempty"`
	Billing  *address `json:"billing_address,omitempty"`
	Shipping *address `json:"shipping_address,omitempty"`
}

// CreateProfile stores a card, or a bank account, in PayTrace's vault.
func (c *Client) CreateProfile(ctx context.Context, p gateway.SaveProfile) gateway.Result {
	q := asked{verb: creating, profileID: p.ProfileID, method: p.Method.Kind()}
	request := c.profileRequest(p)
	if p.SourceTransactionID != "" {
		request.TransactionID = p.SourceTransactionID
		return c.store(ctx, q, profileFromTransactionPath, request, p)
	}
	if told, holder, ok := c.tellCheck(p.Method); ok {
		request.Check, request.Billing = told, request.Billing.heldBy(holder).named()
		return c.store(ctx, q, createProfilePath, request, p)
	}
	card, by, ok := tellCard(p.Method)
	if !ok {
		return gateway.Result{Outcome: gateway.NotSent, Detail: "the profile names no card that PayTrace could store"}
	}
	request.cardTold = card.withoutCSC()
	request.Billing = request.Billing.named()
	path := createProfilePath
	if by == byHostedFields {
		path = createHostedProfilePath
	}
	return c.store(ctx, q, path, request, p)
}

// UpdateProfile puts another card, or another bank account, into a profile, or other addresses. What is
// not named stays.
func (c *Client) UpdateProfile(ctx context.Context, p gateway.SaveProfile) gateway.Result {
	q := asked{verb: updating, profileID: p.ProfileID, method: p.Method.Kind()}
	request := c.profileRequest(p)
	if told, holder, ok := c.tellCheck(p.Method); ok && p.SourceTransactionID == "" {
		if request.Check = told; request.Billing != nil {
			request.Billing = request.Billing.heldBy(holder)
		}
		return c.store(ctx, q, updateProfilePath, request, p)
	}
	card, by, told := tellCard(p.Method)
	if p.SourceTransactionID != "" || (!told && p.Method != (gateway.PaymentMethod{})) {
		return gateway.Result{Outcome: gateway.NotSent, Detail: "PayTrace puts only a card itself into a profile that is there already"}
	}
	request.cardTold = card.withoutCSC()
	path := updateProfilePath
	if by == byHostedFields {
		path = updateHostedProfilePath
	}
	return c.store(ctx, q, path, request, p)
}

// DeleteProfile deletes a profile with its card.
func (c *Client) DeleteProfile(ctx context.Context, p gateway.RemoveProfile) gateway.Result {
	q := asked{verb: deleting, profileID: p.ProfileID}
	request := profileRequest{IntegratorID: c.config.IntegratorID, CustomerID: p.ProfileID}
	return c.store(ctx, q, deleteProfilePath, request, gateway.SaveProfile{SendBefore: p.SendBefore})
}

func (c *Client) profileRequest(p gateway.SaveProfile) profileRequest {
	return profileRequest{
		IntegratorID: c.config.IntegratorID, CustomerID: p.ProfileID,
		Billing: theirAddress(p.Billing), Shipping: theirAddress(p.Shipping),
	}
}

// store sends what is done to a profile. Without an id PayTrace would choose
// one, and nobody could look for the profile whose answer was lost.
func (c *Client) store(ctx context.Context, q asked, path string, request profileRequest, p gateway.SaveProfile) gateway.Result {
	if q.profileID == "" {
		return gateway.Result{Outcome: gateway.NotSent, Detail: "the profile has no id"}
	}
	return c.doKeyed(ctx, q, path, request, plainCard{card: p.Method.Card, account: p.Method.BankAccount}, p.SendBefore)
}

// withoutCSC leaves out the security code, which nobody may store.
func (t cardTold) withoutCSC() cardTold {
	t.EncryptedCSC = ""
	return t
}

// noName stands where the caller gave no name: PayTrace seems to want one for a
// card that it is to store. Banks compare street and postal code alone.
const noName = "Name not given"

func (a *address) named() *address {
	if a == nil {
		return &address{Name: noName}
	}
	a.Name = cmp.Or(a.Name, noName)
	return a
}

// profileDone is an approval only for the profile that was asked for.
func profileDone(q asked, a answer) gateway.Result {
	if string(a.CustomerID) != q.profileID {
		return unknown("the answer is about another profile: %s", a.summary())
	}
	return gateway.Result{Outcome: gateway.Approved, Card: a.card(), Detail: "PayTrace answered " + a.summary()}
}

// profileRow is a profile in an export. Its shape is not documented; it is read
// by analogy with the export of transactions.
type profileRow struct {
	CustomerID word        `json:"customer_id"`
	CreditCard exportCard  `json:"credit_card"`
	Check      exportCheck `json:"check"`
}

// summary leaves out the members of a card that is not there.
func (r profileRow) summary() gateway.ProfileSummary {
	shown := gateway.ProfileSummary{Bank: r.Check.summary()}
	if r.CreditCard.MaskedNumber != "" || shown.Bank == (gateway.BankSummary{}) {
		shown.Card = r.CreditCard.summary()
	}
	return shown
}

type exportCheck struct {
	MaskedNumber word `json:"masked_number"`
}

// summary is the last digits of the account, four at most and so few that four
// are hidden, whatever PayTrace's mask shows.
func (e exportCheck) summary() gateway.BankSummary {
	mask := strings.TrimSpace(string(e.MaskedNumber))
	shown := mask[len(strings.TrimRight(mask, "0123456789")):]
	tellable := min(4, max(0, len(mask)-4), len(shown))
	return gateway.BankSummary{LastFour: shown[len(shown)-tellable:]}
}

// Profile shows what may be shown of a profile. It returns
// gateway.ErrNotFound only when PayTrace itself says that it has none.
func (c *Client) Profile(ctx context.Context, profileID string) (gateway.ProfileSummary, error) {
	if profileID == "" {
		return gateway.ProfileSummary{}, errors.New("no profile is named; PayTrace would export them all")
	}
	a, err := c.export(ctx, exportProfilePath, exportRequest{CustomerID: profileID, IncludeBIN: true}, gateway.RejectedNoProfile)
	if err != nil {
		return gateway.ProfileSummary{}, err
	}
	if a.Profiles == nil {
		return gateway.ProfileSummary{}, errors.New("PayTrace's export has no list of customers")
	}
	for _, row := range a.Profiles {
		if string(row.CustomerID) == profileID {
			return row.summary(), nil
		}
	}
	if len(a.Profiles) == 0 {
		return gateway.ProfileSummary{}, gateway.ErrNotFound
	}
	return gateway.ProfileSummary{}, errors.New("PayTrace's export shows other customers than the one asked for")
}

// summary completes PayTrace's short forms: month 3 is "03", year 30 is "2030".
func (e exportCard) summary() gateway.CardSummary {
	mask := string(e.MaskedNumber)
	month, year := strings.TrimSpace(string(e.ExpirationMonth)), strings.TrimSpace(string(e.ExpirationYear))
	if len(month) == 1 {
		month = "0" + month
	}
	if len(year) == 1 {
		year = "0" + year
	}
	if len(year) == 2 {
		year = "20" + year
	}
	return gateway.CardSummary{Brand: brandOf(mask), LastFour: lastFour(mask), ExpirationMonth: month, ExpirationYear: year}
}
