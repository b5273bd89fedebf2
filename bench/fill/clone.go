package main

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go

	"paytrace-gateway/gateway"
)

// tables are those in which a payment has rows.
var tables = []struct{ name, of string }{
	{"payments", `SELECT * FROM payments WHERE id = ?`},
	{"operations", `SELECT * FROM operations WHERE payment_id = ? ORDER BY position`},
	{"idempotency_keys", `SELECT * FROM idempotency_keys WHERE payment_id = ? ORDER BY bound_at`},
	{"events", `SELECT * FROM events WHERE payment_id = ? ORDER BY version, id`},
}

// template is a payment that can be made again.
type template struct {
	kind kind
	// names are what has to be another in each copy, in the order of their slots.
	names []name
	rows  [][]row // by table
	// columns are those of each table.
	columns [][]string
}

// name is what the template calls something, and how a copy's name is made.
type name struct {
	text string
	make func(clone) string
	// after is how long after the payment the thing was made.
	after time.Duration
}

type row []cell

// cell is what one column holds: a value that stays, a time, or a text with
// slots.
type cell struct {
	value any
	after *time.Duration
	text  []part
}

// part is a text that stays, with the name or the time behind it.
type part struct {
	text  string
	slot  int // of the name, noSlot for none
	after *time.Duration
}

const noSlot = -1

// clone is what one copy is made with.
type clone struct {
	number   int
	at       time.Time
	merchant string
	order    string
	uuids    bool // its keys are random, as many clients make them
}

func readTemplates(ctx context.Context, path string, made map[string]kind) ([]template, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var templates []template
	for id, k := range made {
		t, err := readTemplate(ctx, db, id, k)
		if err != nil {
			return nil, fmt.Errorf("a payment that is %s: %w", k.name, err)
		}
		templates = append(templates, t)
	}
	// A seed decides the same each time.
	slices.SortFunc(templates, func(a, b template) int { return strings.Compare(a.names[0].text, b.names[0].text) })
	return templates, nil
}

// readTemplate reads the rows of a payment, and finds in them what is its own.
func readTemplate(ctx context.Context, db *sql.DB, id string, k kind) (template, error) {
	t := template{kind: k}
	var stored [][]map[string]any
	for _, table := range tables {
		columns, rows, err := readRows(ctx, db, table.of, id)
		if err != nil {
			return t, err
		}
		t.columns, stored = append(t.columns, columns), append(stored, rows)
	}
	created := stored[0][0]["created_at"].(int64)
	t.answersWithKeys(stored)
	t.name(stored, created)
	cut := newCutter(t.names, created)
	for i, rows := range stored {
		t.rows = append(t.rows, nil)
		for _, values := range rows {
			if due, _ := values["due"].(int64); due > 0 && !k.open {
				return t, fmt.Errorf("there is still work with it")
			}
			if tables[i].name == "events" {
				values["spread"] = true // everybody has been told
			}
			var r row
			for _, column := range t.columns[i] {
				r = append(r, cut.cell(values[column]))
			}
			t.rows[i] = append(t.rows[i], r)
		}
	}
	return t, nil
}

// answersWithKeys has the answers where both databases may have them. SQLite's own
// place for one is a column of its payment.
func (t *template) answersWithKeys(stored [][]map[string]any) {
	payment := stored[0][0]
	t.columns[0] = slices.DeleteFunc(t.columns[0], func(c string) bool { return c == "answers" })
	for _, key := range stored[2] {
		if key["key"] == payment["answers"] {
			key["reply"] = payment["body"]
		}
	}
}

func readRows(ctx context.Context, db *sql.DB, query, id string) (columns []string, all []map[string]any, err error) {
	rows, err := db.QueryContext(ctx, query, id)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, nil, err
	}
	for _, c := range types {
		columns = append(columns, c.Name())
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, nil, err
		}
		named := map[string]any{}
		for i, c := range types {
			if n, is := values[i].(int64); is && c.DatabaseTypeName() == "BOOLEAN" {
				values[i] = n != 0
			}
			named[c.Name()] = values[i]
		}
		all = append(all, named)
	}
	return columns, all, rows.Err()
}

// name lists what each copy has to call otherwise.
func (t *template) name(stored [][]map[string]any, created int64) {
	add := func(text any, after any, make func(clone) string) {
		s, _ := text.(string)
		known := func(n name) bool { return n.text == s }
		if s == "" || slices.ContainsFunc(t.names, known) {
			return
		}
		t.names = append(t.names, name{text: s, after: time.Duration(after.(int64)-created) * time.Microsecond, make: make})
	}
	p := stored[0][0]
	add(p["id"], created, func(c clone) string { return gateway.NewPaymentID(c.at) })
	add(p["reference"], created, func(c clone) string { return gateway.NewReference(c.at) })
	add(p["order_id"], created, func(c clone) string { return c.order })
	add(p["merchant_id"], created, func(c clone) string { return c.merchant })
	add(p["transaction_id"], stored[1][0]["created_at"], func(c clone) string { return transactionOf(c, 0) }) // a charge's stands there alone
	for i, op := range stored[1] {
		add(op["id"], op["created_at"], func(c clone) string { return gateway.NewOperationID(c.at) })
		add(op["transaction_id"], op["created_at"], func(c clone) string { return transactionOf(c, i) })
		add(op["idempotency_key"], op["created_at"], func(c clone) string { return keyOf(c, op["kind"], i) })
	}
	for _, e := range stored[3] {
		add(e["id"], e["at"], func(c clone) string { return gateway.NewEventID(c.at) })
	}
}

// transactionOf numbers transactions as PayTrace does, in the order of time. A
// payment has three at most.
func transactionOf(c clone, operation int) string {
	return fmt.Sprintf("%d", 1_000_000_000+4*c.number+operation)
}

func keyOf(c clone, kind any, operation int) string {
	if c.uuids {
		return randomUUID()
	}
	return fmt.Sprintf("default-%s-%v-%d", c.order, kind, operation+1)
}

// cutter cuts texts at the names and times that are in them.
type cutter struct {
	names   []name
	created int64
	at      *regexp.Regexp
}

func newCutter(names []name, created int64) cutter {
	alternatives := []string{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`}
	for _, n := range names {
		alternatives = append(alternatives, regexp.QuoteMeta(n.text))
	}
	return cutter{names: names, created: created, at: regexp.MustCompile(strings.Join(alternatives, "|"))}
}

// earliest is before every time that was; what is earlier is no time.
var earliest = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func (c cutter) after(t time.Time) *time.Duration {
	if t.Before(earliest) {
		return nil
	}
	after := time.Duration(t.UnixMicro()-c.created) * time.Microsecond
	return &after
}

func (c cutter) cell(value any) cell {
	switch v := value.(type) {
	case int64:
		return cell{value: v, after: c.after(time.UnixMicro(v))}
	case string:
		return cell{value: v, text: c.cut(v)}
	default:
		return cell{value: v}
	}
}

// cut returns nothing for a text that stays as it is.
func (c cutter) cut(text string) []part {
	var parts []part
	rest := 0
	for _, at := range c.at.FindAllStringIndex(text, -1) {
		found := text[at[0]:at[1]]
		p := part{text: text[rest:at[0]], slot: slices.IndexFunc(c.names, func(n name) bool { return n.text == found })}
		if p.slot == noSlot {
			t, err := time.Parse(time.RFC3339Nano, found)
			if p.after = c.after(t); err != nil || p.after == nil {
				continue
			}
		}
		parts, rest = append(parts, p), at[1]
	}
	if len(parts) == 0 {
		return nil
	}
	return append(parts, part{text: text[rest:], slot: noSlot})
}

// put hands a copy's rows on, table by table.
func (t *template) put(c clone, into func(table int, values []any)) {
	names := make([]string, len(t.names))
	for i, n := range t.names {
		of := c
		of.at = c.at.Add(n.after)
		names[i] = n.make(of)
	}
	var text []byte
	for table, rows := range t.rows {
		for _, r := range rows {
			values := make([]any, len(r))
			for i, cell := range r {
				switch {
				case cell.after != nil:
					values[i] = c.at.Add(*cell.after).UnixMicro()
				case cell.text != nil:
					text = fillIn(text[:0], cell.text, names, c.at)
					values[i] = string(text)
				default:
					values[i] = cell.value
				}
			}
			into(table, values)
		}
	}
}

func fillIn(text []byte, parts []part, names []string, at time.Time) []byte {
	for _, p := range parts {
		text = append(text, p.text...)
		switch {
		case p.slot != noSlot:
			text = append(text, names[p.slot]...)
		case p.after != nil:
			text = at.Add(*p.after).AppendFormat(text, time.RFC3339Nano)
		}
	}
	return text
}
