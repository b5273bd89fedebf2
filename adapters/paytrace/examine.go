package paytrace

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"paytrace-gateway/gateway"
)

var _ gateway.Examiner = (*Client)(nil)

// Examine logs in once, reads the export of today and asks for a client key. It needs no Run, and
// neither does it log in a second time: a refused password that is tried often
// locks the user out.
func (c *Client) Examine(ctx context.Context) []gateway.Finding {
	granted, err := c.fetchToken(ctx)
	if err != nil {
		return []gateway.Finding{c.notLoggedIn(err)}
	}
	host := c.base
	if u, err := url.Parse(c.base); err == nil {
		host = u.Host
	}
	all := []gateway.Finding{{Grade: gateway.Well, Tried: "PayTrace log-in", Found: host + " granted a token"}}
	c.tokens.keep(ctx, granted, nil, granted.life)
	now := c.config.Now()
	rows, err := c.Transactions(ctx, now, now, "")
	if err != nil {
		return append(all, gateway.Finding{
			Grade: gateway.Broken, Tried: "PayTrace export", Found: err.Error(),
			Mend: "check integratorID, and the right to export of the API user; without exports no lost answer is ever found again",
		})
	}
	all = append(all, gateway.Finding{Grade: gateway.Well, Tried: "PayTrace export", Found: fmt.Sprintf("of today, %s: %d transactions", c.day(now), len(rows))})
	return append(all, c.examineForm(ctx))
}

// examineForm leaves nothing behind but a key that nobody has. A merchant whose
// shops have no card form can do without one.
func (c *Client) examineForm(ctx context.Context) gateway.Finding {
	f := gateway.Finding{Grade: gateway.Well, Tried: "PayTrace card form", Found: "gives client keys"}
	switch key, err := c.ClientKey(ctx); {
	case err != nil:
		f.Grade, f.Found = gateway.Doubtful, err.Error()
		f.Mend = "where a shop takes cards by hosted fields, ask PayTrace for the API user's right to them"
	case key.ScriptURL == "":
		f.Grade, f.Found = gateway.Doubtful, "gives client keys, but the address of its script is not known"
		f.Mend = "set hostedFieldsScript, where a shop takes cards by hosted fields"
	}
	return f
}

func (c *Client) notLoggedIn(err error) gateway.Finding {
	f := gateway.Finding{Grade: gateway.Broken, Tried: "PayTrace log-in", Found: err.Error()}
	f.Mend = "check baseURL, and whether this machine may reach it; until it answers, no payment is sent"
	if errors.Is(err, errCredentials) {
		f.Found = "PayTrace refuses the API user name or password"
		f.Mend = "correct username and password in the configuration; PayTrace's screens show whether the user is locked"
	}
	return f
}
