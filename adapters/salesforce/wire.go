package salesforce

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// collection is the body of an upsert of several records.
type collection struct {
	AllOrNone bool             `json:"allOrNone"`
	Records   []map[string]any `json:"records"`
}

// collectionOf writes records as a collection holds them: each names its type
// and, unlike in the upsert of one record, its external id.
func collectionOf(records []record, object, externalID string) collection {
	c := collection{Records: []map[string]any{}}
	for _, r := range records {
		row := maps.Clone(r.fields)
		row["attributes"] = map[string]string{"type": object}
		row[externalID] = r.id
		c.Records = append(c.Records, row)
	}
	return c
}

// saved is Salesforce's answer to one record.
type saved struct {
	Success bool    `json:"success"`
	Errors  []fault `json:"errors"`
}

// fault is one error of Salesforce's. A whole request's errors have an
// errorCode, those of a record in a collection a statusCode.
type fault struct {
	Message    string   `json:"message"`
	ErrorCode  string   `json:"errorCode"`
	StatusCode string   `json:"statusCode"`
	Fields     []string `json:"fields"`
}

func (f fault) code() string {
	if f.ErrorCode != "" {
		return f.ErrorCode
	}
	return f.StatusCode
}

// parseSaved reads the answer to one record.
func parseSaved(body []byte) (saved, bool) {
	var s saved
	return s, json.Unmarshal(body, &s) == nil
}

// parseAllSaved reads the answer to a collection of n records.
func parseAllSaved(body []byte, n int) ([]saved, bool) {
	var all []saved
	return all, json.Unmarshal(body, &all) == nil && len(all) == n
}

// composite is a call that holds others, which counts as one.
type composite struct {
	AllOrNone bool         `json:"allOrNone"`
	Requests  []subrequest `json:"compositeRequest"`
}

type subrequest struct {
	Method      string         `json:"method"`
	URL         string         `json:"url"`
	ReferenceID string         `json:"referenceId"`
	Body        map[string]any `json:"body"`
}

// subanswer is what came of a subrequest: a result, or a list of errors.
type subanswer struct {
	ReferenceID string          `json:"referenceId"`
	Status      int             `json:"httpStatusCode"`
	Body        json.RawMessage `json:"body"`
}

// compositeOf posts each body to the same address.
func compositeOf(address string, bodies []map[string]any) composite {
	c := composite{Requests: []subrequest{}}
	for i, body := range bodies {
		c.Requests = append(c.Requests, subrequest{Method: "POST", URL: address, ReferenceID: referenceOf(i), Body: body})
	}
	return c
}

func referenceOf(i int) string { return "event" + strconv.Itoa(i) }

// parseComposite reads the answers to n subrequests, in their order.
func parseComposite(body []byte, n int) ([]subanswer, bool) {
	var c struct {
		Answers []subanswer `json:"compositeResponse"`
	}
	if json.Unmarshal(body, &c) != nil || len(c.Answers) != n {
		return nil, false
	}
	for i, a := range c.Answers {
		if a.ReferenceID != referenceOf(i) {
			return nil, false
		}
	}
	return c.Answers, true
}

// parseFaults reads the errors of a request, of which there is at least one with
// a code when the answer is Salesforce's.
func parseFaults(body []byte) []fault {
	var all []fault
	if json.Unmarshal(body, &all) != nil {
		return nil
	}
	for _, f := range all {
		if f.code() == "" {
			return nil
		}
	}
	return all
}

// borne is what a record's field for the vault holds, and since when the record is
// as it is, as a header says a time; "" where that is not told.
type borne struct{ customerID, unchangedSince string }

// queryTime is how a query's answer writes a time.
const queryTime = "2006-01-02T15:04:05.000Z0700"

// parseBorne reads the answer to a query for one record.
func parseBorne(body []byte, field string) (b borne, ok bool) {
	var found struct {
		Records *[]map[string]any `json:"records"`
	}
	if json.Unmarshal(body, &found) != nil || found.Records == nil {
		return borne{}, false
	}
	for _, record := range *found.Records {
		for name, value := range record {
			text, _ := value.(string)
			switch {
			case strings.EqualFold(name, field):
				b.customerID = text
			case name == "SystemModstamp":
				if at, err := time.Parse(queryTime, text); err == nil {
					b.unchangedSince = at.UTC().Format(http.TimeFormat)
				}
			}
		}
	}
	return b, true
}

// tokenAnswer is the answer of the token endpoint.
type tokenAnswer struct {
	AccessToken      string `json:"access_token"`
	InstanceURL      string `json:"instance_url"`
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

func parseToken(body []byte) (tokenAnswer, bool) {
	var t tokenAnswer
	return t, json.Unmarshal(body, &t) == nil
}

var apiUsage = regexp.MustCompile(`(?:^|[,;\s])api-usage=(\d{1,15})/(\d{1,15})(?:$|[,;\s(])`)

// parseUsage reads the header Sforce-Limit-Info, which looks like
// "api-usage=18/5000".
func parseUsage(header string) (used, total int64, ok bool) {
	found := apiUsage.FindStringSubmatch(header)
	if found == nil {
		return 0, 0, false
	}
	used, _ = strconv.ParseInt(found[1], 10, 64)
	total, _ = strconv.ParseInt(found[2], 10, 64)
	return used, total, total > 0
}

// description is what Salesforce tells this user of an object.
type description struct {
	Name       string             `json:"name"`
	Createable bool               `json:"createable"`
	Updateable bool               `json:"updateable"`
	Fields     []fieldDescription `json:"fields"`
}

type fieldDescription struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Length     int    `json:"length"`
	ExternalID bool   `json:"externalId"`
	Unique     bool   `json:"unique"`
	Createable bool   `json:"createable"`
	Updateable bool   `json:"updateable"`
	Restricted bool   `json:"restrictedPicklist"`
	Values     []struct {
		Active bool   `json:"active"`
		Value  string `json:"value"`
	} `json:"picklistValues"`
}

func parseDescription(body []byte) (description, bool) {
	var d description
	return d, json.Unmarshal(body, &d) == nil && d.Name != ""
}

// field is the one of that name, whose case Salesforce does not tell.
func (d description) field(name string) (fieldDescription, bool) {
	i := slices.IndexFunc(d.Fields, func(f fieldDescription) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 {
		return fieldDescription{}, false
	}
	return d.Fields[i], true
}
