package salesforcetest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// modstamp is the system's own time of a record's last change, in whole seconds.
const modstamp = "SystemModstamp"

// oneRecord is the only query that is understood: fields of one record, by its id.
var oneRecord = regexp.MustCompile(`^SELECT ([A-Za-z0-9_]+(?:, [A-Za-z0-9_]+)*) FROM ([A-Za-z0-9_]+) WHERE Id = '([^'\\]*)'$`)

var recordIDs = regexp.MustCompile(`^[A-Za-z0-9]{15}$`)

// query answers a query for one record. One that is not there is no failure.
func (o *Org) query(q *request) answer {
	asked := oneRecord.FindStringSubmatch(q.URL.Query().Get("q"))
	if asked == nil {
		return failure(http.StatusBadRequest, "MALFORMED_QUERY", "unexpected token in the query")
	}
	t, ok := o.tables[asked[2]]
	if !ok {
		return failure(http.StatusBadRequest, "INVALID_TYPE", fmt.Sprintf("sObject type '%s' is not supported.", asked[2]))
	}
	names := strings.Split(asked[1], ", ")
	for _, name := range names {
		if _, ok := t.object.field(name); !ok && name != modstamp {
			return failure(http.StatusBadRequest, "INVALID_FIELD", fmt.Sprintf("No such column '%s' on entity '%s'.", name, asked[2]))
		}
	}
	if !recordIDs.MatchString(asked[3]) {
		return failure(http.StatusBadRequest, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: "+asked[3])
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	found := []map[string]any{}
	for _, r := range t.records {
		if same(r.ID) == asked[3] {
			found = append(found, r.shown(names, t.object.Name, q.version))
		}
	}
	return jsonAnswer(http.StatusOK, map[string]any{"totalSize": len(found), "done": true, "records": found})
}

func (r *Record) shown(names []string, object, version string) map[string]any {
	row := map[string]any{"attributes": map[string]string{"type": object, "url": "/services/data/" + version + "/sobjects/" + object + "/" + r.ID}}
	for _, name := range names {
		row[name] = r.Fields[name]
		if name == modstamp {
			row[name] = r.changed.UTC().Format("2006-01-02T15:04:05.000-0700")
		}
	}
	return row
}

// unmet says what is wrong with the condition under which a record is to be
// written.
func (r *Record) unmet(q *request) (answer, bool) {
	condition := q.Header.Get("If-Unmodified-Since")
	if condition == "" {
		return answer{}, false
	}
	since, err := http.ParseTime(condition)
	if err != nil {
		return failure(http.StatusBadRequest, "INVALID_HEADER", "If-Unmodified-Since is no time"), true
	}
	if r.changed.Truncate(time.Second).After(since) {
		return failure(http.StatusPreconditionFailed, "PRECONDITION_FAILED", "The record was modified after the time of If-Unmodified-Since"), true
	}
	return answer{}, false
}
