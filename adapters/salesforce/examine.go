package salesforce

import (
	"context"
	"fmt"
	"strings"

	"paytrace-gateway/adapters/mapping"
	"paytrace-gateway/gateway"
)

var _ gateway.Examiner = (*Sink)(nil)

// Examine logs in and reads how the org describes what the mapping writes into.
// It writes nothing.
func (s *Sink) Examine(ctx context.Context) []gateway.Finding {
	session, err := s.client.tokens.session(ctx)
	if err != nil {
		return []gateway.Finding{s.notLoggedIn(err)}
	}
	all := []gateway.Finding{well("log-in", "a token was granted, records go to "+session.base)}
	all = append(all, s.examineObject(ctx)...)
	if s.events != nil {
		all = append(all, s.examineEvent(ctx)...)
	}
	if s.client.config.CustomerVaultField != "" {
		all = append(all, s.examineVault(ctx))
	}
	return append(all, s.callsLeft()...)
}

func well(tried, found string) gateway.Finding {
	return gateway.Finding{Grade: gateway.Well, Tried: tried, Found: found}
}

func broken(tried, found, mend string) gateway.Finding {
	return gateway.Finding{Grade: gateway.Broken, Tried: tried, Found: found, Mend: mend}
}

// toDo stands before the advice in this package's words.
const toDo = "; to do: "

func (s *Sink) notLoggedIn(err error) gateway.Finding {
	found, mend, ok := strings.Cut(s.client.words(err.Error()), toDo)
	if !ok {
		mend = "check loginURL, and whether this machine may reach it; events wait meanwhile and are told later"
	}
	return broken("log-in", found, mend)
}

// examineObject looks at the record, its key, and each field that is mapped.
func (s *Sink) examineObject(ctx context.Context) []gateway.Finding {
	config := s.client.config
	d, fault := s.described(ctx, "object", config.Object)
	if fault != nil {
		return []gateway.Finding{*fault}
	}
	var all []gateway.Finding
	if d.Createable && d.Updateable {
		all = append(all, well("object", config.Object+" is there, and the integration user may create and edit it"))
	} else {
		all = append(all, broken("object", "the integration user may not create and edit "+config.Object,
			"give the integration user's permission set Create and Edit on the object"))
	}
	all = append(all, examineKey(d, config.ExternalID))
	return append(all, s.examineFields("fields", d, s.records, func(f fieldDescription) bool { return f.Createable && f.Updateable })...)
}

// examineEvent looks at the platform event, which is only ever created.
func (s *Sink) examineEvent(ctx context.Context) []gateway.Finding {
	name := s.client.config.PlatformEvent
	d, fault := s.described(ctx, "event", name)
	if fault != nil {
		return []gateway.Finding{*fault}
	}
	all := []gateway.Finding{well("event", name+" is there, and the integration user may publish it")}
	if !d.Createable {
		all[0] = broken("event", "the integration user may not publish "+name, "give the integration user's permission set Create on the event")
	}
	return append(all, s.examineFields("event fields", d, s.events, func(f fieldDescription) bool { return f.Createable })...)
}

// described asks for a description, or says why there is none.
func (s *Sink) described(ctx context.Context, tried, name string) (description, *gateway.Finding) {
	r := s.client.describe(ctx, name)
	if r.err == nil && r.answer.Status == 200 && r.answer.Whole {
		if d, ok := parseDescription(r.answer.Body); ok {
			return d, nil
		}
	}
	v := s.refused(r)
	if r.err != nil {
		v = s.unanswered(r)
	}
	found, mend, _ := strings.Cut(v.Detail, toDo)
	if mend == "" {
		mend = "try again; if it stays, look at https://status.salesforce.com and at what is between"
	}
	fault := broken(tried, found, strings.TrimSuffix(strings.TrimSuffix(mend, ", then replay"), onceMended))
	return description{}, &fault
}

// examineKey looks at the field by which a record is found again.
func examineKey(d description, name string) gateway.Finding {
	f, ok := d.field(name)
	switch {
	case !ok:
		return broken("external id", d.Name+" has no field "+name+", or the integration user may not see it",
			"create it as Text(64), External ID and Unique, and give the permission set Read and Edit on it")
	case !f.ExternalID || !f.Unique:
		return broken("external id", name+" is not both External ID and Unique", "mark the field as External ID and as Unique")
	case !f.Createable:
		return broken("external id", "the integration user may not write "+name, "give the permission set Edit on the field")
	}
	return well("external id", name+" is an external id and unique")
}

// examineFields holds what the mapping makes of examples against the fields.
// What fits is one finding, what does not is one each.
func (s *Sink) examineFields(tried string, d description, rules *mapping.Mapping, writable func(fieldDescription) bool) []gateway.Finding {
	values, err := examples(rules)
	if err != nil {
		return []gateway.Finding{broken(tried, "the mapping fails for an example: "+s.client.words(err.Error()), "mend the expression; gateway mapping test shows what it makes")}
	}
	var all []gateway.Finding
	for _, name := range rules.Names() {
		f, ok := d.field(name)
		switch {
		case !ok:
			all = append(all, broken(tried, d.Name+" has no field "+name+", or the integration user may not see it",
				"create it as docs/salesforce.md says, give the permission set Read and Edit on it, or leave it out of the mapping"))
		case !writable(f):
			all = append(all, broken(tried, "the integration user may not write "+name,
				"give the permission set Edit on the field; if it is a formula or a standard field, leave it out of the mapping"))
		default:
			all = append(all, s.unfit(tried, f, values[name])...)
		}
	}
	if len(all) == 0 {
		all = append(all, well(tried, fmt.Sprintf("all %d that are mapped are there, may be written and fit", len(rules.Names()))))
	}
	return all
}

// examples are the values that each field gets from the examples of all events.
func examples(rules *mapping.Mapping) (map[string][]any, error) {
	values := map[string][]any{}
	for _, eventType := range gateway.EventTypes() {
		e, _ := mapping.Example(eventType)
		if !concerns(e) {
			continue
		}
		fields, err := rules.Fields(e)
		if err != nil {
			return nil, err
		}
		for name, value := range fields {
			values[name] = append(values[name], value)
		}
	}
	return values, nil
}

// callsLeft is what the org last said of its API calls, if it did.
func (s *Sink) callsLeft() []gateway.Finding {
	u := s.Usage()
	if u.Total == 0 {
		return nil
	}
	f := well("API calls", fmt.Sprintf("%d of %d in 24 hours are used", u.Used, u.Total))
	if u.busy() {
		f.Grade = gateway.Doubtful
		f.Mend = "the gateway slows down to spare the rest; look at Setup, System Overview, for who uses them, or buy more"
	}
	return []gateway.Finding{f}
}
