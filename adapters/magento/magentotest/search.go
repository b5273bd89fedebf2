package magentotest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// page is what a search answers.
type page struct {
	Items    []any          `json:"items"`
	Criteria map[string]any `json:"search_criteria"`
	Total    int            `json:"total_count"`
}

var criterion = regexp.MustCompile(`^searchCriteria\[filter_groups\]\[(\d)\]\[filters\]\[(\d)\]\[(field|value|condition_type)\]$`)

// search reads the conditions, all of which have to hold, and how many results
// a page has. It is stricter than Magento, which ignores what it does not know:
// a condition that is ignored finds another's order.
func search(r *http.Request) (map[string]string, int, *answer) {
	fields, values, size := map[string]string{}, map[string]string{}, 20
	for name, all := range r.URL.Query() {
		found := criterion.FindStringSubmatch(name)
		switch {
		case len(all) != 1:
			return nil, 0, refusalOf("a criterion was given twice")
		case name == "searchCriteria[pageSize]":
			n, err := strconv.Atoi(all[0])
			if err != nil || n < 1 || n > 300 {
				return nil, 0, refusalOf("Maximum SearchCriteria pageSize is 300")
			}
			size = n
		case found == nil:
			return nil, 0, refusalOf("unknown criterion " + name)
		case found[3] == "field":
			fields[found[1]+"/"+found[2]] = all[0]
		case found[3] == "value":
			values[found[1]+"/"+found[2]] = all[0]
		case all[0] != "eq":
			return nil, 0, refusalOf("this double knows the condition eq alone")
		}
	}
	conditions := map[string]string{}
	for at, field := range fields {
		conditions[field] = values[at]
	}
	return conditions, size, nil
}

// find answers with what fits all conditions.
func find[T any](a *asked, all []T, column func(T, string) (string, bool), view func(T) any) answer {
	conditions, size, refusal := search(a.request)
	if refusal != nil {
		return *refusal
	}
	out := page{Items: []any{}, Criteria: map[string]any{"filter_groups": []any{}}}
	for _, row := range all {
		fits := true
		for field, value := range conditions {
			has, known := column(row, field)
			if !known {
				return answer{http.StatusInternalServerError, failureOf("Internal Error. Details are available in Magento log file. Report ID: webapi-column-"+field, nil)}
			}
			fits = fits && strings.EqualFold(has, value)
		}
		if !fits {
			continue
		}
		out.Total++
		if len(out.Items) < size {
			out.Items = append(out.Items, view(row))
		}
	}
	return ok(out)
}
