package salesforce

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"paytrace-gateway/gateway"
)

// owner is a record of the org that a customer of the vault belongs to.
type owner struct{ object, id string }

// ownersIn are the records that those of a customer name.
func ownersIn(source gateway.SourceRecords) []owner {
	var all []owner
	for _, o := range []owner{{"Account", source.AccountID}, {"Contact", source.ContactID}} {
		if o.id != "" {
			all = append(all, o)
		}
	}
	return all
}

// recordID is how Salesforce writes an id, and nothing that could end the text of a
// query.
var recordID = regexp.MustCompile(`^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$`)

// is says whether both are one record, in whichever of the two forms its id is
// written.
func (o owner) is(other owner) bool {
	return o.object == other.object && o.id[:min(len(o.id), sameRecord)] == other.id[:min(len(other.id), sameRecord)]
}

// parting are the records that an event makes bear the customer, and those that
// are to bear it no more: the ones that it has left for others, and all once it has
// no card.
func parting(n gateway.VaultNews) (bearing, left []owner) {
	bearing = ownersIn(n.Source)
	for _, o := range ownersIn(n.Previous) {
		if !slices.ContainsFunc(bearing, o.is) {
			left = append(left, o)
		}
	}
	if n.Stored == 0 {
		return nil, append(left, bearing...)
	}
	return bearing, left
}

func (c Config) vaultFields(customerID any) map[string]any {
	return map[string]any{c.CustomerVaultField: customerID}
}

// tellVault tells the records of a customer that it has stored cards, or none any
// more. Whatever is refused is so for these records alone: payments go on, and so
// does what the customer's other records are told. Those that are to bear it no
// more come first, since what they bear may be charged.
func (s *Sink) tellVault(ctx context.Context, n gateway.VaultNews) gateway.Verdict {
	bearing, left := parting(n)
	if s.client.config.CustomerVaultField == "" || len(bearing)+len(left) == 0 {
		return gateway.Verdict{Outcome: gateway.Told, Detail: "not told: customerVaultField is not set, or the customer has no accountId or contactId"}
	}
	all := gateway.Verdict{Outcome: gateway.Told}
	tell := func(owners []owner, one func(context.Context, owner, string) gateway.Verdict) {
		for _, o := range owners {
			if all.Outcome == gateway.Later {
				return
			}
			if v := one(ctx, o, n.CustomerID); all.Outcome == gateway.Told || v.Outcome == gateway.Later {
				all = v
			}
		}
	}
	tell(left, s.empty)
	tell(bearing, s.bear)
	return all
}

// bear writes a customer into a record.
func (s *Sink) bear(ctx context.Context, o owner, customerID string) gateway.Verdict {
	if err := ctx.Err(); err != nil {
		return s.unanswered(reply{what: "update of " + o.object, err: err})
	}
	r := s.client.updateOwner(ctx, o, s.client.config.vaultFields(customerID), "")
	return ofTheOwner(s.upserted(r), r)
}

// empty takes a customer out of a record that bears it. One that bears another has
// been told of that one since, and keeps it; so does one that somebody writes into
// between the look and the writing, but within one second, which is as fine as
// Salesforce's times are.
func (s *Sink) empty(ctx context.Context, o owner, customerID string) gateway.Verdict {
	if !recordID.MatchString(o.id) {
		return gateway.Verdict{Outcome: gateway.Told, Detail: "not told: " + o.object + " is named by an id that no record has"}
	}
	if err := ctx.Err(); err != nil {
		return s.unanswered(reply{what: "look at " + o.object, err: err})
	}
	r := s.client.readOwner(ctx, o)
	borne, ok := s.borneBy(r)
	switch {
	case r.err != nil:
		return s.unanswered(r)
	case !ok:
		return ofTheOwner(s.refused(r), r)
	case borne.customerID != customerID:
		return gateway.Verdict{Outcome: gateway.Told, StatusCode: r.answer.Status, Detail: "not told: " + o.object + " " + o.id + " does not bear the customer, or is not there"}
	}
	r = s.client.updateOwner(ctx, o, s.client.config.vaultFields(nil), borne.unchangedSince)
	if r.err == nil && r.answer.Status == http.StatusPreconditionFailed {
		return gateway.Verdict{Outcome: gateway.Later, StatusCode: r.answer.Status, Detail: r.what + ": somebody has changed the record meanwhile; it is looked at and tried again by itself"}
	}
	return ofTheOwner(s.upserted(r), r)
}

// borneBy reads the answer to a look at a record. One that is not there bears
// nothing.
func (s *Sink) borneBy(r reply) (borne, bool) {
	if r.err != nil || r.answer.Status != http.StatusOK || !r.answer.Whole {
		return borne{}, false
	}
	return parseBorne(r.answer.Body, s.client.config.CustomerVaultField)
}

// faultsOfAnOwner are what Salesforce says when the object, the field or the
// record is not there, or not for the integration user. Said of the payment's
// object, they hold back the whole org.
var faultsOfAnOwner = []string{
	"NOT_FOUND", "INVALID_TYPE", "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY",
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
