package salesforcetest

import (
	"fmt"
	"net/http"
)

// maxCollection is how many records one call may have.
const maxCollection = 200

// collection answers the upsert of several records, whose external ids are in
// the body.
func (o *Org) collection(q *request, order *Fault) answer {
	object, key := q.parts[2], q.parts[3]
	t, missing := o.keyed(object, key)
	if missing != nil {
		return notFound(missing)
	}
	body, broken := decode(q.body)
	if broken != nil {
		return broken.answer()
	}
	rows, ok := body["records"].([]any)
	switch {
	case !ok || body["allOrNone"] != false || len(body) != 2:
		return failure(http.StatusBadRequest, "MISSING_ARGUMENT", "expected allOrNone false, and records")
	case len(rows) == 0 || len(rows) > maxCollection:
		return failure(http.StatusBadRequest, "EXCEEDED_ID_LIMIT", fmt.Sprintf("record limit reached. cannot submit more than %d records in this call", maxCollection))
	}
	values, broken := o.readRows(t, key, rows)
	if broken != nil {
		return broken.answer()
	}
	var results []result
	for i, row := range rows {
		results = append(results, o.saveRow(t, key, values, i, row.(map[string]any), order))
	}
	a := jsonAnswer(http.StatusOK, results)
	a.acted = true
	return a
}

// readRows takes the external ids out of the rows, and finds what spoils the
// whole call.
func (o *Org) readRows(t *table, key string, rows []any) ([]string, *problem) {
	var values []string
	for _, row := range rows {
		fields, ok := row.(map[string]any)
		if !ok {
			return nil, fault("JSON_PARSER_ERROR", "a record is no object")
		}
		attributes, _ := fields["attributes"].(map[string]any)
		if attributes["type"] != t.object.Name {
			return nil, fault("INVALID_TYPE", "the records must be of the type of the resource")
		}
		value, ok := fields[key].(string)
		if !ok || value == "" {
			return nil, fault("MISSING_ARGUMENT", key+" not specified")
		}
		delete(fields, "attributes")
		delete(fields, key)
		values = append(values, value)
		if broken := t.object.readable(fields); broken != nil {
			return nil, broken
		}
	}
	return values, nil
}

func (o *Org) saveRow(t *table, key string, values []string, i int, fields map[string]any, order *Fault) result {
	if order != nil && order.Kind == Item && order.Item == i {
		return fault(order.Code, order.Message, order.Fields...).result()
	}
	times := 0
	for _, value := range values {
		if value == values[i] {
			times++
		}
	}
	if times > 1 || len(o.matches(t, key, values[i])) > 1 {
		return fault("DUPLICATE_EXTERNAL_ID", key+": more than one record found for external id field: "+values[i]).result()
	}
	saved, broken := o.save(t, key, values[i], fields)
	if broken != nil {
		return broken.result()
	}
	return saved
}
