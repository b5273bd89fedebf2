package openapi_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func keywords(d document) (faults []fault) {
	refused := []string{"not", "oneOf", "anyOf", "allOf", "nullable", "discriminator", "const", "$defs", "patternProperties"}
	d.schemas(func(s node) {
		for _, word := range refused {
			if _, used := s.value[word]; used {
				faults = append(faults, fault{s.at, word})
			}
		}
		if _, several := s.value["type"].([]any); several {
			faults = append(faults, fault{s.at, "several types"})
		}
	})
	return faults
}

func nestedArrays(d document) (faults []fault) {
	d.schemas(func(s node) {
		if s.under("items").text("type") == "array" {
			faults = append(faults, fault{s.at, "an array within an array"})
		}
	})
	return faults
}

func namedObjects(d document) (faults []fault) {
	d.schemas(func(s node) {
		name, named := strings.CutPrefix(s.at, "/components/schemas/")
		named = named && !strings.Contains(name, "/")
		if !named && (s.text("type") == "object" || s.under("properties").value != nil) {
			faults = append(faults, fault{s.at, "an object without a name"})
		}
	})
	return faults
}

func openWords(d document) (faults []fault) {
	d.answers(func(s node) {
		if _, closed := s.value["enum"]; closed {
			faults = append(faults, fault{s.at, "enum"})
		}
	})
	return faults
}

func bodiesOfGets(d document) (faults []fault) {
	d.operations(func(_, method string, op node) {
		if _, body := op.value["requestBody"]; body && method == "get" {
			faults = append(faults, fault{op.at, "requestBody"})
		}
	})
	return faults
}

func errorsAreJSON(d document) (faults []fault) {
	d.operations(func(_, _ string, op node) {
		if op.under("responses").under("default").value == nil {
			faults = append(faults, fault{op.at, "no default answer for errors"})
		}
	})
	d.responses(func(status string, r node) {
		if status < "400" { // "default" sorts after every number
			return
		}
		content := r.under("content")
		if len(content.value) != 1 || content.under("application/json").under("schema").text("$ref") == "" {
			faults = append(faults, fault{r.at, "an error that is not one application/json with a named schema"})
		}
	})
	return faults
}

func mediaTypes(d document) (faults []fault) {
	taken := []string{"application/json", "application/x-www-form-urlencoded", "text/plain"}
	anywhere(d.top(), func(n node) {
		n.under("content").each(func(media string, m node) {
			if !slices.Contains(taken, media) {
				faults = append(faults, fault{m.at, media})
			}
		})
	})
	return faults
}

func descriptions(d document) (faults []fault) {
	described := func(n node) {
		if n.text("$ref") == "" && n.text("description") == "" {
			faults = append(faults, fault{n.at, "no description"})
		}
	}
	d.parameters(described)
	d.schemas(func(s node) { s.under("properties").each(func(_ string, p node) { described(p) }) })
	for _, kind := range []string{"schemas", "headers", "responses", "securitySchemes"} {
		d.components(kind).each(func(_ string, n node) { described(n) })
	}
	d.operations(func(_, _ string, op node) {
		op.under("responses").each(func(_ string, r node) { described(r) })
		if body := op.under("requestBody"); body.value != nil {
			described(body)
		}
	})
	return faults
}

// operationsExplained wants words for people and an example of every body. The
// description names the statuses that a caller has to act on.
// saysWhatItAnswers is a good status in a description.
var saysWhatItAnswers = regexp.MustCompile(`\*\*(20|303)`)

func operationsExplained(d document) (faults []fault) {
	d.operations(func(_, _ string, op node) {
		if op.text("summary") == "" || !saysWhatItAnswers.MatchString(op.text("description")) {
			faults = append(faults, fault{op.at, "no summary, or a description that does not name its answers"})
		}
		shown := func(body node) {
			body.under("content").each(func(_ string, media node) {
				if len(media.under("examples").value) == 0 {
					faults = append(faults, fault{media.at, "no example"})
				}
			})
		}
		shown(op.under("requestBody"))
		op.under("responses").each(func(_ string, r node) { shown(d.followed(r)) })
	})
	return faults
}

func scopes(d document) (faults []fault) {
	declared := d.component("#/components/securitySchemes/oauth2/flows/clientCredentials/scopes").value
	d.operations(func(path, _ string, op node) {
		if !strings.HasPrefix(path, "/api/") {
			return
		}
		known := 0
		op.list("security", func(way node) {
			names, _ := way.value["oauth2"].([]any)
			for _, name := range names {
				if _, is := declared[name.(string)]; is {
					known++
				}
			}
		})
		ofPeople := op.value["x-roles"] != nil
		if known == 0 && !(ofPeople && opensTo(op, "session")) {
			faults = append(faults, fault{op.at, "no scope, or none that is declared"})
		}
	})
	return faults
}

func roles(d document) (faults []fault) {
	all := []any{"viewer", "operator", "admin"}
	d.operations(func(_, _ string, op node) {
		named, is := op.value["x-roles"]
		if !is {
			if opensTo(op, "session") {
				faults = append(faults, fault{op.at, "a session, and no x-roles"})
			}
			return
		}
		list, _ := named.([]any)
		if !opensTo(op, "session") {
			faults = append(faults, fault{op.at, "no session"})
			return
		}
		if len(list) == 0 || len(list) > len(all) || !slices.Equal(list, all[len(all)-len(list):]) {
			faults = append(faults, fault{op.at, fmt.Sprintf("x-roles %v", named)})
		}
	})
	return faults
}

// opensTo says that one of the ways in is this alone.
func opensTo(op node, scheme string) (opens bool) {
	op.list("security", func(way node) {
		_, is := way.value[scheme]
		opens = opens || is && len(way.value) == 1
	})
	return opens
}
