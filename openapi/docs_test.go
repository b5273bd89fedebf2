package openapi_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"paytrace-gateway/openapi"
)

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := fs.ReadFile(openapi.Docs(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var (
	linked     = regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	inlineCode = regexp.MustCompile(`<script>|<script [^>]*[^/"]>\s*\S+|\son[a-z]+=|javascript:`)
	elsewhere  = regexp.MustCompile(`(?:https?:)?//[a-z]`)
	// loading is what makes a style sheet fetch something.
	loading = regexp.MustCompile(`@import|url\(["']?(?:[^"')d]|d[^a])`)
)

func TestThePageLoadsOnlyWhatIsServedBesideIt(t *testing.T) {
	page := read(t, "index.html")
	links := linked.FindAllStringSubmatch(page, -1)
	if len(links) < 4 {
		t.Fatalf("found %d links, want the style sheet, the icon and two scripts at least", len(links))
	}
	for _, link := range links {
		name, beside := strings.CutPrefix(link[1], "/docs/")
		if link[1] == "/openapi.yaml" {
			continue
		}
		if !beside {
			t.Errorf("the page links to %s", link[1])
			continue
		}
		if read(t, name) == "" {
			t.Errorf("%s is empty", name)
		}
	}
}

func TestThePageWorksUnderItsPolicy(t *testing.T) {
	page, script := read(t, "index.html"), read(t, "initializer.js")
	if found := inlineCode.FindString(page); found != "" {
		t.Errorf("the page has code of its own, which the policy forbids: %s", found)
	}
	for name, content := range map[string]string{"index.html": page, "initializer.js": script} {
		if found := elsewhere.FindString(content); found != "" {
			t.Errorf("%s names an address elsewhere: %s", name, found)
		}
	}
	if found := loading.FindString(read(t, "swagger-ui.css")); found != "" {
		t.Errorf("the style sheet loads more than data: %s", found)
	}
	if !strings.Contains(script, "validatorUrl: null") {
		t.Error("Swagger UI would ask a public service to judge the document")
	}
	if strings.Contains(openapi.DocsPolicy, "unsafe-eval") || strings.Contains(openapi.DocsPolicy, "http") {
		t.Errorf("the policy is too wide: %s", openapi.DocsPolicy)
	}
}

func TestThePatternsOfThisTestSeeViolations(t *testing.T) {
	for pattern, violations := range map[*regexp.Regexp][]string{
		inlineCode: {`<script>alert()</script>`, `<body onload="x()">`, `<a href="javascript:x()">`},
		elsewhere:  {`<script src="https://cdn.example.com/a.js">`, `url: "//petstore.swagger.io"`},
		loading:    {`@import "a.css"`, `url(https://example.com/a.png)`, `url("a.woff")`, `url(docs.png)`},
	} {
		for _, violation := range violations {
			if !pattern.MatchString(violation) {
				t.Errorf("%s does not see %s", pattern, violation)
			}
		}
	}
}

func TestOnlyThePagesFilesAreServed(t *testing.T) {
	for _, name := range []string{"swagger-ui-bundle.js.map", "swagger-initializer.js", "oauth2-redirect.html", "../openapi.yaml", ""} {
		if _, err := openapi.Docs().Open(name); err == nil {
			t.Errorf("%q is served", name)
		}
	}
}
