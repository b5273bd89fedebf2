package auth

import (
	"encoding/base64"
	"strings"
	"testing"
)

const formType = "application/x-www-form-urlencoded"

func basicHeader(credentials string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
}

func TestReadTokenRequest(t *testing.T) {
	for name, tc := range map[string]struct {
		authorization, contentType, body string
		want                             TokenRequest
	}{
		"form": {"", formType, "grant_type=client_credentials&client_id=a&client_secret=b%26c&scope=x+y&unknown=z",
			TokenRequest{GrantType: "client_credentials", ClientID: "a", ClientSecret: "b&c", Scope: "x y"}},
		"charset": {"", "Application/X-WWW-Form-Urlencoded; charset=UTF-8", "grant_type=g", TokenRequest{GrantType: "g"}},
		"Basic": {basicHeader("a:b:c"), formType, "grant_type=g",
			TokenRequest{GrantType: "g", BasicID: "a", BasicSecret: "b:c"}},
		"Basic, encoded": {basicHeader("a%40b:c%3A%2Bd+e"), formType, "grant_type=g",
			TokenRequest{GrantType: "g", BasicID: "a@b", BasicSecret: "c:+d e"}},
		"basic in lower case": {strings.Replace(basicHeader("a:b"), "Basic", "basic", 1), formType, "",
			TokenRequest{BasicID: "a", BasicSecret: "b"}},
		"assertions": {"", formType, "assertion=a&client_assertion=b&client_assertion_type=c",
			TokenRequest{Assertion: "a", ClientAssertion: "b", ClientAssertionType: "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, refusal := ReadTokenRequest(tc.authorization, tc.contentType, "", tc.body)
			if refusal != nil || got != tc.want {
				t.Errorf("got %+v, %v; want %+v", got, refusal, tc.want)
			}
		})
	}
}

func TestReadTokenRequestRefuses(t *testing.T) {
	const body = "grant_type=client_credentials"
	for name, tc := range map[string]struct {
		authorization, contentType, query, body string
		status                                  int
		code                                    string
	}{
		"secret in the query":  {"", formType, "client_secret=swordfish", body, 400, invalidRequest},
		"JSON":                 {"", "application/json", "", `{"client_secret":"swordfish"}`, 400, invalidRequest},
		"no content type":      {"", "", "", body, 400, invalidRequest},
		"bad form":             {"", formType, "", "client_secret=swordfish%zz", 400, invalidRequest},
		"semicolon":            {"", formType, "", "a=swordfish;b=c", 400, invalidRequest},
		"parameter twice":      {"", formType, "", body + "&client_secret=swordfish&client_secret=b", 400, invalidRequest},
		"Bearer":               {"Bearer swordfish", formType, "", body, 401, invalidClient},
		"Basic without base64": {"Basic swordfish!", formType, "", body, 401, invalidClient},
		"Basic without colon":  {basicHeader("swordfish"), formType, "", body, 401, invalidClient},
		"Basic, empty secret":  {basicHeader("swordfish:"), formType, "", body, 401, invalidClient},
		"Basic, empty both":    {basicHeader(":"), formType, "", body, 401, invalidClient},
		"Basic, bad encoding":  {basicHeader("a:swordfish%zz"), formType, "", body, 401, invalidClient},
		"Basic alone":          {"Basic", formType, "", body, 401, invalidClient},
	} {
		t.Run(name, func(t *testing.T) {
			got, refusal := ReadTokenRequest(tc.authorization, tc.contentType, tc.query, tc.body)
			if refusal == nil || got != (TokenRequest{}) {
				t.Fatalf("read %+v", got)
			}
			if refusal.Status != tc.status || refusal.Code != tc.code {
				t.Errorf("%d %s; want %d %s", refusal.Status, refusal.Code, tc.status, tc.code)
			}
			if (refusal.Challenge != "") != (tc.authorization != "") {
				t.Errorf("challenge %q", refusal.Challenge)
			}
			if strings.Contains(refusal.Error(), "swordfish") {
				t.Errorf("the refusal quotes the request: %v", refusal)
			}
		})
	}
}
