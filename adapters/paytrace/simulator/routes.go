package simulator

// route is one path of the API.
type route struct {
	// operation is the name that faults, history and log use.
	operation string
	// external says whether its error answers have an external_transaction_id.
	external bool
	// hosted says that hpf_token and enc_key are required.
	hosted bool
	// open says that no bearer token is wanted.
	open bool
	do   func(*Simulator, *call) answer
}

// operations are the names that a fault may give.
var operations = []string{
	"token", "ping", "sale", "authorization", "capture", "void", "refund", "level_three",
	"settle", "export", "batch", "customer_create", "customer_update", "customer_delete", "customer_export",
	"payment_fields", "check_sale", "check_hold", "check_refund", "check_fund", "check_void",
}

// routes are all paths of the API; every one is a POST.
var routes = map[string]*route{
	"/oauth/token": {operation: "token", open: true, do: issueToken},
	"/v1/ping":     {operation: "ping", open: true, do: ping},

	"/v1/transactions/sale/keyed":               {operation: "sale", external: true, do: charging(kindSale, keyedCard)},
	"/v1/transactions/sale/by_customer":         {operation: "sale", external: true, do: charging(kindSale, customersCard)},
	"/v1/transactions/sale/by_transaction":      {operation: "sale", external: true, do: charging(kindSale, transactionsCard)},
	"/v1/transactions/sale/pt_protect":          {operation: "sale", external: true, hosted: true, do: charging(kindSale, hostedCard)},
	"/v1/transactions/sale/pt_protect_customer": {operation: "sale", external: true, hosted: true, do: saleWithCustomer},

	"/v1/transactions/authorization/keyed":          {operation: "authorization", external: true, do: charging(kindAuthorization, keyedCard)},
	"/v1/transactions/authorization/by_customer":    {operation: "authorization", external: true, do: charging(kindAuthorization, customersCard)},
	"/v1/transactions/authorization/by_transaction": {operation: "authorization", external: true, do: charging(kindAuthorization, transactionsCard)},
	"/v1/transactions/authorization/pt_protect":     {operation: "authorization", external: true, hosted: true, do: charging(kindAuthorization, hostedCard)},
	"/v1/transactions/authorization/capture":        {operation: "capture", external: true, do: capture},

	"/v1/transactions/void":                   {operation: "void", do: void},
	"/v1/transactions/refund/keyed":           {operation: "refund", external: true, do: refunding(keyedCard)},
	"/v1/transactions/refund/to_customer":     {operation: "refund", external: true, do: refunding(customersCard)},
	"/v1/transactions/refund/for_transaction": {operation: "refund", external: true, do: refundTransaction},

	"/v1/level_three/visa":       {operation: "level_three", do: addLevelThree(brandVisa)},
	"/v1/level_three/mastercard": {operation: "level_three", do: addLevelThree(brandMasterCard)},

	"/v1/transactions/settle":               {operation: "settle", do: settleNow},
	"/v1/transactions/export/by_id":         {operation: "export", external: true, do: exportByID},
	"/v1/transactions/export/by_date_range": {operation: "export", external: true, do: exportByDates},
	"/v1/batches/export":                    {operation: "batch", do: exportBatches},
	"/v1/batches/export_one":                {operation: "batch", do: exportBatch},
	"/v1/batches/transaction_list":          {operation: "batch", external: true, do: exportBatchTransactions},

	"/v1/customer/create":                  {operation: "customer_create", do: createCustomer(keyedCard)},
	"/v1/customer/create_from_transaction": {operation: "customer_create", do: createFromTransaction},
	"/v1/customer/pt_protect_create":       {operation: "customer_create", hosted: true, do: createCustomer(hostedCard)},
	"/v1/customer/update":                  {operation: "customer_update", do: updateCustomer(keyedCard)},
	"/v1/customer/pt_protect_update":       {operation: "customer_update", hosted: true, do: updateCustomer(hostedCard)},
	"/v1/customer/delete":                  {operation: "customer_delete", do: deleteCustomer},
	"/v1/customer/export":                  {operation: "customer_export", do: exportCustomer},
	"/v1/payment_fields/token/create":      {operation: "payment_fields", do: createClientKey},
	"/v1/checks/sale/by_account":           {operation: "check_sale", do: takeCheck(checkPending, accountsCheck)},
	"/v1/checks/sale/by_customer":          {operation: "check_sale", do: takeCheck(checkPending, customersCheck)},
	"/v1/checks/hold/by_account":           {operation: "check_hold", do: takeCheck(checkHeld, accountsCheck)},
	"/v1/checks/hold/by_customer":          {operation: "check_hold", do: takeCheck(checkHeld, customersCheck)},
	"/v1/checks/refund/by_transaction":     {operation: "check_refund", do: refundCheck},
	"/v1/checks/manage/fund":               {operation: "check_fund", do: fundCheck},
	"/v1/checks/manage/void":               {operation: "check_void", do: voidCheck},
}

// needsIntegrator says whether a blank integrator_id is error 970 there.
func (r *route) needsIntegrator(required string) bool {
	switch required {
	case "charges":
		return r.hosted || isCharge(r.operation)
	case "pt_protect":
		return r.hosted
	}
	return false
}

// ping answers without a token. Its real body is not
// known.
func ping(*Simulator, *call) answer {
	return done(1, "PayTrace is available.", 0, nil)
}
