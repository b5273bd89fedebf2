package api_test

import (
	"net/http"
	"strings"
)

const unmatched = "/api/v1/unmatched_transactions"

// decision is the body of a good decision with some members replaced, as
// payment does it.
func decision(members ...string) string {
	tree := map[string]any{}
	put(tree, "operationId", `"op_1"`)
	put(tree, "decision", `"not_done"`)
	put(tree, "decidedBy", `"Ada Byron"`)
	for i := 0; i+1 < len(members); i += 2 {
		put(tree, members[i], members[i+1])
	}
	return encode(tree)
}

func decide(payment, body string) call {
	return call{method: http.MethodPost, path: payments + "/" + payment + "/resolve", body: body, as: chief}
}

// badDecisions are bodies and targets of a person's decision.
func badDecisions() []badRequest {
	var rows []badRequest
	add := func(name, body, field string) {
		rows = append(rows, badRequest{"a decision " + name, decide("pay_1", body), http.StatusBadRequest, "invalid_request", field})
	}
	for name, row := range map[string][2]string{
		"without a body":          {"", "body"},
		"that is null":            {"null", "body"},
		"that is an array":        {"[" + decision() + "]", "body"},
		"that is a text":          {`"zqmarker7"`, "body"},
		"that is empty":           {"{}", "operationId,decision,decidedBy"},
		"that is cut off":         {strings.TrimSuffix(decision(), "}"), "body"},
		"with more after it":      {decision() + marker, "body"},
		"with an unknown member":  {decision("zqmarker7", "1"), "?"},
		"with an amount":          {decision("amount", `"1.00"`), "amount"},
		"with a member twice":     {strings.TrimSuffix(decision(), "}") + `,"decision":"done"}`, "decision"},
		"of another kind":         {decision("decision", `"zqmarker7"`), "decision"},
		"in capitals":             {decision("decision", `"DONE"`), "decision"},
		"with several faults":     {decision("decision", `"maybe"`, "decidedBy", ""), "decision,decidedBy"},
		"by nobody":               {decision("decidedBy", `""`), "decidedBy"},
		"by null":                 {decision("decidedBy", "null"), "decidedBy"},
		"on no operation":         {decision("operationId", ""), "operationId"},
		"on an operation in null": {decision("operationId", "null"), "operationId"},
	} {
		add(name, row[0], row[1])
	}
	for member, limit := range map[string]int{"operationId": 64, "transactionId": 64, "decidedBy": 100, "note": 500} {
		add("whose "+member+" is too long", decision(member, `"`+marker+strings.Repeat("x", limit+1-len(marker))+`"`), member)
		add("whose "+member+" has a control character", decision(member, `"zqmarker7\u0007"`), member)
		add("whose "+member+" is a number", decision(member, "7"), member)
		add("whose "+member+" is an object", decision(member, `{"zqmarker7":1}`), member)
		for name, number := range map[string]string{"in one run": cardRun, "in groups": cardSpaced, "within a text": "card " + cardRun + "."} {
			rows = append(rows, badRequest{"a decision whose " + member + " is a card " + name,
				decide("pay_1", decision(member, `"`+number+`"`)), http.StatusUnprocessableEntity, "card_number_refused", member})
		}
	}
	for name, id := range map[string]string{
		"nobody's": "pay_" + marker, "no id at all": marker, "a blank": "%20", "a NUL": "%00" + marker, "a slash": "a%2Fb",
		"not UTF-8": "%ff" + marker, "long": strings.Repeat(marker, 500), "a broken escape": "%25zz",
	} {
		rows = append(rows, badRequest{"a decision on a payment that is " + name, decide(id, decision()), 404, "not_found", ""})
	}
	budget := decide("pay_1", decision())
	budget.header = map[string]string{"X-Request-Timeout-Ms": marker}
	return append(rows, badRequest{"a decision with a budget of words", budget, 400, "invalid_request", "X-Request-Timeout-Ms"})
}

// badPages are parameters of the list of unmatched transactions.
func badPages() []badRequest {
	var rows []badRequest
	for query, field := range map[string]string{
		"?zqmarker7=1":             "query",
		"?orderId=zqmarker":        "orderId",
		"?pageSize=0":              "pageSize",
		"?pageSize=101":            "pageSize",
		"?pageSize=x":              "pageSize",
		"?pageSize=1&pageSize=2":   "pageSize",
		"?cursor=":                 "cursor",
		"?cursor=zqmarker7":        "cursor",
		"?cursor=cGF5XzA2ZHk4":     "cursor", // of the payments' list
		"?cursor=MjAyNi0wMy0wMlQ=": "cursor",
		// A time without an id, an id without a time, and a NUL in the id.
		"?cursor=MjAyNi0wMy0wMlQxNTowNDowNVo":       "cursor",
		"?cursor=IDQ1MDU4MzkyNQ":                    "cursor",
		"?cursor=MjAyNi0wMy0wMlQxNTowNDowNVogNDUA":  "cursor",
		"?cursor=" + strings.Repeat("MjAyNi0w", 30): "cursor",
	} {
		rows = append(rows, badRequest{"unmatched" + query, call{path: unmatched + query}, http.StatusBadRequest, "invalid_request", field})
	}
	return rows
}
