package config

import (
	"errors"
	"strings"
	"testing"
)

// oidc is the file with an identity provider.
func oidc(issuer, roles string) string {
	return "operators: {oidc: {issuer: '" + issuer + "', clientID: gateway, clientSecret: '${PASSWORD}', roleClaim: groups, roles: " + roles + "}}\nmerchants:"
}

// Each row replaces one part of the minimal file; want is the one fault,
// without the file's name.
var faultTable = []struct {
	name, old, with, want string
}{
	{"unknown member", "username: shop", "username: shop\n      pasword: x", "6:7: merchants[0].paytrace.pasword: is not known here; did you mean password?"},
	{"member in another case", "username: shop", "username: shop\n      integratorId: x", "6:7: merchants[0].paytrace.integratorId: is not known here; did you mean integratorID?"},
	{"member like none", "merchants:", "log: {colour: x}\nmerchants:", "1:7: log.colour: is not known here; known are level, format"},
	{"unknown at the top", "merchants:", "lissten: x\nmerchants:", "1:1: lissten: is not known here; did you mean listen?"},
	{"merge key", "username: shop", "username: shop\n      <<: {a: b}", "6:7: merchants[0].paytrace: expected a member's name of letters and digits, followed by a colon and a blank"},
	{"name that may be a secret", "username: shop", "username: shop\n      discretionaryData: {salesRep:hunter2}",
		"6:27: merchants[0].paytrace.discretionaryData: expected a member's name of letters and digits, followed by a colon and a blank"},
	{"duplicate member", "username: shop", "username: shop\n      username: shop2", "6:7: merchants[0].paytrace.username: stands twice, first in line 5; keep one"},
	{"alias", "merchants:", "listen: &a 127.0.0.1:1\noperatorListen: *a\nmerchants:", "2:17: operatorListen: expected host:port, such as 127.0.0.1:8080 or :8080, found " +
		"a YAML alias (*name), which is not supported; write the value out, or put it in quotes"},
	{"list for a scalar", "username: shop", "username: [shop]", "5:17: merchants[0].paytrace.username: expected the name of a PayTrace user, at most 100 characters, found a list"},
	{"scalar for members", "merchants:", "log: info\nmerchants:", "1:6: log: expected members (name: value), found a single value"},
	{"members for a list", "scopes: [payments:write]", "scopes: {payments: write}", "11:17: merchants[0].clients[0].scopes: expected a list (each element after a dash), found members (name: value)"},
	{"too long a list", "[payments:write]", "[" + strings.Repeat("admin,", 21) + "]", "11:17: merchants[0].clients[0].scopes: expected at most 20 elements"},
	{"field of no answer", "username: shop", "username: shop\n      approvedAmountField: a.b.c", "6:28: merchants[0].paytrace.approvedAmountField: expected the name of a member of PayTrace's answers, or of one in an object, such as discretionary_data.BALANCEAMOUNT"},
	{"number for text", "username: shop", "username: 12", "5:17: merchants[0].paytrace.username: expected the name of a PayTrace user, at most 100 characters; put the value in quotes"},
	{"tag", "username: shop", "username: !shop 12", "5:17: merchants[0].paytrace.username: expected the name of a PayTrace user, at most 100 characters; put the value in quotes"},

	{"listen without a port", "merchants:", "listen: localhost\nmerchants:", "1:9: listen: expected host:port, such as 127.0.0.1:8080 or :8080"},
	{"listen with a bad port", "merchants:", "listen: 127.0.0.1:65536\nmerchants:", "1:9: listen: expected host:port, such as 127.0.0.1:8080 or :8080"},
	{"listen with a bad host", "merchants:", "operatorListen: 'a b:80'\nmerchants:", "1:17: operatorListen: expected host:port, such as 127.0.0.1:8080 or :8080"},
	{"publicURL with a query", "merchants:", "publicURL: https://pay.test/?a\nmerchants:", "1:12: publicURL: expected an address such as https://pay.example.com, without user, query or fragment"},
	{"publicURL with a password", "merchants:", "publicURL: https://u:p@pay.test\nmerchants:", "1:12: publicURL: expected an address such as https://pay.example.com, without user, query or fragment"},
	{"publicURL with a bad port", "merchants:", "publicURL: https://pay.test:99999\nmerchants:", "1:12: publicURL: expected an address such as https://pay.example.com, without user, query or fragment"},
	{"clientAddressHeader of two words", "merchants:", "clientAddressHeader: 'X-Real-IP: 1'\nmerchants:", "1:22: clientAddressHeader: expected the name of a header that holds an address and nothing else, such as X-Real-IP"},
	{"clientAddressHeader of RFC 7239", "merchants:", "clientAddressHeader: forwarded\nmerchants:", "1:22: clientAddressHeader: expected the name of a header that holds an address and nothing else, such as X-Real-IP"},
	{"empty path", "merchants:", "dataDir: ''\nmerchants:", "1:10: dataDir: expected a path"},
	{"tokenLifetime too short", "merchants:", "tokenLifetime: 59s\nmerchants:", "1:16: tokenLifetime: expected a time from 1m to 24h, with its unit"},
	{"time without a unit", "merchants:", "stopTimeout: 65\nmerchants:", "1:14: stopTimeout: expected a time from 1s to 10m, with its unit"},
	{"archive too soon", "merchants:", "retention: {archiveAfterDays: 179}\nmerchants:", "1:31: retention.archiveAfterDays: expected a whole number of days from 180 to 3650, or 0 for never"},
	{"archive never", "merchants:", "retention: {archiveAfterDays: never}\nmerchants:", "1:31: retention.archiveAfterDays: expected a whole number of days from 180 to 3650, or 0 for never"},
	{"forget too soon", "merchants:", "retention: {forgetAfterDays: 6}\nmerchants:", "1:30: retention.forgetAfterDays: expected a whole number of days from 7 to 3650, or 0 for never"},
	{"retention of a word", "merchants:", "retention: 400d\nmerchants:", "1:12: retention: expected members (name: value), found a single value"},
	{"issuer in the clear", "merchants:", oidc("http://id.test", "{a: viewer}"), "1:28: operators.oidc.issuer: expected " + issuerURL.expected},
	{"a role that there is not", "merchants:", oidc("https://id.test", "{staff: root}"), "1:129: operators.oidc.roles.staff: expected viewer, operator or admin"},
	{"log level", "merchants:", "log: {level: loud}\nmerchants:", "1:14: log.level: expected debug, info, warn or error"},
	{"log format", "merchants:", "log: {format: xml}\nmerchants:", "1:15: log.format: expected json or text"},
	{"endpoint without a scheme", "merchants:", "tracing: {endpoint: 'localhost:4318'}\nmerchants:", "1:21: tracing.endpoint: expected " + collector.expected},
	{"endpoint with a password", "merchants:", "tracing: {endpoint: 'https://u:hunter2@otlp.test'}\nmerchants:", "1:21: tracing.endpoint: expected " + collector.expected},
	{"sample above all", "merchants:", "tracing: {sample: 1.01}\nmerchants:", "1:19: tracing.sample: expected a number from 0 to 1, such as 0.25"},
	{"sample in percent", "merchants:", "tracing: {sample: 25}\nmerchants:", "1:19: tracing.sample: expected a number from 0 to 1, such as 0.25"},
	{"sample that is no number", "merchants:", "tracing: {sample: .nan}\nmerchants:", "1:19: tracing.sample: expected a number from 0 to 1, such as 0.25"},
	{"header in the file", "merchants:", "tracing: {headers: {Api-Key: hunter2}}\nmerchants:", "1:30: tracing.headers.Api-Key: " + secretInFile},
	{"header in the clear", "merchants:", "tracing: {endpoint: 'http://otlp.test', headers: {Api-Key: '${PASSWORD}'}}\nmerchants:",
		"1:50: tracing.headers: are secrets, and would leave this machine in the clear; use an endpoint that begins with https://"},
	{"header twice", "merchants:", "tracing: {headers: {Api-Key: '${PASSWORD}', api-key: '${PASSWORD}'}}\nmerchants:", "1:54: tracing.headers.api-key: is the same header as Api-Key"},
	{"maxInFlight", "merchants:", "maxInFlight: 0\nmerchants:", "1:14: maxInFlight: expected a whole number from 1 to 100000"},
	{"maxInFlight in hex", "merchants:", "maxInFlight: 0x10\nmerchants:", "1:14: maxInFlight: expected a whole number from 1 to 100000"},

	{"no merchant id", "id: main", "currency: USD", "2:5: merchants[0].id: is missing; expected 1 to 32 lower-case letters, digits and dashes, no dash first"},
	{"merchant id", "id: main", "id: Main", "2:9: merchants[0].id: expected 1 to 32 lower-case letters, digits and dashes, no dash first"},
	{"truth", "id: main", "id: main\n    liveMode: yes", "3:15: merchants[0].liveMode: expected true or false"},
	{"currency", "id: main", "id: main\n    currency: EUR", "3:15: merchants[0].currency: expected USD"},
	{"rawBankAccounts", "id: main", "id: main\n    rawBankAccounts: 1", "3:22: merchants[0].rawBankAccounts: expected true or false"},
	{"rawCards", "id: main", "id: main\n    rawCards: 1", "3:15: merchants[0].rawCards: expected true or false"},
	{"tellUnmatched", "id: main", "id: main\n    tellUnmatched: 1", "3:20: merchants[0].tellUnmatched: expected true or false"},
	{"time zone", "id: main", "id: main\n    timeZone: Local", "3:15: merchants[0].timeZone: expected a time zone's name, such as America/Los_Angeles"},
	{"no account", minimal[strings.Index(minimal, "    paytrace"):strings.Index(minimal, "    clients")], "",
		"2:5: merchants[0].paytrace: is missing; expected baseURL, username, password and integratorID"},
	{"no password", "      password: ${PASSWORD}\n", "", "4:7: merchants[0].paytrace.password: is missing; expected ${NAME}, {file: path} or {sealed: name}"},
	{"no base URL", "      baseURL: https://api.sandbox.paytrace.com\n", "", "4:7: merchants[0].paytrace.baseURL: is missing; expected " + baseURL.expected},
	{"base URL with a path", "paytrace.com", "paytrace.com/v1", "4:16: merchants[0].paytrace.baseURL: expected PayTrace's address without a path: " +
		"https://api.sandbox.paytrace.com to test, https://api.paytrace.com to charge cards"},
	{"plain HTTP to another machine", "https://api.sandbox.paytrace.com", "http://paytrace.test", "4:16: merchants[0].paytrace.baseURL: has to begin with https://; " +
		"http:// is taken for this machine alone (127.0.0.1, [::1] or localhost)"},
	{"integrator id", "9655aB", "'1234567890123'", "7:21: merchants[0].paytrace.integratorID: expected the integrator id from PayTrace, 1 to 12 letters and digits"},
	{"callDeadline", "username: shop", "username: shop\n      callDeadline: 3s", "6:21: merchants[0].paytrace.callDeadline: expected a time from 10s to 2m, with its unit"},
	{"sendWindow", "username: shop", "username: shop\n      sendWindow: 31s", "6:19: merchants[0].paytrace.sendWindow: expected a time from 1s to 30s, with its unit"},
	{"callDeadline within sendWindow", "username: shop", "username: shop\n      callDeadline: 10s\n      sendWindow: 10s",
		"6:21: merchants[0].paytrace.callDeadline: has to be longer than sendWindow, or a request sent late gets no time for its answer"},
	{"referenceField", "username: shop", "username: shop\n      referenceField: invoice_id", "6:23: merchants[0].paytrace.referenceField: expected customer_reference_id or description"},
	{"maxConnections", "username: shop", "username: shop\n      maxConnections: many", "6:23: merchants[0].paytrace.maxConnections: expected a whole number from 1 to 10000"},
	{"maxLookConnections", "username: shop", "username: shop\n      maxLookConnections: 0", "6:27: merchants[0].paytrace.maxLookConnections: expected a whole number from 1 to 64"},
	{"exportRowCap", "username: shop", "username: shop\n      exportRowCap: 1000001", "6:21: merchants[0].paytrace.exportRowCap: expected a whole number from 0 to 1000000"},
	{"script over plain HTTP", "username: shop", "username: shop\n      hostedFieldsScript: http://protect.paytrace.com/js/protect.min.js",
		"6:27: merchants[0].paytrace.hostedFieldsScript: expected " + scriptURL.expected},
	{"script with a query", "username: shop", "username: shop\n      hostedFieldsScript: https://protect.paytrace.com/p.js?v=1",
		"6:27: merchants[0].paytrace.hostedFieldsScript: expected " + scriptURL.expected},
	{"rateLimit", "username: shop", "username: shop\n      rateLimit: 0.5", "6:18: merchants[0].paytrace.rateLimit: expected a whole number from 0 to 1000"},
	{"watchEvery", "username: shop", "username: shop\n      watchEvery: 59s", "6:19: merchants[0].paytrace.watchEvery: expected a time from 1m to 24h, with its unit"},
	{"returnWindow", "id: main", "id: main\n    ach: {returnWindow: 0}", "3:25: merchants[0].ach.returnWindow: expected a whole number from 1 to 60"},
	{"encryptedAccountField", "id: main", "id: main\n    ach: {encryptedAccountField: Nummer}", "3:34: merchants[0].ach.encryptedAccountField: expected a name of 1 to 40 lower-case letters and underscores, such as encrypted_account_number"},
	{"watchDays", "username: shop", "username: shop\n      watchDays: 32", "6:18: merchants[0].paytrace.watchDays: expected a whole number from 1 to 31"},
	{"discretionary names meet", "username: shop", "username: shop\n      discretionaryData: {a: X, b: X}", "6:36: merchants[0].paytrace.discretionaryData.b: goes to the same name at PayTrace as a"},
	{"discretionary name", "username: shop", "username: shop\n      discretionaryData: {a: X Y}", "6:30: merchants[0].paytrace.discretionaryData.a: expected the name that PayTrace knows, 1 to 64 characters without blanks"},

	{"no clients", minimal[strings.Index(minimal, "    clients"):], "", "2:5: merchants[0].clients: is missing; expected at least one client, or [] where `gateway clients add` makes them"},
	{"client id", "id: magento", "id: a:b", "9:13: merchants[0].clients[0].id: expected 1 to 64 of A-Z a-z 0-9 . _ @ -"},
	{"client id too long", "id: magento", "id: " + strings.Repeat("m", 65), "9:13: merchants[0].clients[0].id: expected 1 to 64 of A-Z a-z 0-9 . _ @ -"},
	{"too many certificates", "secret: ${CLIENT}", "certificates: [a, b, c, d, e]", "10:23: merchants[0].clients[0].certificates: expected at most 4 elements"},
	{"client without a proof", "        secret: ${CLIENT}\n", "", "9:9: merchants[0].clients[0].secret: is missing; expected secret, secretHash or certificates"},
	{"two proofs", "secret: ${CLIENT}", "secret: ${CLIENT}\n        secretHash: sha256:" + strings.Repeat("0", 64), "11:21: merchants[0].clients[0].secretHash: stands beside secret; keep one of them"},
	{"hash", "secret: ${CLIENT}", "secretHash: md5:00", "10:21: merchants[0].clients[0].secretHash: expected sha256: and 64 lower-case hex digits"},
	{"no scopes", "[payments:write]", "[]", "11:17: merchants[0].clients[0].scopes: is missing; expected a list of " + scope.expected},
	{"unknown scope", "[payments:write]", "[payments:all]", "11:18: merchants[0].clients[0].scopes[0]: expected payments:write, payments:read, vault:write, " +
		"vault:read, reports:read, callbacks:read, callbacks:write, disputes:write or admin"},
	{"scope twice", "[payments:write]", "[admin, admin]", "11:25: merchants[0].clients[0].scopes[1]: stands twice; keep one"},
	{"channel", "id: magento", "id: magento\n        channel: Shop!", "10:18: merchants[0].clients[0].channel: expected 1 to 32 lower-case letters, digits, dashes and underscores"},
	{"quota is a number", "id: magento", "id: magento\n        quota: 5", "10:16: merchants[0].clients[0].quota: expected members (name: value), found a single value"},
	{"quota of too many", "id: magento", "id: magento\n        quota: {requests: 100001}", "10:27: merchants[0].clients[0].quota.requests: expected a whole number from 0 to 100000"},
	{"quota per day", "id: magento", "id: magento\n        quota: {requests: 1, per: 24h}", "10:35: merchants[0].clients[0].quota.per: expected a time from 1s to 1h, with its unit"},
	{"client id twice", "[payments:write]", "[admin]\n      - {id: magento, secret: '${CLIENT}', scopes: [admin]}", "12:14: merchants[0].clients[1].id: is the id of merchants[0].clients[0] too; ids have to be unique in the whole file"},
	{"merchant is a word", "merchants:", "merchants:\n  - main", "2:5: merchants[0]: expected members (name: value), found a single value"},
}

func TestEachFaultIsNamedWithItsPosition(t *testing.T) {
	for _, row := range faultTable {
		t.Run(row.name, func(t *testing.T) {
			_, err := newWorld().parse(replaced(t, row.old, row.with))
			if err == nil {
				t.Fatal("accepted")
			}
			if want := "etc/gateway.yaml:" + row.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
}

func TestWholeFilesThatCannotBeRead(t *testing.T) {
	empty := "etc/gateway.yaml: the file is empty; `gateway config example` prints one to start from"
	for _, row := range []struct{ name, text, want string }{
		{"nothing", "", empty},
		{"comments", "# nothing\n", empty},
		{"null", "~", empty},
		{"a list", "- a", "etc/gateway.yaml:1:1: expected members (name: value), found a list"},
		{"no merchants", "listen: :80", "etc/gateway.yaml:1:1: merchants: is missing; expected at least one merchant"},
		{"merchants left empty", "merchants:", "etc/gateway.yaml:1:1: merchants: is missing; expected at least one merchant"},
		{"bad YAML", "listen: :80\n\tx: y", "etc/gateway.yaml:2: this is not YAML: found a tab character that violates indentation"},
		{"unknown anchor", "a:\n  b: *hunter2", "etc/gateway.yaml: a value begins with * (a YAML alias) but names no anchor; put the value in quotes"},
		{"second document", minimal + "---\na: b\n", "etc/gateway.yaml:12:1: the file holds a second YAML document; keep everything in one"},
		{"too large", "#" + strings.Repeat("x", maxFile), "etc/gateway.yaml: the file is larger than 256 KiB"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := newWorld().parse(row.text); err == nil || err.Error() != row.want {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}

func TestAllFaultsComeAtOnceInTheOrderOfTheFile(t *testing.T) {
	w := newWorld()
	w.env["GATEWAY_MAX_IN_FLIGHT"] = "lots"
	delete(w.env, "CLIENT")
	_, err := w.parse(`listen: here
publicUrl: https://pay.test
merchants:
  - id: main
    paytrace:
      baseURL: https://api.paytrace.com
      username: shop
      password: hunter2
      integratorID: 9655
      sendWindow: 1m
    clients:
      - id: magento
        secret: ${CLIENT}
        scopes: [everything]
  - id: main
    liveMode: maybe
stopTimeout: 1h
`)
	var faults *Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v", err)
	}
	want := []string{
		"1:9: listen: ", "2:1: publicUrl: ", "6:16: merchants[0].paytrace.baseURL: is PayTrace's production",
		"8:17: merchants[0].paytrace.password: " + secretInFile, "9:21: merchants[0].paytrace.integratorID: ", "10:19: merchants[0].paytrace.sendWindow: ",
		"13:17: merchants[0].clients[0].secret: the environment has no CLIENT", "14:18: merchants[0].clients[0].scopes[0]: ",
		"15:5: merchants[1].paytrace: is missing", "15:5: merchants[1].clients: is missing", "15:9: merchants[1].id: is the id of merchants[0] too",
		"16:15: merchants[1].liveMode: ", "17:14: stopTimeout: ", "GATEWAY_MAX_IN_FLIGHT: expected a whole number from 1 to 100000",
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) || len(faults.List) != len(want) {
		t.Fatalf("%d faults, want %d:\n%v", len(lines), len(want), err)
	}
	for i, line := range lines {
		line = strings.TrimPrefix(strings.TrimPrefix(line, "etc/gateway.yaml:"), "environment: ")
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("fault %d: got %s\nwant %s…", i, line, want[i])
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("a secret is quoted")
	}
}

func TestAFaultOfTheEnvironmentNamesItsVariable(t *testing.T) {
	for variable, want := range map[string]string{
		"GATEWAY_LISTEN":     "expected host:port, such as 127.0.0.1:8080 or :8080",
		"GATEWAY_SECRET":     "the secret is shorter than 32 characters; `openssl rand -base64 32` makes one",
		"GATEWAY_LOG_LEVEL":  "expected debug, info, warn or error",
		"GATEWAY_PUBLIC_URL": "expected an address such as https://pay.example.com, without user, query or fragment",
	} {
		w := newWorld()
		w.env[variable] = "hunter2"
		if _, err := w.parse(minimal); err == nil || err.Error() != "environment: "+variable+": "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
