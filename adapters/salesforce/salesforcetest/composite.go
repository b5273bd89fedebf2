package salesforcetest

import (
	"encoding/json"
	"net/http"
	"regexp"
)

// maxComposite is how many requests one call may hold.
const maxComposite = 25

var (
	reference = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	eventPath = regexp.MustCompile(`^/services/data/(v\d+\.\d)/sobjects/([A-Za-z0-9_]+__e)/?$`)
)

type subrequest struct {
	Method      string          `json:"method"`
	URL         string          `json:"url"`
	ReferenceID string          `json:"referenceId"`
	Body        json.RawMessage `json:"body"`
}

type subanswer struct {
	Body           json.RawMessage   `json:"body"`
	HTTPHeaders    map[string]string `json:"httpHeaders"`
	HTTPStatusCode int               `json:"httpStatusCode"`
	ReferenceID    string            `json:"referenceId"`
}

// composite answers a call that holds others. Here they can only publish.
func (o *Org) composite(q *request) answer {
	var body struct {
		AllOrNone *bool        `json:"allOrNone"`
		Requests  []subrequest `json:"compositeRequest"`
	}
	if json.Unmarshal(q.body, &body) != nil || body.AllOrNone == nil || *body.AllOrNone {
		return failure(http.StatusBadRequest, "JSON_PARSER_ERROR", "expected allOrNone false, and compositeRequest")
	}
	if len(body.Requests) == 0 || len(body.Requests) > maxComposite {
		return failure(http.StatusBadRequest, "LIMIT_EXCEEDED", "the composite request has no subrequest, or too many")
	}
	answers := []subanswer{}
	seen := map[string]bool{}
	for _, sub := range body.Requests {
		path := eventPath.FindStringSubmatch(sub.URL)
		if sub.Method != http.MethodPost || path == nil || path[1] != q.version || !reference.MatchString(sub.ReferenceID) || seen[sub.ReferenceID] {
			return failure(http.StatusBadRequest, "INVALID_INPUT", "a subrequest is not one of this org's, or its referenceId is not its own")
		}
		seen[sub.ReferenceID] = true
		a := o.publish(path[2], sub.Body)
		answers = append(answers, subanswer{json.RawMessage(a.body), map[string]string{}, a.status, sub.ReferenceID})
	}
	a := jsonAnswer(http.StatusOK, map[string]any{"compositeResponse": answers})
	a.acted = true
	return a
}
