package salesforcetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"
)

// maxRevisions bounds what is remembered of one record.
const maxRevisions = 100

// Record is a row of an object.
type Record struct {
	ID     string
	Fields map[string]any
	// Revisions are what its fields were after each write, oldest first.
	Revisions []map[string]any

	changed time.Time
}

type table struct {
	object  Object
	records []*Record
}

// decode reads a JSON object whole, with its numbers as they were written.
func decode(body []byte) (map[string]any, *problem) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var fields map[string]any
	err := decoder.Decode(&fields)
	if _, more := decoder.Token(); err != nil || fields == nil || more != io.EOF {
		return nil, &problem{ErrorCode: "JSON_PARSER_ERROR", Message: "Unexpected character in the request's body at [line:1, column:1]"}
	}
	return fields, nil
}

// upsert answers the upsert of one record, whose external id is in the path.
func (o *Org) upsert(q *request) answer {
	key := q.parts[2]
	value, err := url.PathUnescape(q.parts[3])
	t, missing := o.keyed(q.parts[1], key)
	if missing != nil || err != nil {
		return notFound(missing)
	}
	fields, broken := decode(q.body)
	if broken != nil {
		return broken.answer()
	}
	if _, repeated := fields[key]; repeated {
		return failure(http.StatusBadRequest, "INVALID_FIELD", "The "+key+" field should not be specified in the sobject data.", key)
	}
	if broken := t.object.readable(fields); broken != nil {
		return broken.answer()
	}
	if matches := o.matches(t, key, value); len(matches) > 1 {
		return multiple(q, matches)
	}
	saved, broken := o.save(t, key, value, fields)
	if broken != nil {
		return broken.answer()
	}
	status := http.StatusOK
	if *saved.Created {
		status = http.StatusCreated
	}
	a := jsonAnswer(status, saved)
	a.acted = true
	return a
}

// update answers the change of one record by Salesforce's own id.
func (o *Org) update(q *request) answer {
	t, ok := o.tables[q.parts[1]]
	if !ok {
		return notFound(nil)
	}
	fields, broken := decode(q.body)
	if broken != nil {
		return broken.answer()
	}
	if broken := t.object.readable(fields); broken != nil {
		return broken.answer()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range t.records {
		if same(r.ID) != same(q.parts[2]) {
			continue
		}
		next := map[string]any{}
		maps.Copy(next, r.Fields)
		maps.Copy(next, fields)
		if o.locked[same(r.ID)] > 0 {
			return fault("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: "+r.ID).answer()
		}
		if broken := o.refuses(t, r, next); broken != nil {
			return broken.answer()
		}
		if refusal, unmet := r.unmet(q); unmet {
			return refusal
		}
		r.Fields, r.changed = next, o.settings.Now()
		r.Revisions = append(r.Revisions, maps.Clone(next))
		return answer{status: http.StatusNoContent, acted: true}
	}
	return notFound(nil)
}

// Keep adds a record with an id of its own, as one that was in the org before.
func (o *Org) Keep(object, id string, fields map[string]any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tables[object]
	t.records = append(t.records, &Record{ID: id, Fields: maps.Clone(fields), changed: o.settings.Now()})
}

// keyed finds the object, if the field is an external id of it.
func (o *Org) keyed(object, key string) (*table, *problem) {
	t, ok := o.tables[object]
	if !ok {
		return nil, &problem{Message: "The requested resource does not exist"}
	}
	if f, ok := t.object.field(key); !ok || !f.ExternalID {
		return nil, &problem{Message: "Provided external ID field does not exist or is not accessible: " + key}
	}
	return t, nil
}

func notFound(p *problem) answer {
	message := "The requested resource does not exist"
	if p != nil {
		message = p.Message
	}
	return failure(http.StatusNotFound, "NOT_FOUND", message)
}

func multiple(q *request, matches []*Record) answer {
	var urls []string
	for _, m := range matches {
		urls = append(urls, "/services/data/"+q.version+"/sobjects/"+q.parts[1]+"/"+m.ID)
	}
	return jsonAnswer(http.StatusMultipleChoices, urls)
}

func (o *Org) matches(t *table, key, value string) []*Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	return t.having(key, value)
}

func (t *table) having(key, value string) []*Record {
	var found []*Record
	for _, r := range t.records {
		if r.Fields[key] == value {
			found = append(found, r)
		}
	}
	return found
}

// save writes one record, all of it or nothing.
func (o *Org) save(t *table, key, value string, fields map[string]any) (result, *problem) {
	o.mu.Lock()
	defer o.mu.Unlock()
	existing, created := (*Record)(nil), true
	next := map[string]any{key: value}
	if found := t.having(key, value); len(found) > 0 {
		existing, created = found[0], false
		next = maps.Clone(existing.Fields)
	}
	for name, value := range fields {
		if value == "" {
			value = nil // the platform knows no empty text
		}
		next[name] = value
	}
	if broken := o.refuses(t, existing, next); broken != nil {
		return result{}, broken
	}
	if created {
		existing = &Record{ID: fmt.Sprintf("a00TEST%08dAAA", len(t.records)+1)}
		t.records = append(t.records, existing)
	}
	existing.Fields, existing.changed = next, o.settings.Now()
	existing.Revisions = append(existing.Revisions, maps.Clone(next))
	existing.Revisions = existing.Revisions[max(0, len(existing.Revisions)-maxRevisions):]
	return result{ID: existing.ID, Success: true, Errors: []resultFault{}, Created: &created}, nil
}

// refuses is why a record cannot be written.
func (o *Org) refuses(t *table, existing *Record, next map[string]any) *problem {
	if broken := t.object.acceptable(next); broken != nil {
		return broken
	}
	for _, f := range t.object.Fields {
		text, _ := next[f.Name].(string)
		if text == "" {
			continue
		}
		if f.Unique {
			for _, other := range t.having(f.Name, text) {
				if other != existing {
					return fault("DUPLICATE_VALUE", fmt.Sprintf("duplicate value found: %s duplicates value on record with id: %s", f.Name, other.ID))
				}
			}
		}
		if f.Type != Lookup {
			continue
		}
		if !o.parents[same(text)] {
			return fault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", f.Name)
		}
		if o.locked[same(text)] > 0 {
			return fault("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: "+text)
		}
	}
	return nil
}

// Insert adds a record as somebody in the org would, without a look at its
// uniqueness.
func (o *Org) Insert(object string, fields map[string]any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tables[object]
	t.records = append(t.records, &Record{ID: fmt.Sprintf("a00TEST%08dAAA", len(t.records)+1), Fields: maps.Clone(fields), changed: o.settings.Now()})
}

// Records are an object's, oldest first.
func (o *Org) Records(object string) []Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []Record
	for _, r := range o.tables[object].records {
		all = append(all, Record{ID: r.ID, Fields: maps.Clone(r.Fields), Revisions: append([]map[string]any{}, r.Revisions...)})
	}
	return all
}
