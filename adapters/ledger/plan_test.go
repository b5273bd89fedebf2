package ledger

import (
	"slices"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// plannedQuery is a statement, and the indexes that SQLite has to walk for it.
type plannedQuery struct {
	query   string
	indexes []string
}

func plannedQueries() map[string]plannedQuery {
	listed := func(f gateway.PaymentFilter) string {
		query, _ := listSQL(f)
		return query
	}
	told := func(f gateway.DeliveryFilter) string {
		query, _ := deliveriesSQL(f)
		return query
	}
	dead := []gateway.DeliveryStatus{gateway.DeliveryDead}
	yes, no := true, false
	two := []gateway.Status{gateway.Failed, gateway.StatusDeclined}
	return map[string]plannedQuery{
		"payment": {paymentSQL, []string{"payments_1"}},
		"transaction": {byTransactionSQL, []string{
			"payments_by_transaction (merchant_id=? AND live_mode=? AND transaction_id=?)", "operations_by_transaction"}},
		"change a payment": {updatePaymentSQL, []string{"payments_1 (id=?)"}},
		"key":              {keySQL, []string{"idempotency_keys_1"}},
		"reply":            {setReplySQL, []string{"idempotency_keys_1"}},
		"reply in place":   {answerInPlaceSQL, []string{"payments_1 (id=?)", "idempotency_keys_1 (merchant_id=? AND key=?)"}},
		"bound key":        {boundKeySQL, []string{"idempotency_keys_1 (merchant_id=? AND key=?)"}},
		"rivals":           {undecidedRefundsSQL, []string{"operations_undecided"}},
		"due":              {dueSQL, []string{"COVERING INDEX operations_due (due>? AND due<?)"}},
		"reference":        {byReferenceSQL, []string{"payments_2"}},
		"watch":            {watchSQL, []string{"watches_1"}},
		"save watch":       {updateWatchSQL, []string{"watches_1"}},
		"filed":            {settlementFilingSQL, []string{"settlement_filings_1"}},
		"save filed":       {updateSettlementFilingSQL, []string{"settlement_filings_1"}},
		"unmatched":        {unmatchedSQL, []string{"unmatched_newest (merchant_id=? AND live_mode=? AND first_seen<?)"}},
		"unmatched by order": {unmatchedByOrderSQL, []string{
			"unmatched_by_order (merchant_id=? AND live_mode=? AND order_id=? AND first_seen<?)"}},
		"one unmatched": {unmatchedTransactionSQL, []string{"unmatched_transactions_1"}},
		"seen again":    {updateUnmatchedSQL, []string{"unmatched_transactions_1"}},
		"matched":       {deleteUnmatchedSQL, []string{"unmatched_transactions_1"}},
		"backlog": {backlogSQL, []string{
			"operations_undecided", "COVERING INDEX operations_waiting", "payments_needing_attention",
			"COVERING INDEX operations_due (due>? AND due<?)", "COVERING INDEX sqlite_autoindex_unmatched_transactions_1",
			"vault_operations USING INDEX vault_operations_due",
		}},
		"customer":  {customerSQL, []string{"vault_customers_1 (merchant_id=? AND live_mode=? AND id=?)"}},
		"customers": {customersSQL, []string{"vault_customers_1 (merchant_id=? AND live_mode=? AND id>?)"}},
		"customers with a card that expires": {expiringSQL, []string{
			"COVERING INDEX vault_methods_expiring (merchant_id=? AND live_mode=? AND customer_id>?)", "vault_customers_1 (merchant_id=? AND live_mode=? AND id=?)"}},
		"checks": {dueChecksSQL, []string{
			"COVERING INDEX vault_methods_to_check (merchant_id=? AND live_mode=? AND check_due>? AND check_due<?)", "vault_customers_1 (merchant_id=? AND live_mode=? AND id=?)"}},
		"change a customer":        {updateCustomerSQL, []string{"vault_customers_1 (merchant_id=? AND live_mode=? AND id=?)"}},
		"last customer":            {lastCustomerSQL, []string{"vault_lives_1 (merchant_id=? AND live_mode=? AND customer_id=?)"}},
		"go on from the last":      {continuesSQL, []string{"vault_customers_1 (merchant_id=? AND live_mode=? AND id=?)", "vault_lives_1 (merchant_id=? AND live_mode=? AND customer_id=?)"}},
		"remove a customer":        {deleteCustomerSQL, []string{"vault_customers_1 (merchant_id=? AND live_mode=? AND id=?)"}},
		"hold a customer":          {holdCustomerSQL, []string{"vault_customers_1 (merchant_id=? AND live_mode=? AND id=?)"}},
		"profile used":             {profileUsedSQL, []string{"vault_methods_profiles (profile_id=? AND merchant_id=? AND live_mode=?)"}},
		"pay by a customer":        {sameCustomerSQL, []string{"vault_customers_1 (merchant_id=? AND live_mode=? AND id=?)"}},
		"change its methods":       {deleteMethodsSQL, []string{"vault_methods_1 (merchant_id=? AND live_mode=? AND customer_id=?)"}},
		"vault operation":          {vaultOperationSQL, []string{"vault_operations_1 (id=?)"}},
		"change a vault operation": {updateVaultOperationSQL, []string{"vault_operations_1 (id=?)"}},
		"due vault operations":     {dueVaultOperationsSQL, []string{"vault_operations_due (due>? AND due<?)", "vault_operations_1 (id=?)"}},

		"unspread": {unspreadSQL, []string{"events USING INDEX events_unspread ((at,id)>(?,?))", "events_unspread_queue (<expr>=?)"}},
		"spread":   {spreadEventSQL, []string{"events_1"}},
		"unheard":  {insertUnheardEventSQL, []string{"subscriptions_1 (merchant_id=?)"}},
		"due deliveries": {dueDeliveriesSQL, []string{
			"deliveries_due (merchant_id=? AND live_mode=? AND subscriber=? AND (due,id)>(?,?) AND due<?)",
			"front USING COVERING INDEX deliveries_order (merchant_id=? AND live_mode=? AND subscriber=? AND queue=? AND position<?)",
			"delivery_lanes_1 (merchant_id=? AND live_mode=? AND subscriber=? AND lane=?)",
		}},
		"due subscribers": {dueSubscribersSQL, []string{
			"SCAN deliveries USING COVERING INDEX deliveries_due", "here USING INDEX sqlite_autoindex_deliveries_1 (id=?)",
			"next USING COVERING INDEX deliveries_due ((merchant_id,live_mode,subscriber)>(?,?,?))",
			"ripe USING COVERING INDEX deliveries_due (merchant_id=? AND live_mode=? AND subscriber=? AND due>? AND due<?)",
		}},
		"take a delivery": {takeDeliverySQL, []string{
			"deliveries_1 (id=?)", "deliveries_order (merchant_id=? AND live_mode=? AND subscriber=? AND queue=?"}},
		"spread as taken": {insertTakenSQL, []string{
			"front USING COVERING INDEX deliveries_order (merchant_id=? AND live_mode=? AND subscriber=? AND queue=? AND position<?)"}},
		"spread behind one": {insertDeliverySQL, []string{"front USING INDEX deliveries_order (merchant_id=? AND live_mode=? AND subscriber=? AND queue=? AND (position,event_id)<(?,?))"}},
		"park":              {parkSQL, []string{"deliveries_order (merchant_id=? AND live_mode=? AND subscriber=? AND queue=? AND (position,event_id)>(?,?))"}},
		"bring forward":     {bringSQL, []string{"deliveries_order (merchant_id=? AND live_mode=? AND subscriber=? AND queue=? AND (position,event_id)>(?,?))"}},
		"forgotten": {forgottenSQL, []string{
			"deliveries_due (merchant_id=? AND live_mode=? AND subscriber=? AND due=?)",
			"front USING COVERING INDEX deliveries_order (merchant_id=? AND live_mode=? AND subscriber=? AND queue=? AND position<?)"}},
		"bring one forward": {bringOneSQL, []string{"deliveries_1 (id=?)"}},
		"save a delivery":   {saveDeliverySQL, []string{"deliveries_1 (id=?)"}},
		"replay a delivery": {replayDeliverySQL, []string{"deliveries_1 (id=?)", "behind USING INDEX deliveries_by_queue (merchant_id=? AND live_mode=? AND queue=?)"}},
		"hold a payment":    {holdPaymentSQL, []string{"payments_1"}},
		"hold the unspread": {holdUnspreadSQL, []string{"events_unspread_queue (<expr>=?)"}},
		"let a lane go":     {releaseLaneSQL, []string{"delivery_lanes_1 (merchant_id=? AND live_mode=? AND subscriber=? AND lane=?)"}},
		"delivery": {deliverySQL, []string{
			"deliveries_1 (id=?)", "events_1", "front USING COVERING INDEX deliveries_order (merchant_id=? AND live_mode=? AND subscriber=? AND queue=?"}},
		"delivery backlog": {deliveryBacklogSQL, []string{
			"deliveries USING COVERING INDEX deliveries_order"}},
		"clients":                     {apiClientsSQL, []string{"SCAN clients"}}, // 200 for each merchant at most
		"whether a client changed":    {apiClientsVersionSQL, []string{"SCAN clients"}},
		"change a client":             {updateAPIClientSQL, []string{"clients_1"}},
		"use of a client":             {useAPIClientSQL, []string{"clients_1"}},
		"sealed secrets":              {sealedSecretsSQL, []string{"SCAN sealed_secrets"}}, // 100 for each merchant at most
		"whether a secret changed":    {sealedSecretsVersionSQL, []string{"SCAN sealed_secrets"}},
		"change a sealed secret":      {updateSealedSecretSQL, []string{"sealed_secrets_1"}},
		"mark of the secret":          {secretMarkSQL, []string{"marks_1 (name=?)"}},
		"mark of the timeline":        {timelineMarkSQL, []string{"marks_1 (name=?)"}},
		"operators":                   {operatorsSQL, []string{"SCAN operators"}}, // 200 at most may log in
		"whether an operator changed": {operatorsVersionSQL, []string{"SCAN operators"}},
		"change an operator":          {updateOperatorSQL, []string{"operators_1"}},
		"session":                     {sessionSQL, []string{"sessions_1"}},
		"use of a session":            {useSessionSQL, []string{"sessions_1"}},
		"end a session":               {endSessionSQL, []string{"sessions_1"}},
		"ended sessions":              {endedSessionsSQL, []string{"sessions_by_end"}},
		"old sessions":                {oldSessionsSQL, []string{"sessions_by_operator (operator=?)"}},
		"subscriber":                  {subscriberSQL, []string{"subscribers_1"}},
		"subscribers":                 {subscribersSQL, []string{"SCAN subscribers"}}, // as many as are configured
		"save subscriber":             {updateSubscriberSQL, []string{"subscribers_1"}},
		"subscriptions":               {subscriptionsSQL, []string{"subscriptions_1"}},
		"subscriptions of a merchant": {subscriptionsOfSQL, []string{"subscriptions_1 (merchant_id=?)"}},

		"deliveries":                 {told(gateway.DeliveryFilter{}), []string{"deliveries_newest (merchant_id=? AND live_mode=?)"}},
		"deliveries of a subscriber": {told(gateway.DeliveryFilter{Subscriber: "shop"}), []string{"deliveries_newest (merchant_id=? AND live_mode=?)"}},
		"deliveries of a payment":    {told(gateway.DeliveryFilter{PaymentID: "pay_1"}), []string{"deliveries_by_queue (merchant_id=? AND live_mode=? AND queue=?)"}},
		"dead letters":               {told(gateway.DeliveryFilter{Statuses: dead}), []string{"deliveries_not_told (merchant_id=? AND live_mode=?)"}},
		"dead letters of a subscriber": {told(gateway.DeliveryFilter{Statuses: dead, Subscriber: "shop", Before: "dlv_1"}), []string{
			"deliveries_not_told (merchant_id=? AND live_mode=? AND id<?)"}},
		"told": {told(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryDone}}), []string{"deliveries_newest (merchant_id=? AND live_mode=?)"}},
		"not told": {told(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryDead, gateway.DeliveryPending}}), []string{
			"deliveries_not_told (merchant_id=? AND live_mode=?)"}},
		"told or not": {told(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryDead, gateway.DeliveryDone}}), []string{
			"deliveries_newest (merchant_id=? AND live_mode=?)"}},
		"deliveries by creation": {told(gateway.DeliveryFilter{CreatedFrom: noon, CreatedTo: noon}), []string{"deliveries_newest (merchant_id=? AND live_mode=? AND id>? AND id<?)"}},
		"next deliveries":        {told(gateway.DeliveryFilter{Before: "dlv_1"}), []string{"deliveries_newest (merchant_id=? AND live_mode=? AND id<?)"}},

		"list":                 {listed(gateway.PaymentFilter{}), []string{"payments_newest"}},
		"payments in order":    {paymentsInOrderSQL, []string{"payments_newest (merchant_id=? AND id>?)"}},
		"vault in order":       {vaultInOrderSQL, []string{"vault_operations_1 (id>?)"}},
		"reply to erase":       {eraseReplySQL, []string{"idempotency_keys_1 (merchant_id=? AND key=?)"}},
		"finished":             {finishedSQL, []string{"payments_finished ((updated_at,id)>(?,?) AND updated_at<?)"}},
		"archive":              {archivePaymentSQL, []string{"payments_1 (id=?)"}},
		"archive of a version": {bodyAtVersionSQL, []string{"payments_1 (id=?)"}},
		"reply to archive":     {keyReplySQL, []string{"idempotency_keys_1 (merchant_id=? AND key=?)"}},
		"audit trail":          {auditEntriesSQL, []string{"audit_entries_1 (sequence>?)"}},
		"latest of the trail":  {latestAuditEntriesSQL, []string{"audit_entries_1 (sequence<?)"}},
		"end of the trail":     {auditHeadSQL, []string{"audit_head_1"}},
		"hold the end":         {holdAuditHeadSQL, []string{"audit_head_1"}},
		"move the end":         {updateAuditHeadSQL, []string{"audit_head_1"}},
		"archive files":        {archiveFilesSQL, []string{"SCAN archive_files"}}, // one a day
		"retention":            {retentionSQL, []string{"retention_1"}},
		"save retention":       {updateRetentionSQL, []string{"retention_1"}},
		"archive a reply":      {archiveReplySQL, []string{"idempotency_keys_1 (merchant_id=? AND key=?)"}},
		"archived operation":   {dropOperationSQL, []string{"operations_1 (id=?)"}},
		"past of a payment":    {pastSQL, []string{"events_by_payment (payment_id=?)"}},
		"what is not spread":   {unspreadPastSQL, []string{"events_unspread_queue (<expr>=?)"}},
		"told of a payment":    {toldSQL, []string{"deliveries_by_queue (merchant_id=? AND live_mode=? AND queue=?)"}},
		"told of a queue":      {queueToldSQL, []string{"deliveries_by_queue (merchant_id=? AND live_mode=? AND queue=?)"}},
		"old events":           {oldEventsSQL, []string{"events_1 (id>?)"}},
		"forget a delivery":    {dropDeliverySQL, []string{"deliveries_1 (id=?)"}},
		"forget an event":      {dropEventSQL, []string{"events_1 (id=?)"}},
		"list by order":        {listed(gateway.PaymentFilter{OrderID: "A"}), []string{"payments_by_order"}},
		"list by status":       {listed(gateway.PaymentFilter{Statuses: []gateway.Status{gateway.Failed}}), []string{"payments_by_status"}},
		"list by attention":    {listed(gateway.PaymentFilter{NeedsAttention: &yes}), []string{"payments_needing_attention"}},
		"list by no attention": {listed(gateway.PaymentFilter{NeedsAttention: &no}), []string{"payments_newest"}},
		"list by creation":     {listed(gateway.PaymentFilter{CreatedFrom: noon, CreatedTo: noon}), []string{"payments_newest (merchant_id=? AND id>? AND id<?)"}},
		"list by statuses":     {listed(gateway.PaymentFilter{Statuses: two, Before: "pay_1"}), []string{"payments_by_status (merchant_id=? AND status=? AND id<?)"}},
		"list by status and creation": {listed(gateway.PaymentFilter{Statuses: two[:1], CreatedFrom: noon, CreatedTo: noon}), []string{
			"payments_by_status (merchant_id=? AND status=? AND id>? AND id<?)"}},
		"list by order and statuses":   {listed(gateway.PaymentFilter{OrderID: "A", Statuses: two}), []string{"payments_by_order (merchant_id=? AND order_id=?)"}},
		"list by order and attention":  {listed(gateway.PaymentFilter{OrderID: "A", NeedsAttention: &yes}), []string{"payments_by_order (merchant_id=? AND order_id=?)"}},
		"list by attention and status": {listed(gateway.PaymentFilter{NeedsAttention: &yes, Statuses: two[:1]}), []string{"payments_needing_attention (merchant_id=?)"}},
		"next page":                    {listed(gateway.PaymentFilter{Before: "pay_1"}), []string{"payments_newest (merchant_id=? AND id<?)"}},
		"next page by order":           {listed(gateway.PaymentFilter{OrderID: "A", Before: "pay_1"}), []string{"payments_by_order (merchant_id=? AND order_id=? AND id<?)"}},
	}
}

func TestEveryQueryWalksItsIndex(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	read := ""
	for name, test := range plannedQueries() {
		t.Run(name, func(t *testing.T) {
			steps := plan(t, l, test.query)
			read += steps + "\n"
			if whole := readsWhole(steps); len(whole) > 0 {
				t.Errorf("%s\nreads all of %v", test.query, whole)
			}
			for _, index := range test.indexes {
				if !strings.Contains(steps, index) {
					t.Errorf("%s\nis carried out as\n%s\nwithout %s", test.query, steps, index)
				}
			}
		})
	}
	wantAllRead(t, l, read)
}

// readByRules are the indexes that no query names: what is unique is held to by
// them, or what refers to a row is found when the row goes.
var readByRules = []string{"operations_refunds", "deliveries_by_event", "operators_by_identity"}

// wantAllRead wants no index that each payment writes to and nobody reads.
func wantAllRead(t *testing.T, l *Ledger, read string) {
	t.Helper()
	rows, err := l.reads.db.QueryContext(t.Context(), `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	names, _, err := bodiesOf(rows)
	if err != nil || len(names) < 20 {
		t.Fatalf("the indexes are %q, %v", names, err)
	}
	words := strings.Fields(read)
	for _, name := range names {
		if !slices.Contains(words, name) && !slices.Contains(readByRules, name) {
			t.Errorf("no query reads the index %s", name)
		}
	}
}

// TestAPageOfUnmatchedIsNotSorted wants the page in the order of its index: a
// merchant who takes cards elsewhere too may have very many.
func TestAPageOfUnmatchedIsNotSorted(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	for _, query := range []string{unmatchedSQL, unmatchedByOrderSQL} {
		if steps := plan(t, l, query); strings.Contains(steps, "TEMP B-TREE") {
			t.Errorf("%s\nis carried out as\n%s", query, steps)
		}
	}
}

// TestWhatIsFinishedComesInTheOrderOfItsIndex wants no sorting of all that may
// leave.
func TestWhatIsFinishedComesInTheOrderOfItsIndex(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	if steps := plan(t, l, finishedSQL); strings.Contains(steps, "TEMP B-TREE") {
		t.Errorf("%s\nis carried out as\n%s", finishedSQL, steps)
	}
}

// TestDeliveriesComeInTheOrderOfTheirIndex wants no sorting of what may be a
// merchant's whole history, nor of all that waits.
func TestDeliveriesComeInTheOrderOfTheirIndex(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	queries := []string{dueDeliveriesSQL}
	for _, f := range []gateway.DeliveryFilter{
		{}, {Subscriber: "shop"}, {PaymentID: "pay_1"}, {Before: "dlv_1"}, {Statuses: []gateway.DeliveryStatus{gateway.DeliveryDead}},
	} {
		query, _ := deliveriesSQL(f)
		queries = append(queries, query)
	}
	for _, query := range queries {
		if steps := plan(t, l, query); strings.Contains(steps, "TEMP B-TREE") {
			t.Errorf("%s\nis carried out as\n%s", query, steps)
		}
	}
}

// plan is how SQLite would carry out the query, with nulls for its arguments.
func plan(t *testing.T, l *Ledger, query string) string {
	t.Helper()
	args := make([]any, strings.Count(query, "?"))
	rows, err := l.reads.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+l.reads.dialect.query(query), args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}
