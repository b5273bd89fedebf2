package openapi_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"paytrace-gateway/openapi"
)

// fault is one broken rule: where, and what was found.
type fault struct{ at, found string }

func (f fault) String() string { return f.at + ": " + f.found }

// rule is one condition under which Salesforce can import the document, or a
// reader understand it. Each of its violations is a small document that breaks
// it in exactly one place.
type rule struct {
	name       string
	check      func(d document) []fault
	violations []string
}

// rules says why each rule is there. Facts about Salesforce are from its help
// pages on External Services ("Schema Definitions", "OpenAPI 2.0 and 3.0
// Support").
var rules = []rule{
	{
		// Version 3.1 cannot be registered.
		name: "the version is 3.0.3", check: version,
		violations: []string{`{openapi: 3.1.0}`, `{swagger: "2.0"}`},
	}, {
		name: "it is small enough to be registered and read", check: size,
		violations: []string{strings.Repeat("# padding\n", 30_000) + "{}"},
	}, {
		// Files beside it are not uploaded with it.
		name: "it is one document, with local refs only", check: localRefs,
		violations: []string{
			`{a: {$ref: other.yaml#/components/schemas/A}}`,
			`{a: [{$ref: "https://example.com/a.json"}]}`,
		},
	}, {
		name: "it has no YAML anchors, which not every reader follows", check: anchors,
		violations: []string{`{a: &a {b: 1}, c: *a}`},
	}, {
		// An unquoted comma within braces makes a key without a value, too.
		name: "every key has a value", check: values,
		violations: []string{`{a: {b: }}`, `{a: [{description: one, two}]}`},
	}, {
		name: "operation ids are camelCase, short and unique", check: operationIDs,
		violations: []string{
			`{paths: {/a: {get: {}}}}`,
			`{paths: {/a: {get: {operationId: get_a}}}}`,
			`{paths: {/a: {get: {operationId: GetA}}}}`,
			`{paths: {/a: {get: {operationId: getEverythingThatThereIsToBeKnownAboutThis}}}}`,
			`{paths: {/a: {get: {operationId: getIt}}, /b: {get: {operationId: getIT}}}}`,
		},
	}, {
		name: "schema names are PascalCase", check: schemaNames,
		violations: []string{
			`{components: {schemas: {payment: {type: object}}}}`,
			`{components: {schemas: {Payment.Page: {type: object}}}}`,
			`{components: {schemas: {Payment_Page: {type: object}}}}`,
		},
	}, {
		name: "properties and parameters are Apex identifiers", check: identifiers,
		violations: []string{
			`{components: {schemas: {A: {properties: {4digits: {type: string}}}}}}`,
			`{components: {schemas: {A: {properties: {last-four: {type: string}}}}}}`,
			`{components: {schemas: {A: {properties: {b: {items: {properties: {a__b: {type: string}}}}}}}}}`,
			`{paths: {/a: {get: {parameters: [{name: "page[size]", in: query}]}}}}`,
			`{paths: {/a: {get: {responses: {"200": {content: {application/json: {schema: {properties: {_a: {}}}}}}}}}}}`,
			`{components: {parameters: {A: {name: X-, in: header}}}}`,
		},
	}, {
		name: "no property or parameter is an Apex reserved word", check: reservedWords,
		violations: []string{
			`{components: {schemas: {A: {properties: {currency: {type: string}}}}}}`,
			`{components: {schemas: {A: {properties: {a: {properties: {Type: {type: string}}}}}}}}`,
			`{paths: {/a: {get: {parameters: [{name: limit, in: query}]}}}}`,
			`{components: {parameters: {A: {name: from, in: query}}}}`,
		},
	}, {
		// Apex does not tell names apart by case.
		name: "a name is spelled in one way", check: spelling,
		violations: []string{
			`{components: {schemas: {A: {properties: {orderId: {}, orderID: {}}}}}}`,
			`{components: {schemas: {A: {properties: {orderId: {}}}}, parameters: {B: {name: orderid, in: query}}}}`,
			`{components: {schemas: {PaymentPage: {}, Paymentpage: {}}}}`,
		},
	}, {
		// oneOf and anyOf can be imported and are no use in a Flow.
		name: "no schema uses what Salesforce or a Flow cannot", check: keywords,
		violations: []string{
			`{components: {schemas: {A: {not: {type: string}}}}}`,
			`{components: {schemas: {A: {oneOf: [{type: string}]}}}}`,
			`{components: {schemas: {A: {properties: {a: {anyOf: [{type: string}]}}}}}}`,
			`{components: {schemas: {A: {properties: {a: {type: string, nullable: true}}}}}}`,
			`{components: {schemas: {A: {type: object, discriminator: {propertyName: a}}}}}`,
			`{paths: {/a: {get: {parameters: [{name: a, in: query, schema: {type: [string, "null"]}}]}}}}`,
			`{paths: {/a: {post: {requestBody: {content: {application/json: {schema: {const: 1}}}}}}}}`,
			`{components: {schemas: {A: {allOf: [{type: object}]}}}}`,
		},
	}, {
		name: "no array holds anonymous arrays", check: nestedArrays,
		violations: []string{`{components: {schemas: {A: {type: array, items: {type: array, items: {type: string}}}}}}`},
	}, {
		name: "every object has a name", check: namedObjects,
		violations: []string{
			`{components: {schemas: {A: {properties: {a: {type: object}}}}}}`,
			`{components: {schemas: {A: {type: array, items: {type: object}}}}}`,
			`{paths: {/a: {post: {requestBody: {content: {application/json: {schema: {properties: {b: {}}}}}}}}}}`,
		},
	}, {
		// An old caller must be able to read a new word.
		name: "words in answers are open", check: openWords,
		violations: []string{
			`{paths: {/a: {get: {responses: {"200": {content: {application/json: {schema: {enum: [a]}}}}}}}}}`,
			`{paths: {/a: {get: {responses: {"200": {$ref: "#/components/responses/R"}}}}},
			  components: {responses: {R: {content: {application/json: {schema: {$ref: "#/components/schemas/A"}}}}},
			    schemas: {A: {properties: {b: {type: array, items: {$ref: "#/components/schemas/B"}}}}, B: {properties: {c: {enum: [x]}}}}}}`,
			`{paths: {/a: {get: {responses: {"200": {headers: {X: {schema: {enum: [a]}}}}}}}}}`,
		},
	}, {
		// Salesforce appends such a path to the Named Credential's.
		name: "servers have no path", check: servers,
		violations: []string{
			`{servers: [{url: "https://pay.example.com/api"}]}`,
			`{servers: [{url: /}]}`,
			`{paths: {/a: {get: {servers: [{url: "https://pay.example.com/v1"}]}}}}`,
		},
	}, {
		name: "a GET has no body", check: bodiesOfGets,
		violations: []string{`{paths: {/a: {get: {requestBody: {content: {}}}}}}`},
	}, {
		// application/problem+json cannot be imported.
		name: "errors are application/json and have a schema", check: errorsAreJSON,
		violations: []string{
			withProblem(`"404": {content: {application/problem+json: {schema: {$ref: "#/components/schemas/P"}}}}, default: {$ref: "#/components/responses/R"}`),
			withProblem(`"404": {content: {application/json: {schema: {}}}}, default: {$ref: "#/components/responses/R"}`),
			withProblem(`"503": {content: {application/json: {schema: {$ref: "#/components/schemas/P"}}, text/plain: {}}}, default: {$ref: "#/components/responses/R"}`),
			withProblem(`default: {description: no content}`),
			withProblem(`"200": {description: no default}`),
		},
	}, {
		// Others would need a mapping in every org.
		name: "media types are those that Salesforce takes", check: mediaTypes,
		violations: []string{
			`{paths: {/a: {get: {responses: {"200": {content: {text/html: {}}}}}}}}`,
			`{paths: {/a: {post: {requestBody: {content: {multipart/form-data: {}}}}}}}`,
		},
	}, {
		name: "every schema, parameter, header and answer is described", check: descriptions,
		violations: []string{
			`{components: {schemas: {A: {type: object}}}}`,
			`{components: {schemas: {A: {description: a, properties: {b: {type: string}}}}}}`,
			`{components: {parameters: {A: {name: a, in: query}}}}`,
			`{paths: {/a: {get: {parameters: [{name: a, in: query}]}}}}`,
			`{components: {headers: {A: {schema: {type: string}}}}}`,
			`{components: {responses: {A: {content: {}}}}}`,
		},
	}, {
		name: "every operation says what it does and shows it", check: operationsExplained,
		violations: []string{
			`{paths: {/a: {get: {description: "**200**: yours"}}}}`,
			`{paths: {/a: {get: {summary: a, description: it gets}}}}`,
			`{paths: {/a: {get: {summary: a, description: "**200**: yours", responses: {"200": {content: {application/json: {schema: {}}}}}}}}}`,
			`{paths: {/a: {post: {summary: a, description: "**201**: done", requestBody: {content: {application/json: {schema: {}}}}}}}}`,
		},
	}, {
		name: "calls under /api name a declared scope", check: scopes,
		violations: []string{
			`{paths: {/api/a: {get: {}}}}`,
			`{paths: {/api/a: {get: {security: [{bearer: []}]}}}}`,
			`{paths: {/api/a: {get: {security: [{oauth2: ["all"]}]}}}}`,
			`{paths: {/api/a: {get: {security: [{session: []}]}}}}`,
		},
	}, {
		// Whoever may do more may do all that others may.
		name: "calls for people name their role and those above it", check: roles,
		violations: []string{
			`{paths: {/api/a: {get: {x-roles: [], security: [{session: []}]}}}}`,
			`{paths: {/api/a: {get: {x-roles: [viewer], security: [{session: []}]}}}}`,
			`{paths: {/api/a: {get: {x-roles: [viewer, admin], security: [{session: []}]}}}}`,
			`{paths: {/api/a: {get: {x-roles: [admin, operator], security: [{session: []}]}}}}`,
			`{paths: {/api/a: {get: {x-roles: [root], security: [{session: []}]}}}}`,
			`{paths: {/api/a: {get: {x-roles: admin, security: [{session: []}]}}}}`,
			`{paths: {/api/a: {get: {x-roles: [admin]}}}}`,
			`{paths: {/api/a: {get: {security: [{session: []}]}}}}`,
		},
	},
}

// withProblem is a document with these responses and a good one to refer to.
func withProblem(responses string) string {
	return `{paths: {/a: {get: {responses: {` + responses + `}}}}, components: {
	  responses: {R: {content: {application/json: {schema: {$ref: "#/components/schemas/P"}}}}}, schemas: {P: {type: object}}}}`
}

func TestContract(t *testing.T) {
	contract := parse(t, openapi.YAML())
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range r.check(contract) {
				t.Error(f)
			}
			for _, violation := range r.violations {
				if faults := r.check(parse(t, []byte(violation))); len(faults) != 1 {
					t.Errorf("the rule sees %v in %.200s, want one fault", faults, violation)
				}
			}
		})
	}
}

func version(d document) []fault {
	if v := d.top().text("openapi"); v != "3.0.3" {
		return []fault{{"/openapi", v}}
	}
	return nil
}

func size(d document) []fault {
	// Salesforce takes 3,000,000 characters of YAML.
	const limit = 300_000
	if len(d.source) > limit {
		return []fault{{"/", fmt.Sprintf("%d bytes, more than %d", len(d.source), limit)}}
	}
	return nil
}

func localRefs(d document) (faults []fault) {
	everyNode(d, func(at string, n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && strings.HasSuffix(at, "/$ref") && !strings.HasPrefix(n.Value, "#/") {
			faults = append(faults, fault{at, n.Value})
		}
	})
	return faults
}

func anchors(d document) (faults []fault) {
	everyNode(d, func(at string, n *yaml.Node) {
		if n.Anchor != "" {
			faults = append(faults, fault{at, "the anchor " + n.Anchor})
		}
	})
	return faults
}

func values(d document) (faults []fault) {
	everyNode(d, func(at string, n *yaml.Node) {
		if n.Tag == "!!null" {
			faults = append(faults, fault{at, "no value"})
		}
	})
	return faults
}

// everyNode visits the document as it is written.
func everyNode(d document, visit func(at string, n *yaml.Node)) {
	var root yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(d.source)).Decode(&root); err != nil {
		panic(err)
	}
	var walk func(at string, n *yaml.Node)
	walk = func(at string, n *yaml.Node) {
		visit(at, n)
		for i, child := range n.Content {
			switch {
			case n.Kind != yaml.MappingNode:
				walk(at, child)
			case i%2 == 1:
				walk(at+"/"+n.Content[i-1].Value, child)
			}
		}
	}
	walk("", &root)
}

var operationID = regexp.MustCompile(`^[a-z][A-Za-z0-9]{0,39}$`)

func operationIDs(d document) (faults []fault) {
	seen := map[string]bool{}
	d.operations(func(_, _ string, op node) {
		id := op.text("operationId")
		if !operationID.MatchString(id) || seen[strings.ToLower(id)] {
			faults = append(faults, fault{op.at, "operationId " + id})
		}
		seen[strings.ToLower(id)] = true
	})
	return faults
}

var pascalCase = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

func schemaNames(d document) (faults []fault) {
	d.components("schemas").each(func(name string, s node) {
		if !pascalCase.MatchString(name) {
			faults = append(faults, fault{s.at, name})
		}
	})
	return faults
}

// apexIdentifier begins with a letter, ends with no underscore, and has no two
// underscores in a row.
var apexIdentifier = regexp.MustCompile(`^[A-Za-z](_?[A-Za-z0-9])*$`)

func identifiers(d document) (faults []fault) {
	d.names(func(at, name string) {
		if !apexIdentifier.MatchString(name) {
			faults = append(faults, fault{at, name})
		}
	})
	return faults
}

func reservedWords(d document) (faults []fault) {
	reserved := apexReservedWords()
	d.names(func(at, name string) {
		if slices.Contains(reserved, strings.ToLower(name)) {
			faults = append(faults, fault{at, name + " is reserved in Apex"})
		}
	})
	return faults
}

func apexReservedWords() (words []string) {
	file, err := os.ReadFile("testdata/apex_reserved_words.txt")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(file)) {
		if !strings.HasPrefix(line, "#") {
			words = append(words, strings.Fields(line)...)
		}
	}
	return words
}

func spelling(d document) (faults []fault) {
	first := map[string]string{}
	compare := func(kind, at, name string) {
		key := kind + strings.ToLower(name)
		if other, seen := first[key]; seen && other != name {
			faults = append(faults, fault{at, name + " is spelled " + other + " elsewhere"})
		}
		first[key] = name
	}
	d.names(func(at, name string) { compare("name ", at, name) })
	d.components("schemas").each(func(name string, s node) { compare("schema ", s.at, name) })
	return faults
}

func servers(d document) (faults []fault) {
	anywhere(d.top(), func(n node) {
		n.list("servers", func(s node) {
			at, err := url.Parse(s.text("url"))
			if err != nil || at.Host == "" || at.Path != "" {
				faults = append(faults, fault{s.at, s.text("url")})
			}
		})
	})
	return faults
}
