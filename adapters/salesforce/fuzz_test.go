package salesforce

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"paytrace-gateway/egress"
	"paytrace-gateway/gateway"
)

// FuzzAnswers judges anything as an answer of Salesforce's: no panic, one of the
// three outcomes, a bounded detail, and nothing told that was not said.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`[{"message":"unable to obtain exclusive access","errorCode":"UNABLE_TO_LOCK_ROW","fields":["A__c"]}]`,
		`{"id":"a00","success":true,"errors":[],"created":true}`, `[{"success":false,"errors":[{"statusCode":"STRING_TOO_LONG"}]}]`,
		`["/services/data/v67.0/sobjects/Payment__c/a00"]`, `[null]`, `{"success":true,"errors":[{"statusCode":"OPERATION_ENQUEUED"}]}`, `api-usage=18/5000`,
		`{"compositeResponse":[{"body":{"success":true},"httpStatusCode":201,"referenceId":"event0"},{"body":[{"errorCode":"LIMIT_EXCEEDED"}],"httpStatusCode":400,"referenceId":"event1"}]}`,
	} {
		f.Add(200, seed)
		f.Add(400, seed)
		f.Add(503, seed)
	}
	sink, err := New(good())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		r := reply{what: "upsert", answer: egress.Answer{Status: status, Body: []byte(body), Whole: true}}
		all, _ := sink.allUpserted(r, 2)
		for _, v := range append(append(all, sink.allPublished(r, 2)...), sink.upserted(r), sink.published(r)) {
			if !slices.Contains([]gateway.DeliveryOutcome{gateway.Told, gateway.Later, gateway.Dead}, v.Outcome) || v.Pause < 0 || v.After < 0 {
				t.Errorf("%d %q: %+v", status, body, v)
			}
			if utf8.RuneCountInString(v.Detail) > maxDetail+1 || !utf8.ValidString(v.Detail) {
				t.Errorf("%d %q: the detail is %q", status, body, v.Detail)
			}
			if v.Outcome == gateway.Told && status != 204 && !strings.Contains(strings.ToLower(body), "success") {
				t.Errorf("%d %q is taken for told", status, body)
			}
		}
		if used, total, ok := parseUsage(body); ok && (used < 0 || total <= 0) {
			t.Errorf("%q: %d of %d", body, used, total)
		}
		_, _ = instanceOf(body, DefaultLoginURL)
	})
}

func TestTheUsageIsReadFromItsHeader(t *testing.T) {
	for header, want := range map[string][2]int64{
		"api-usage=18/5000": {18, 5000},
		"api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)": {25, 5000},
		"per-app-api-usage=17/250(appName=x); api-usage=25/5000":                    {25, 5000},
		"per-app-api-usage=17/250":                                                  {},
		"api-usage=1/0":                                                             {},
		"api-usage=99999999999999999999999/5":                                       {},
		"api-usage=":                                                                {},
		"":                                                                          {},
	} {
		used, total, ok := parseUsage(header)
		if used != want[0] && ok || ok != (want[1] > 0) || ok && total != want[1] {
			t.Errorf("%q: %d of %d, %t", header, used, total, ok)
		}
	}
}
