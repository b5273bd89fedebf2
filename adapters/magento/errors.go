package magento

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// trouble is a call that did not bring what was asked for.
type trouble struct {
	// asked is the call, for a person.
	asked string
	// status is zero when no answer came.
	status int
	// said is what came back, fit for a person. plain is Magento's own text
	// without its parameters, to be compared and never shown.
	said, plain string
	// right is the resource of Magento's access list that is missing.
	right string
	// magentos says that the answer had the form of Magento's failures, and not
	// that of a proxy in front of it.
	magentos bool
	// strange says that it was a success with a content that is none.
	strange    bool
	retryAfter time.Duration
}

// Error says what was tried and what came back.
func (t *trouble) Error() string {
	switch {
	case t.strange:
		return t.asked + " answered success, but not with what Magento says; is the base URL that of the shop, and is nothing in front of it?"
	case t.status == 0:
		return t.asked + ": " + t.said
	case t.said == "":
		return fmt.Sprintf("%s answered %d without a word", t.asked, t.status)
	}
	return fmt.Sprintf("%s answered %d: %s", t.asked, t.status, t.said)
}

// row is what one answer means.
type row struct {
	status int    // zero: any
	text   string // of Magento's message; empty: any
	// outcome of the delivery.
	outcome gateway.DeliveryOutcome
	// todo tells an operator what to do. RIGHT stands for the missing right.
	todo string
}

// couldNotSave begins what Magento makes of any failure inside of a document's
// transaction, such as a deadlock.
const couldNotSave = "Could not save"

// table is read from its top; the first row that fits counts. What can be mended
// in the shop or in the configuration is tried again, for nobody should have to
// replay by hand what a tick in a box lets through.
var table = []row{
	{401, "isn't authorized to access", gateway.Later, "the integration lacks the right RIGHT, or Magento has not seen the signature: tick the right under System > Extensions > Integrations > API and activate the integration again; if it is ticked, look whether a proxy drops the Authorization header"},
	{0, "signature is invalid", gateway.Later, "a secret is wrong, or Magento takes itself for another address than signingURL: compare consumer secret and token secret with the integration's page, then scheme, host and port (a TLS proxy has to say X-Forwarded-Proto)"},
	{0, "token does not exist", gateway.Later, "the access token is not the integration's: it changes with each activation, so copy it anew"},
	{0, "consumer having the specified key does not exist", gateway.Later, "the consumer key is not the integration's: copy it anew"},
	{0, "token length is invalid", gateway.Later, "a credential was copied only in part: each has 32 characters"},
	{0, "nonce is already being used", gateway.Later, "something sends the gateway's requests twice, or a proxy repeats them; the next attempt has a nonce of its own"},
	{0, "validating the nonce", gateway.Later, "this machine's clock is more than ten minutes ahead of Magento's: set both by NTP"},
	{0, "Signature method", gateway.Later, "this Magento does not take HMAC-SHA256; the gateway supports 2.4.4 and later"},
	{0, "token has expired", gateway.Later, "activate the integration again and copy its token"},
	{401, "", gateway.Later, "Magento, or a proxy in front of it, asks for other credentials: check the integration, and whether the shop is behind a password"},
	{403, "", gateway.Later, "something in front of Magento forbids it, such as a firewall: let this machine's address through to /rest/V1"},
	{404, "does not match any route", gateway.Later, "the shop does not have this route: install and enable the gateway's module, or set way to core"},
	{404, "", gateway.Later, "check baseURL; the order may have been deleted too"},
	{407, "", gateway.Later, "something in front of Magento asks for a log-in"},
	{408, "", gateway.Later, "Magento was too slow; nothing has to be done unless it goes on"},
	{409, "", gateway.Later, "Magento is at work on this order; nothing has to be done"},
	{421, "", gateway.Later, "check baseURL: the server is not in charge of this host"},
	{423, "", gateway.Later, "the order is locked; nothing has to be done unless it goes on"},
	{425, "", gateway.Later, "Magento is at work on this order; nothing has to be done"},
	{429, "", gateway.Later, "Magento, or a proxy in front of it, limits the number of calls; all of this shop's events wait"},
	{400, couldNotSave, gateway.Later, "a deadlock comes so, and passes by itself; Magento keeps the cause in var/log of the shop, to be mended there if it goes on"},
	{400, "not part of the order status history", gateway.Dead, "the status is not assigned to the order's state: Stores > Settings > Order Status, or the setting statuses; then replay"},
	{400, "", gateway.Dead, "Magento does not take this as the order stands: look at the order there, then replay or skip"},
}

// meaning is the row for an answer, whatever its status is.
func (t *trouble) meaning() row {
	for _, r := range table {
		if (r.status == 0 || r.status == t.status) && strings.Contains(t.plain, r.text) {
			return r
		}
	}
	switch {
	case t.status == 0:
		return row{outcome: gateway.Later}
	case t.strange:
		return row{outcome: gateway.Later}
	case t.status < 300:
		return row{outcome: gateway.Later, todo: "Magento answers 200; something in front of it answers in its place"}
	case t.status < 400:
		return row{outcome: gateway.Later, todo: "no redirect is followed: set baseURL to the address that the shop itself redirects to"}
	case t.status < 500:
		return row{outcome: gateway.Dead, todo: "Magento does not answer so by itself: look at what is in front of it, then replay"}
	}
	return row{outcome: gateway.Later, todo: "a deadlock and maintenance pass by themselves; if it goes on, look for the report in var/log and var/report of the shop"}
}

// verdict is what comes of a delivery that met this trouble.
func (t *trouble) verdict() gateway.Verdict {
	r := t.meaning()
	detail := t.Error()
	if todo := t.todo(); todo != "" {
		detail += "; " + todo
	}
	v := gateway.Verdict{Outcome: r.outcome, StatusCode: t.status, Detail: detail}
	if r.outcome == gateway.Later {
		v.After = t.retryAfter
	}
	if t.status == http.StatusTooManyRequests {
		v.Pause = t.retryAfter
	}
	return v
}

// todo tells an operator what to do, if anything can be done.
func (t *trouble) todo() string {
	right := t.right
	if right == "" {
		right = "that Magento does not name"
	}
	return strings.ReplaceAll(t.meaning().todo, "RIGHT", right)
}

// failure is the verdict on any error of a call.
func failure(err error) gateway.Verdict {
	var t *trouble
	if errors.As(err, &t) {
		return t.verdict()
	}
	return gateway.Verdict{Outcome: gateway.Later, Detail: err.Error()}
}

// isRefusal says that Magento itself has not taken a call, which may be because
// things stand already as they should.
func isRefusal(err error) bool {
	var t *trouble
	return errors.As(err, &t) && t.status == http.StatusBadRequest && t.magentos
}

// lacksRight says that the integration may not make the call.
func lacksRight(err error) bool {
	var t *trouble
	return errors.As(err, &t) && t.status == http.StatusUnauthorized && strings.Contains(t.plain, "isn't authorized to access")
}

// interpolate puts Magento's parameters, a list or an object, into its message.
// It returns the parameter that names rights beside it.
func interpolate(message string, parameters json.RawMessage) (filled, resources string) {
	var listed []text
	named := map[string]text{}
	if json.Unmarshal(parameters, &listed) == nil {
		for i, value := range listed {
			named[fmt.Sprint(i+1)] = value
		}
	} else if json.Unmarshal(parameters, &named) != nil {
		return message, ""
	}
	// A longer name may begin with a shorter one.
	names := slices.SortedFunc(maps.Keys(named), func(a, b string) int { return len(b) - len(a) })
	for _, name := range names {
		message = strings.ReplaceAll(message, "%"+name, string(named[name]))
	}
	return message, string(named["resources"])
}

var aclResource = regexp.MustCompile(`^[A-Za-z]+_[A-Za-z]+::[a-z_]+$`)

// rightOf takes only what has the form of a right.
func rightOf(resources string) string {
	if len(resources) <= 80 && aclResource.MatchString(resources) {
		return resources
	}
	return ""
}
