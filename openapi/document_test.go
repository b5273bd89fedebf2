package openapi_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// document is an OpenAPI document as plain maps, so that it can be looked at
// for what a library would already have refused or smoothed over.
type document struct {
	source []byte
	root   map[string]any
}

func parse(t *testing.T, source []byte) document {
	t.Helper()
	d := document{source: source}
	if err := yaml.Unmarshal(source, &d.root); err != nil {
		t.Fatal(err)
	}
	return d
}

// node is one place in a document.
type node struct {
	at    string
	value map[string]any
}

func (n node) under(key string) node {
	value, _ := n.value[key].(map[string]any)
	return node{n.at + "/" + key, value}
}

func (n node) text(key string) string {
	text, _ := n.value[key].(string)
	return text
}

// each visits the maps directly under n, in the order of their names.
func (n node) each(visit func(name string, child node)) {
	for _, name := range slices.Sorted(maps.Keys(n.value)) {
		if _, is := n.value[name].(map[string]any); is {
			visit(name, n.under(name))
		}
	}
}

// list visits the maps in the list at key.
func (n node) list(key string, visit func(child node)) {
	values, _ := n.value[key].([]any)
	for i, value := range values {
		child, _ := value.(map[string]any)
		visit(node{fmt.Sprintf("%s/%s/%d", n.at, key, i), child})
	}
}

func (d document) top() node                   { return node{"", d.root} }
func (d document) components(kind string) node { return d.top().under("components").under(kind) }
func (d document) component(pointer string) node {
	n := d.top()
	for key := range strings.SplitSeq(strings.TrimPrefix(pointer, "#/"), "/") {
		n = n.under(key)
	}
	return n
}

// followed is n itself, or what its $ref points at.
func (d document) followed(n node) node {
	if ref := n.text("$ref"); ref != "" {
		return d.component(ref)
	}
	return n
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

func (d document) operations(visit func(path, method string, op node)) {
	d.top().under("paths").each(func(path string, item node) {
		item.each(func(method string, op node) {
			if slices.Contains(methods, method) {
				visit(path, method, op)
			}
		})
	})
}

// parameters visits every parameter where it is described.
func (d document) parameters(visit func(p node)) {
	d.components("parameters").each(func(_ string, p node) { visit(p) })
	d.operations(func(_, _ string, op node) { d.inline(op, visit) })
	d.top().under("paths").each(func(_ string, item node) { d.inline(item, visit) })
}

func (d document) inline(n node, visit func(p node)) {
	n.list("parameters", func(p node) {
		if p.text("$ref") == "" {
			visit(p)
		}
	})
}

// schemas visits every schema of the document, those within others too. A
// schema that is only a $ref is visited as such and not followed.
func (d document) schemas(visit func(s node)) {
	d.components("schemas").each(func(_ string, s node) { within(s, visit) })
	anywhere(d.top(), func(n node) {
		if _, is := n.value["schema"].(map[string]any); is {
			within(n.under("schema"), visit)
		}
	})
}

func within(s node, visit func(s node)) {
	visit(s)
	s.under("properties").each(func(_ string, p node) { within(p, visit) })
	for _, key := range []string{"items", "additionalProperties", "not"} {
		if child := s.under(key); child.value != nil {
			within(child, visit)
		}
	}
	for _, key := range []string{"allOf", "oneOf", "anyOf"} {
		s.list(key, func(child node) { within(child, visit) })
	}
}

// anywhere visits every map but those within examples and schemas, whose keys
// are not the specification's, and those within extensions, which Salesforce
// does not read.
func anywhere(n node, visit func(n node)) {
	visit(n)
	n.each(func(name string, child node) {
		if name != "examples" && name != "example" && name != "schema" && name != "schemas" && !strings.HasPrefix(name, "x-") {
			anywhere(child, visit)
		}
	})
	for name := range n.value {
		n.list(name, func(child node) {
			if child.value != nil {
				anywhere(child, visit)
			}
		})
	}
}

// answers visits every schema that can reach a caller, following $refs.
func (d document) answers(visit func(s node)) {
	seen := map[string]bool{}
	var follow func(s node)
	follow = func(s node) {
		within(s, func(s node) {
			ref := s.text("$ref")
			switch {
			case ref == "":
				visit(s)
			case !seen[ref]:
				seen[ref] = true
				follow(d.component(ref))
			}
		})
	}
	d.responses(func(_ string, r node) {
		r.under("content").each(func(_ string, media node) { follow(media.under("schema")) })
		r.under("headers").each(func(_ string, h node) { follow(d.followed(h).under("schema")) })
	})
}

// responses visits every response of every operation, following $refs.
func (d document) responses(visit func(status string, r node)) {
	d.operations(func(_, _ string, op node) {
		op.under("responses").each(func(status string, r node) { visit(status, d.followed(r)) })
	})
}

// names visits every name that becomes an Apex identifier: properties and
// parameters. Salesforce writes a header's hyphens as underscores.
func (d document) names(visit func(at, name string)) {
	d.schemas(func(s node) {
		s.under("properties").each(func(name string, p node) { visit(p.at, name) })
	})
	d.parameters(func(p node) {
		visit(p.at, strings.ReplaceAll(p.text("name"), "-", "_"))
	})
}
