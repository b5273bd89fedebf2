package salesforce

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"paytrace-gateway/gateway"
)

// owner is a record of the org that a customer of the vault belongs to.
type owner struct{ object, id string }

// ownersOf are the records that a customer was made with.
func ownersOf(n gateway.VaultNews) []owner {
	var all []owner
	for _, o := range []owner{{"Account", n.Source.AccountID}, {"Contact", n.Source.ContactID}} {
		if o.id != "" {
			all = append(all, o)
		}
	}
	return all
}

// vaultFields are the id of the customer for as long as it has a card, and then
// nothing.
func (c Config) vaultFields(n gateway.VaultNews) map[string]any {
	if n.Stored == 0 {
		return map[string]any{c.CustomerVaultField: nil}
	}
	return map[string]any{c.CustomerVaultField: n.CustomerID}
}

// updateOwner writes into a record that is there. Unlike an upsert, it makes
// none.
func (c *client) updateOwner(ctx context.Context, o owner, fields map[string]any) reply {
	return c.send(ctx, "update of "+o.object+" "+o.id, http.MethodPatch, "/sobjects/"+o.object+"/"+url.PathEscape(o.id), fields)
}

// tellVault tells the records of a customer that it has stored cards, or none any
// more. Whatever is refused is so for these records alone: payments go on.
func (s *Sink) tellVault(ctx context.Context, n gateway.VaultNews) gateway.Verdict {
	config := s.client.config
	owners := ownersOf(n)
	if config.CustomerVaultField == "" || len(owners) == 0 {
		return gateway.Verdict{Outcome: gateway.Told, Detail: "not told: customerVaultField is not set, or the customer has no accountId or contactId"}
	}
	var v gateway.Verdict
	for _, o := range owners {
		if err := ctx.Err(); err != nil {
			return s.unanswered(reply{what: "update of " + o.object, err: err})
		}
		r := s.client.updateOwner(ctx, o, config.vaultFields(n))
		if v = s.upserted(r); v.Outcome != gateway.Told {
			return ofTheOwner(v, r)
		}
	}
	return v
}

// faultsOfAnOwner are what Salesforce says when the object, the field or the
// record is not there, or not for the integration user. Said of the payment's
// object, they hold back the whole org.
var faultsOfAnOwner = []string{
	"NOT_FOUND", "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY",
}

// ofTheOwner is the verdict on a fault of this record alone.
func ofTheOwner(v gateway.Verdict, r reply) gateway.Verdict {
	for _, f := range parseFaults(r.answer.Body) {
		if slices.Contains(faultsOfAnOwner, f.code()) {
			v.Outcome, v.Pause, v.After = gateway.Dead, 0, 0
			v.Detail = bounded("the record of sourceRecords is not in the org, or has no such field for the integration user; mend that, then replay: " + v.Detail)
		}
	}
	return v
}

// examineVault looks for the field on accounts and contacts. An org may use one
// of them alone.
func (s *Sink) examineVault(ctx context.Context) gateway.Finding {
	name := s.client.config.CustomerVaultField
	var on []string
	for _, object := range []string{"Account", "Contact"} {
		d, fault := s.described(ctx, "customer vault", object)
		if fault != nil {
			continue
		}
		if f, ok := d.field(name); ok && f.Updateable {
			on = append(on, object)
		}
	}
	if len(on) == 0 {
		return broken("customer vault", "neither Account nor Contact has a field "+name+" that the integration user may write",
			"create it there as Text(64), and give the permission set Edit on it and on the object")
	}
	return well("customer vault", name+" may be written on "+strings.Join(on, " and "))
}
