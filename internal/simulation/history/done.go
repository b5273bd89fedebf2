package history

// trulyDone: what is shown as approved was done at PayTrace, to the transaction
// that it was to be done to. That a person was told of a doubt since is no
// excuse: a caller has booked it.
func trulyDone(x *index) []Violation {
	var found []Violation
	for _, p := range x.Payments {
		for _, o := range p.Operations {
			if o.Status != "approved" {
				continue
			}
			if says := x.notDone(p, o); says != "" {
				found = append(found, x.violation(TrulyDone, "operation "+o.ID,
					"the "+o.Kind+" is shown as approved, and "+says, about{key: o.Key, payment: p.ID, transaction: p.TransactionID}))
			}
		}
	}
	return found
}

// notDone says what PayTrace shows instead, or "".
func (x *index) notDone(p Payment, o Operation) string {
	t, there := x.transactions[p.TransactionID]
	if !there {
		return "PayTrace has no transaction " + p.TransactionID
	}
	switch {
	case o.Kind == "void" || (o.Kind == "refund" && o.ProcessedAs == "void"):
		if t.State != "voided" {
			return "PayTrace shows the transaction as " + t.State
		}
	case o.Kind == "refund":
		switch r, there := x.transactions[o.TransactionID]; {
		case !there || r.Kind != "refund" || r.State == "declined":
			return "PayTrace has no refund " + o.TransactionID
		case r.Of != t.ID:
			return "PayTrace made the refund " + r.ID + " of " + r.Of
		}
	case o.Kind == "capture" && !t.Captured:
		return "PayTrace shows the authorization as not captured"
	case !t.charges():
		return "PayTrace shows the charge as " + t.State
	}
	return ""
}
