package api_test

import (
	"net/http"
	"strings"
)

const (
	callbacks   = "/api/v1/callbacks"
	subscribers = "/api/v1/subscribers"
)

// person is the body of a decision in which a person only says who it is.
func person(members ...string) string {
	return bodyOf(append([]string{"decidedBy", `"Ada Byron"`}, members...))
}

// replayRange is the body of a good range.
func replayRange(members ...string) string {
	return bodyOf(append([]string{"decidedBy", `"Ada Byron"`, "createdFrom", `"2026-03-02T00:00:00Z"`}, members...))
}

func bodyOf(members []string) string {
	tree := map[string]any{}
	for i := 0; i+1 < len(members); i += 2 {
		put(tree, members[i], members[i+1])
	}
	return encode(tree)
}

func asPostman(path, body string) call {
	return call{method: http.MethodPost, path: path, body: body, as: postman}
}

// badCallbacks are bodies and targets of decisions about deliveries and
// subscribers.
func badCallbacks() []badRequest {
	var rows []badRequest
	for verb, path := range map[string]string{
		"a replay": callbacks + "/dlv_1/replay", "a skip": callbacks + "/dlv_1/skip", "an enabling": subscribers + "/erp/enable",
	} {
		for name, row := range map[string][2]string{
			"without a body":         {"", "body"},
			"that is null":           {"null", "body"},
			"that is empty":          {"{}", "decidedBy"},
			"by nobody":              {person("decidedBy", `""`), "decidedBy"},
			"by null":                {person("decidedBy", "null"), "decidedBy"},
			"by a number":            {person("decidedBy", "7"), "decidedBy"},
			"by a control character": {person("decidedBy", `"zqmarker7\u0007"`), "decidedBy"},
			"by a long name":         {person("decidedBy", `"`+marker+strings.Repeat("x", 92)+`"`), "decidedBy"},
			"with an unknown member": {person("zqmarker7", "1"), "?"},
		} {
			rows = append(rows, badRequest{verb + " " + name, asPostman(path, row[0]), http.StatusBadRequest, "invalid_request", row[1]})
		}
		rows = append(rows, badRequest{verb + " by a card", asPostman(path, person("decidedBy", `"`+cardRun+`"`)), 422, "card_number_refused", "decidedBy"})
	}
	for name, row := range map[string][2]string{
		"a note that is too long":       {person("note", `"`+marker+strings.Repeat("x", 492)+`"`), "note"},
		"a note with control character": {person("note", `"zqmarker7\u001b"`), "note"},
	} {
		rows = append(rows, badRequest{"a skip with " + name, asPostman(callbacks+"/dlv_1/skip", row[0]), http.StatusBadRequest, "invalid_request", row[1]})
	}
	for name, row := range map[string][2]string{
		"without a body":               {"", "body"},
		"without a subscriber":         {person(), "subscriber"},
		"of nobody":                    {person("subscriber", `""`), "subscriber"},
		"of a long name":               {person("subscriber", `"`+marker+strings.Repeat("x", 24)+`"`), "subscriber"},
		"of a control character":       {person("subscriber", `"zqmarker7\u0007"`), "subscriber"},
		"by nobody":                    {person("subscriber", `"old"`, "decidedBy", `""`), "decidedBy"},
		"with a note that is too long": {person("subscriber", `"old"`, "note", `"`+marker+strings.Repeat("x", 492)+`"`), "note"},
		"with an unknown member":       {person("subscriber", `"old"`, "zqmarker7", "1"), "?"},
	} {
		rows = append(rows, badRequest{"a skip of all " + name, asPostman(callbacks+"/skip", row[0]), http.StatusBadRequest, "invalid_request", row[1]})
	}
	for name, id := range map[string]string{
		"nobody's": "dlv_" + marker, "no id at all": marker, "a blank": "%20", "a NUL": "%00" + marker, "a slash": "a%2Fb",
		"not UTF-8": "%ff" + marker, "long": strings.Repeat(marker, 500),
	} {
		rows = append(rows,
			badRequest{"a delivery that is " + name, call{path: callbacks + "/" + id, as: postman}, 404, "not_found", ""},
			badRequest{"a replay of one that is " + name, asPostman(callbacks+"/"+id+"/replay", person()), 404, "not_found", ""},
			badRequest{"a skip of one that is " + name, asPostman(callbacks+"/"+id+"/skip", person()), 404, "not_found", ""},
			badRequest{"enabling one that is " + name, asPostman(subscribers+"/"+id+"/enable", person()), 404, "not_found", ""})
	}
	return append(rows, badRanges()...)
}

func badRanges() []badRequest {
	var rows []badRequest
	for name, row := range map[string][2]string{
		"without a body":           {"", "body"},
		"that is empty":            {"{}", "createdFrom,decidedBy"},
		"without a beginning":      {replayRange("createdFrom", ""), "createdFrom"},
		"from null":                {replayRange("createdFrom", "null"), "createdFrom"},
		"from words":               {replayRange("createdFrom", `"zqmarker7"`), "createdFrom"},
		"from a day":               {replayRange("createdFrom", `"2026-03-02"`), "createdFrom"},
		"to words":                 {replayRange("createdTo", `"zqmarker7"`), "createdTo"},
		"that ends as it begins":   {replayRange("createdTo", `"2026-03-02T00:00:00Z"`), "createdTo"},
		"that ends before":         {replayRange("createdTo", `"2026-03-01T00:00:00Z"`), "createdTo"},
		"of a long name":           {replayRange("subscriber", `"`+marker+strings.Repeat("x", 24)+`"`), "subscriber"},
		"of a control character":   {replayRange("subscriber", `"zqmarker7\u0007"`), "subscriber"},
		"with perhaps the told":    {replayRange("includeDelivered", `"zqmarker7"`), "includeDelivered"},
		"with a cursor of nothing": {replayRange("cursor", `"zqmarker7"`), "cursor"},
		"with a payments' cursor":  {replayRange("cursor", `"cGF5XzA2ZHk4"`), "cursor"},
		"by nobody":                {replayRange("decidedBy", `""`), "decidedBy"},
		"with an unknown member":   {replayRange("zqmarker7", "1"), "?"},
	} {
		rows = append(rows, badRequest{"a range " + name, asPostman(callbacks+"/replay", row[0]), http.StatusBadRequest, "invalid_request", row[1]})
	}
	return rows
}

// badCallbackPages are parameters of the lists.
func badCallbackPages() []badRequest {
	rows := []badRequest{{"subscribers of a kind", call{path: subscribers + "?pageSize=1", as: postman}, 400, "invalid_request", "pageSize"}}
	for query, field := range map[string]string{
		"?zqmarker7=1":                              "query",
		"?deliveryStatus=zqmarker7":                 "deliveryStatus",
		"?deliveryStatus=Dead":                      "deliveryStatus",
		"?deliveryStatus=parked":                    "deliveryStatus",
		"?deliveryStatus=":                          "deliveryStatus",
		"?subscriber=":                              "subscriber",
		"?subscriber=" + strings.Repeat(marker, 4):  "subscriber",
		"?subscriber=%00" + marker:                  "subscriber",
		"?paymentId=":                               "paymentId",
		"?paymentId=" + strings.Repeat(marker, 8):   "paymentId",
		"?createdFrom=zqmarker7":                    "createdFrom",
		"?createdTo=2026-03-02":                     "createdTo",
		"?pageSize=0":                               "pageSize",
		"?pageSize=1&pageSize=2":                    "pageSize",
		"?cursor=":                                  "cursor",
		"?cursor=cGF5XzA2ZHk4":                      "cursor", // of the payments' list
		"?cursor=" + strings.Repeat("ZGx2XzA2", 30): "cursor",
	} {
		rows = append(rows, badRequest{"callbacks" + query, call{path: callbacks + query, as: postman}, http.StatusBadRequest, "invalid_request", field})
	}
	return rows
}
