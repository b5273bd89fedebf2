package simulator

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestREADMEDocumentsEverything wants every path, kind of fault, deed of a clerk
// and setting to be named, so that none is added in silence.
func TestREADMEDocumentsEverything(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	names := append([]string{}, faultKinds...)
	names = append(names, operations...)
	for path := range routes {
		names = append(names, strings.TrimPrefix(path, "/v1"))
	}
	names = append(names, members(t, DefaultSettings())...)
	names = append(names, members(t, DefaultSettings().Errors)...)
	plan := FaultPlan{DuplicateFilter: DuplicateFilter{Answer: "error"}}
	names = append(names, members(t, plan.Export)...)
	names = append(names, members(t, plan.DuplicateFilter)...)
	names = append(names, members(t, plan.PhishingFilter)...)
	for kind := range clerkKinds {
		names = append(names, kind)
	}
	for kind := range clerkCustomerKinds {
		names = append(names, kind)
	}
	names = append(names, members(t, TransactionRow{})...)
	names = append(names, members(t, CustomerRow{})...)
	names = append(names, members(t, CheckRow{})...)
	for _, path := range []string{"/faults", "/settings", "/history", "/charges", "/transactions", "/checks", "/customers", "/clock", "/settle", "/reset", "/clerk", "/hosted_fields", "/protect.js", "/hpf/all", "/hpf/validate", "/hpf/tokenize", "/encryption_key", "/healthz"} {
		names = append(names, path)
	}
	for _, name := range names {
		if !strings.Contains(string(data), "`"+name+"`") && !strings.Contains(string(data), "`"+name+" ") && !strings.Contains(string(data), " "+name+"`") {
			t.Errorf("the README does not name `%s`", name)
		}
	}
}

func members(t *testing.T, of any) []string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(encode(of), &object); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range object {
		names = append(names, name)
	}
	return names
}
