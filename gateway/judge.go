package gateway

// judge decides a capture, void or refund by what the processor has on its
// books. It is contested when the processor itself said that the transaction's
// state forbids it. What the books do not show plainly stays unknown.
func judge(op Operation, seen Record, contested bool) Result {
	unknown := Result{
		Outcome: Unknown,
		Detail:  "the processor refused the " + string(op.Kind) + " and shows the transaction as " + string(seen.State),
	}
	approved := Result{Outcome: Approved, TransactionID: seen.TransactionID, Detail: "found done on the processor's books"}
	switch {
	case op.Kind == KindCapture:
		taken := seen.State == RecordPending || seen.State == RecordSettled
		if taken && seen.Amount == op.Amount {
			return approved
		}
		if seen.State == RecordVoided {
			return rejectedByState("The authorization was voided at PayTrace.")
		}
		if seen.State == RecordAuthorized && contested {
			return rejectedByState("PayTrace does not capture this authorization any more.")
		}
	case op.Kind == KindVoid || op.ProcessedAs == AsVoid:
		switch {
		case seen.State == RecordVoided:
			return approved
		case seen.State == RecordSettled && op.Kind == KindVoid:
			return rejectedByState("The payment is settled; refund it instead.")
		case seen.State == RecordSettled:
			return Result{Outcome: waits, Detail: "settled while it was being voided"}
		}
	case op.Kind == KindRefund:
		switch seen.State {
		case RecordPending:
			return Result{Outcome: waits, Detail: "not settled yet"}
		case RecordVoided:
			return rejectedByState("The payment was voided at PayTrace.")
		}
	}
	return unknown
}

func rejectedByState(message string) Result {
	return Result{
		Outcome:   Rejected,
		Rejection: &Rejection{Code: RejectedByState, Message: message},
		Detail:    message,
	}
}

// RejectedByState is the code of a rejection that a look at the processor's
// books gave, in place of one of its error numbers.
const RejectedByState = "state"
