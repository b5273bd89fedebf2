package simulation

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"paytrace-gateway/internal/simulation/history"
)

// patch changes one place of one source file.
type patch struct{ file, old, new string }

// mutant is a mistake that the checker has to notice, and by which rule. The
// hunt for it begins at the seed that is known to show it.
type mutant struct {
	name    string
	rule    string
	seed    uint64
	patches []patch
}

const (
	keyRow      = "ON CONFLICT (merchant_id, key) DO NOTHING"
	keyReplaced = "ON CONFLICT (merchant_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, " +
		"payment_id = excluded.payment_id, operation_id = excluded.operation_id"
)

var mutants = []mutant{
	{name: "the ledger's unique key removed", rule: history.ChargedOnce, patches: []patch{
		{"adapters/ledger/session.go", keyRow, keyReplaced},
	}},
	{name: "the fingerprint ignored", rule: history.KeyReuse, patches: []patch{
		{"gateway/gateway.go", "if !bytes.Equal(record.Fingerprint, v.fingerprint) {", "if bytes.Equal(record.Fingerprint, nil) {"},
	}},
	{name: "unknowns retried", rule: history.SentOnce, patches: []patch{
		{"gateway/operation.go", "return o.Status == OpNotSent ||", "return o.Status == OpNotSent || o.Status == OpUnknown ||"},
		{"gateway/payment.go", "StatusUnknown:     {Authorized,", "StatusUnknown:     {Sending, Authorized,"},
	}},
	{name: "sent again after not-found", rule: history.SentOnce, seed: 12, patches: []patch{
		{"gateway/look.go", `op.Status, op.Attention, op.Due = OpFailed, "", time.Time{}`, `op.Status, op.Attention, op.Due = OpNotSent, "", time.Time{}`},
	}},
	{name: "refunds not reserved", rule: history.WithinBounds, patches: []patch{
		{"gateway/payment.go", "max(0, p.Captured()-p.Refunded()-p.RefundPending())", "max(0, p.Captured()-p.Refunded())"},
	}},
	{name: "voided without a look at what a clerk has credited", rule: history.WithinBounds, seed: 6, patches: []patch{
		{"gateway/void.go", "busy || p.Status != StatusApproved || p.ACH() {", "busy || p.Status == StatusApproved {"},
		{"gateway/external.go", "voidable := seen.state == RecordPending && p.isWhole(amount(p)+p.RefundPending())", "voidable := false"},
	}},
	{name: "the claims trusted alone", rule: history.ChargedOnce, patches: []patch{
		{"gateway/presumption.go", "func(ctx context.Context) (*KeyRecord, error) { return g.claim(ctx, v) }",
			"func(ctx context.Context) (*KeyRecord, error) { return nil, nil }"},
		{"adapters/ledger/session.go", keyRow, keyReplaced},
	}},
	{name: "an answer that was kept is believed without its seal", rule: history.SameOperation, patches: []patch{
		{"gateway/hold.go", "if !hmac.Equal(mac, g.sealOf(key, body)) {", "if len(mac) == 0 || !hmac.Equal(mac, mac) {"},
		{"gateway/hold.go", "if !bytes.Equal(kept.Fingerprint, v.fingerprint) {", "if bytes.Equal(kept.Fingerprint, nil) {"},
	}},
	{name: "adopted by amount alone", rule: history.Adopted, patches: []patch{
		{"gateway/look.go", "return r.Reference != p.Reference", "return r.Amount != p.Amount"},
		{"gateway/look.go", "if len(mine) > 1 {\n\t\treturn sighting{held:", "if len(mine) < 0 {\n\t\treturn sighting{held:"},
	}},
	{name: "lines sent again without a look", rule: history.EnhancedOnce, seed: 5, patches: []patch{
		{"gateway/enhance.go", "	if before.Unsure {", "	if before.Unsure && p.ID == \"\" {"},
	}},
	{name: "818 taken for success", rule: history.TrulyDone, patches: []patch{
		{"adapters/paytrace/translate.go", "	rows := make([]verdict, len(numbers))\n",
			"	if slices.Contains(numbers, \"818\") {\n		return gateway.Result{Outcome: gateway.Approved, TransactionID: q.transactionID}\n	}\n" +
				"	rows := make([]verdict, len(numbers))\n"},
	}},
	{name: "another's intent sent after a pause", rule: history.OwnIntent, patches: []patch{
		{"gateway/due.go", "			return g.giveUpHearing(ctx, p, op)",
			"			_, err := g.record(ctx, p, op, g.processors[m.ID].Charge(ctx, Charge{Intent: p.Intent, Amount: p.Amount, OrderID: p.OrderID,\n" +
				"				Reference: p.Reference, CustomerID: \"demo-visa\", SendBefore: g.clock().Add(time.Minute)}))\n			return err"},
	}},
	{name: "201 answered before the ledger wrote", rule: history.ToldStands, seed: 10, patches: []patch{
		{"gateway/flight.go", "	p, _ = station(ctx, g, StageRecord,",
			"	if early, err := conclude(p, op, d.result, g.clock()); err == nil {\n		f.land(early.Payment)\n	}\n	p, _ = station(ctx, g, StageRecord,"},
		{"gateway/flight.go", "	f.land(p)\n	g.learnCard", "	f.abandon()\n	g.learnCard"},
	}},
	{name: "an intent that is kept late is looked for once", rule: history.TakenBack, patches: []patch{
		{"gateway/flight.go", "		if err = g.ledger.Apply(ctx, change); err == nil {\n			return change.Payment\n		}\n" +
			"		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrKeyTaken) {\n			continue\n		}\n", "		_ = change\n"},
	}},
	{name: "an intent nobody answered for taken for not sent", rule: history.SentOnce, seed: 6, patches: []patch{
		{"gateway/due.go", "conclude(p, op, Result{Outcome: Unknown}, g.clock())", "conclude(p, op, Result{Outcome: NotSent}, g.clock())"},
	}},
	{name: "a broken connection taken for not sent", rule: history.SentOnce, patches: []patch{
		{"adapters/paytrace/translate.go", "case r.err != nil && !r.left:", "case r.err != nil && (!r.left || r.left):"},
	}},
	{name: "a payment given up while it was under way forgotten", rule: history.GivenUp, patches: []patch{
		{"gateway/followup.go", "if !op.unwanted() || op.Late {", "if !op.unwanted() || op.Late || op.Cancel == CancelRequested {"},
		{"gateway/due.go", "case op.unwanted():", "case op.unwanted() && (op.Late || op.Cancel != CancelRequested):"},
	}},
	{name: "a failed telling taken for told", rule: history.HeardAll, patches: []patch{
		{"gateway/deliver.go", "case v.Outcome == Told:", "case v.Outcome != Dead:"},
	}},
	{name: "an event told before the one in front of it", rule: history.HeardInOrder, patches: []patch{
		{"adapters/ledger/delivery.go", "front.status IN ('pending', 'dead')\n", "front.status IN ('nothing')\n"},
	}},
	{name: "a lane that is not held", rule: history.OneAtATime, seed: 33, patches: []patch{
		{"adapters/ledger/delivery.go", "OR delivery_lanes.holder = excluded.holder", "OR delivery_lanes.holder <> ''"},
		{"adapters/ledger/deliveries.go", "held.holder <> deliveries.id", "held.holder = ''"},
	}},
}

// vaultMutants are mistakes with the cards that are kept, which only some of the
// runs could show.
var vaultMutants = []mutant{
	{name: "a card sent again after an unknown", rule: history.SentOnce, seed: 64, patches: []patch{
		{"gateway/vaultoperation.go", "return o.Status == OpNotSent ||", "return o.Status == OpNotSent || o.Status == OpUnknown ||"},
	}},
	{name: "a card that goes on under its key gets another profile", rule: history.StoredOnce, seed: 75, patches: []patch{
		{"gateway/method.go", "if op.MethodID == \"\" {", "if op.MethodID == \"\" || op.ProfileID != \"\" {"},
	}},
	{name: "a card kept until PayTrace has removed it", rule: history.Forgotten, seed: 4, patches: []patch{
		{"gateway/method.go", "		next.remove(methodID, at.now)\n", ""},
	}},
	{name: "a removal that is tried once", rule: history.VaultAgrees, seed: 186, patches: []patch{
		{"gateway/vaultoperation.go", "			op.Due = now.Add(nextLook(op.Looks))\n			op.Looks++\n", "			op.Looks++\n"},
	}},
	{name: "no other default after the default is removed", rule: history.VaultAgrees, seed: 45, patches: []patch{
		{"gateway/vaultcustomer.go", "c.setDefault(oldest.ID, now)", "c.setDefault(\"not \"+oldest.ID, now)"},
	}},
	{name: "another card is told to nobody", rule: history.CardsTold, seed: 7, patches: []patch{
		{"gateway/vaultcustomer.go", "case !was.UpdatedAt.Equal(m.UpdatedAt) || before.Source != after.Source:", "case !was.UpdatedAt.Equal(m.UpdatedAt) && before.Source != after.Source:"},
	}},
}

// checkMutants are mistakes with bank payments, which only some of the runs could
// show.
var checkMutants = []mutant{
	{name: "an unknown bank payment that calls nobody", rule: history.Attended, seed: 7, patches: []patch{
		{"gateway/conclude.go", "		o.raise(bankUnknown(*o, r))\n", ""},
	}},
	{name: "an unknown bank payment looked for like a card's", rule: history.NoOrphan, seed: 17, patches: []patch{
		{"gateway/conclude.go", "return time.Time{} // nothing can be looked for", "return now.Add(time.Minute)"},
		{"gateway/due.go", "		if p.ACH() {\n", "		if p.ACH() && op.Status != OpUnknown {\n"},
	}},
}

// partMutants are mistakes with what a bank gives of what is asked for, and with
// cards that are verified.
var partMutants = []mutant{
	{name: "a part taken that nobody asked for", rule: history.PartsBack, patches: []patch{
		{"gateway/part.go", "return part, part && !p.AcceptPartial && op.Cancel == \"\"", "return part, false"},
	}},
	{name: "a part that nobody wants is kept", rule: history.PartsBack, seed: 22, patches: []patch{
		{"gateway/conclude.go", "		op.giveBack(now)\n", ""},
	}},
	{name: "a part told as the whole", rule: history.PartsTold, patches: []patch{
		{"gateway/conclude.go", "op.Part, op.Amount = true, r.ApprovedAmount", "op.Part = true"},
	}},
	{name: "an approval taken for one of the whole without a look", rule: history.PartsTold, seed: 12, patches: []patch{
		{"gateway/part.go", "|| !p.AcceptPartial || p.ACH() ||", "|| p.AcceptPartial || p.ACH() ||"},
	}},
	{name: "a card kept that its verification has declined", rule: history.VerifiedFirst, seed: 23, patches: []patch{
		{"gateway/vaultverify.go", "	case p.Status == Verified:\n		return nil", "	case p.Status == Verified, p.Status == StatusDeclined:\n		return nil"},
	}},
	{name: "a card kept before its verification is known", rule: history.VerifiedFirst, seed: 4, patches: []patch{
		{"gateway/vaultverify.go", "	case p.Status == Verified:\n		return nil", "	case p.Status == Verified, op.Undecided():\n		return nil"},
	}},
	{name: "a verification taken for an authorization", rule: history.NothingTaken, patches: []patch{
		{"gateway/conclude.go", "IntentVerify:    Verified,", "IntentVerify:    Authorized,"},
	}},
}

// hunted bounds the seeds in which a mutant has to show.
const hunted = 200

// TestTheCheckerCatchesEveryMutant proves that the rules can fail: it patches a
// copy of the gateway with a mistake and lets a child process live through seeds
// until the rule notices.
func TestTheCheckerCatchesEveryMutant(t *testing.T) {
	if testing.Short() || underRace() {
		t.Skip("mutants are builds of their own; they are hunted without the race detector")
	}
	programs := buildMutants(t, everyMutant())
	for _, m := range everyMutant() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			out := hunt(t, programs[m.name], m)
			_, how, noticed := strings.Cut(string(out), caught(m.rule))
			if !noticed {
				t.Fatalf("%s did not notice it\n%s", m.rule, out)
			}
			first, _, _ := strings.Cut(how, "\n")
			t.Log(caught(m.rule) + first)
		})
	}
}

// TestEveryMutantFits finds a change of the sources that a mutant does not know of
// as soon as it is made: a hunt takes minutes, and this none.
func TestEveryMutantFits(t *testing.T) {
	for _, m := range everyMutant() {
		t.Run(m.name, func(t *testing.T) { patched(t, m) })
	}
}

func everyMutant() []mutant { return slices.Concat(mutants, vaultMutants, checkMutants, partMutants) }

func caught(rule string) string { return "caught by " + rule }

// hunt runs the hunt in a child process, of a program in which the mutant is.
func hunt(t *testing.T, program string, m mutant) []byte {
	t.Helper()
	child := exec.CommandContext(t.Context(), program, "-test.run=^TestHunt$", "-test.v")
	child.Env = append(os.Environ(), mutantVariable+"="+m.name, "SIM_HUNT="+m.rule, "SIM_SEED="+strconv.FormatUint(m.seed, 10))
	out, _ := child.CombinedOutput() // a mutant that breaks something fails its tests
	return out
}

// TestHunt is the child's part: it says which rule noticed the mutant, and in
// which seed.
func TestHunt(t *testing.T) {
	rule := os.Getenv("SIM_HUNT")
	if rule == "" {
		t.Skip("it hunts mutants for TestTheCheckerCatchesEveryMutant")
	}
	first, err := strconv.ParseUint(os.Getenv("SIM_SEED"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	for seed := first; seed < first+hunted; seed++ {
		result := live(t, seed)
		for _, v := range result.Violations {
			fmt.Printf("seed %d: %s: %s: %s\n", seed, v.Rule, v.Subject, v.Says)
			if v.Rule == rule {
				fmt.Printf("%s: seed %d: %s\n", caught(rule), seed, v)
				return
			}
		}
	}
	t.Errorf("%s noticed nothing in %d seeds", rule, hunted)
}
