package mapping

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"

	"paytrace-gateway/gateway"
)

// foreseen are the members whose values the examples of all events show well
// enough. What an expression makes of others, such as a caller's metadata, nobody
// can know before.
var foreseen = []string{
	"amount", "at", "capturedAmount", "createdAt", "eventId", "eventType", "intent", "last4Digits", "mappedStatus",
	"needsAttention", "operation.amount", "operation.createdAt", "operation.mappedStatus", "operation.operationId",
	"operation.operationStatus", "operation.updatedAt", "paymentId", "refundPendingAmount", "refundedAmount", "settledAt",
	"status", "transactionId", "updatedAt", "version",
}

// sight finds out whether an expression sees only what is foreseen.
type sight struct{ beyond bool }

// Visit implements ast.Visitor.
func (s *sight) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		// What of the operation is seen, the member says.
		known := n.Value == "operation" || slices.Contains(foreseen, n.Value) || slices.Contains(functions(), n.Value)
		s.beyond = s.beyond || !known
	case *ast.MemberNode:
		of, ok := n.Node.(*ast.IdentifierNode)
		if !ok || of.Value != "operation" {
			return
		}
		member, ok := n.Property.(*ast.StringNode)
		s.beyond = s.beyond || !ok || !slices.Contains(foreseen, "operation."+member.Value)
	}
}

// trials are what expressions see of an example of every event about a payment.
func trials(statuses map[gateway.Status]string) []Environment {
	var all []Environment
	for _, eventType := range gateway.EventTypes() {
		if e, ok := Example(eventType); ok && e.PaymentID != "" {
			all = append(all, environmentOf(e, statuses))
		}
	}
	return all
}

// try refuses an expression that can never be computed: it sees only what is
// foreseen, and fails for every trial.
func (r rule) try(trials []Environment) error {
	if r.beyond {
		return nil
	}
	var failure error
	for _, env := range trials {
		if _, _, failure = evaluate(r.program, env); failure == nil {
			return nil
		}
	}
	if failure == nil {
		return nil
	}
	return fmt.Errorf("it fails for the example of every event: %w", failure)
}
