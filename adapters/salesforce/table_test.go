package salesforce

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// statuses are what each HTTP status says when Salesforce's own code does not
// say it better.
var statuses = map[int]gateway.DeliveryOutcome{
	200: gateway.Later, // without Salesforce's own word that it was saved
	204: gateway.Told,
	300: gateway.Dead,
	401: gateway.Later, 408: gateway.Later, 409: gateway.Later, 420: gateway.Later, 421: gateway.Later,
	423: gateway.Later, 425: gateway.Later, 429: gateway.Later,
}

// wantOf is another when it is Salesforce that answers, with a code that
// nobody knows: it has not taken this one record. Before Salesforce, only what is
// too large is refused for its own sake.
func wantOf(status int, own bool) gateway.DeliveryOutcome {
	if want, ok := statuses[status]; ok {
		return want
	}
	setUp := slices.Contains([]int{403, 404, 405, 410}, status)
	tooLarge := slices.Contains([]int{413, 414, 431}, status)
	if status >= 400 && status < 500 && (own && !setUp || tooLarge) {
		return gateway.Dead
	}
	return gateway.Later
}

func TestEveryStatusIsToldLaterOrDead(t *testing.T) {
	for status := 200; status <= 599; status++ {
		for _, body := range []string{"", "<html>no</html>", `[{"message":"what?","errorCode":"NEVER_HEARD_OF"}]`} {
			server := httptest.NewServer(answering(status, body))
			sink := newSink(t, server.URL, newClock(), nil)
			want := wantOf(status, strings.HasPrefix(body, "["))
			v := sink.Deliver(t.Context(), delivery(1))
			if v.Outcome != want || v.StatusCode != status {
				t.Errorf("%d %q is %s with status %d, want %s", status, body, v.Outcome, v.StatusCode, want)
			}
			if v.Outcome != gateway.Told && (!strings.Contains(v.Detail, fmt.Sprint(status)) || !strings.Contains(v.Detail, "to do: ")) {
				t.Errorf("%d: the detail does not help: %s", status, v.Detail)
			}
			for i, v := range sink.DeliverAll(t.Context(), deliveries(1, 2)) {
				want := want
				if status == 204 {
					want = gateway.Later // nothing is said of the records
				}
				if v.Outcome != want {
					t.Errorf("%d %q in a batch, verdict %d is %s, want %s", status, body, i, v.Outcome, want)
				}
			}
			server.Close()
		}
	}
}

func TestOnlySalesforcesOwnWordCounts(t *testing.T) {
	for _, row := range []struct {
		status int
		body   string
		want   gateway.DeliveryOutcome
	}{
		{201, `{"id":"a00","success":true,"errors":[],"created":true}`, gateway.Told},
		{200, `{"id":"a00","success":true,"errors":[],"created":false}`, gateway.Told},
		{201, `{"id":"a00","success":true,"errors":[]}`, gateway.Told}, // as before version 46
		{204, ``, gateway.Told},
		{200, `{"success":false,"errors":[]}`, gateway.Later},
		{200, `{"success":false,"errors":[{"statusCode":"STRING_TOO_LONG","message":"long","fields":["A__c"]}]}`, gateway.Dead},
		{200, `{"success":"true"}`, gateway.Later},
		{200, `{}`, gateway.Later},
		{200, `{"success":true`, gateway.Later},
		{200, `<html>Sign in to the hotel's network</html>`, gateway.Later},
		{202, `{"success":true,"errors":[]}`, gateway.Later},
		{302, `[{"errorCode":"INVALID_FIELD","message":"no"}]`, gateway.Later},
		{500, `[{"errorCode":"INVALID_FIELD","message":"no"}]`, gateway.Later},
		{400, `[{"errorCode":"UNABLE_TO_LOCK_ROW","message":"locked"},{"errorCode":"STRING_TOO_LONG","message":"long"}]`, gateway.Dead},
	} {
		server := httptest.NewServer(answering(row.status, row.body))
		v := newSink(t, server.URL, newClock(), nil).Deliver(t.Context(), delivery(1))
		if v.Outcome != row.want {
			t.Errorf("%d %s is %s (%s), want %s", row.status, row.body, v.Outcome, v.Detail, row.want)
		}
		server.Close()
	}
}

// codes are what the table has to say of each code, written down a second time:
// L later, P later with a pause, D dead.
var codes = map[string]string{
	"L": "UNABLE_TO_LOCK_ROW DUPLICATE_VALUE PLATFORM_EVENT_PUBLISH_FAILED UNKNOWN_EXCEPTION PROCESSING_HALTED ALL_OR_NONE_OPERATION_ROLLED_BACK QUERY_TIMEOUT REQUEST_RUNNING_TOO_LONG",
	"P": "SERVER_UNAVAILABLE PLATFORM_EVENT_PUBLISHING_UNAVAILABLE REQUEST_LIMIT_EXCEEDED LIMIT_EXCEEDED STORAGE_LIMIT_EXCEEDED ORG_LOCKED INVALID_SESSION_ID INVALID_AUTH_HEADER API_CURRENTLY_DISABLED API_DISABLED_FOR_ORG " +
		"INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_OR_READONLY INVALID_FIELD INVALID_FIELD_FOR_INSERT_UPDATE " +
		"INVALID_TYPE NOT_FOUND METHOD_NOT_ALLOWED UNSUPPORTED_API_VERSION FUNCTIONALITY_NOT_ENABLED " +
		"TOO_MANY_APEX_REQUESTS TXN_SECURITY_METERING_ERROR SERVICE_DENIED INVALID_LOGIN CLIENT_NOT_ACCESSIBLE_FOR_USER INVALID_OPERATION_WITH_EXPIRED_PASSWORD PASSWORD_LOCKOUT",
	"D": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER " +
		"" +
		"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST STRING_TOO_LONG NUMBER_OUTSIDE_VALID_RANGE REQUIRED_FIELD_MISSING FIELD_CUSTOM_VALIDATION_EXCEPTION " +
		"FIELD_INTEGRITY_EXCEPTION FIELD_FILTER_VALIDATION_EXCEPTION INVALID_CROSS_REFERENCE_KEY INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY " +
		"MALFORMED_ID ENTITY_IS_DELETED DUPLICATES_DETECTED DUPLICATE_EXTERNAL_ID INVALID_TYPE_ON_FIELD_IN_RECORD JSON_PARSER_ERROR MISSING_ARGUMENT EXCEEDED_ID_LIMIT",
}

func TestEveryCodeHasItsMeaning(t *testing.T) {
	seen := 0
	for kind, names := range codes {
		for _, code := range strings.Fields(names) {
			seen++
			m, ok := table[code]
			got := "L"
			switch {
			case m.outcome == gateway.Dead && m.pause == 0:
				got = "D"
			case m.outcome == gateway.Later && m.pause > 0:
				got = "P"
			}
			if !ok || got != kind || m.advice == "" {
				t.Errorf("%s is %s, want %s: %+v", code, got, kind, m)
			}
			server := httptest.NewServer(answering(400, fmt.Sprintf(`[{"message":"the message","errorCode":%q,"fields":["Status__c"]}]`, code)))
			v := newSink(t, server.URL, newClock(), nil).Deliver(t.Context(), delivery(1))
			if v.Outcome != m.outcome || v.Pause != m.pause || !strings.Contains(v.Detail, code+" Status__c: the message; to do: "+m.advice) {
				t.Errorf("%s: %+v", code, v)
			}
			server.Close()
		}
	}
	if seen != len(table) {
		t.Errorf("the table has %d codes, the list %d", len(table), seen)
	}
}

func TestEveryStateHasAPicklistValue(t *testing.T) {
	values := strings.Fields("Pending Authorized Completed Declined Voided Refunded Failed Indeterminate")
	states := []gateway.Status{
		gateway.Sending, gateway.Authorized, gateway.StatusApproved, gateway.StatusDeclined, gateway.Failed, gateway.StatusUnknown,
		gateway.Voided, gateway.Expired, gateway.Settled, gateway.PartiallyRefunded, gateway.Refunded,
		gateway.Accepted, gateway.Returned,
	}
	used := map[string]bool{}
	for _, state := range states {
		if !gateway.KnownStatus(state) || picklist[state] == "" {
			t.Errorf("%s has no value", state)
		}
		used[picklist[state]] = true
	}
	if len(picklist) != len(states) {
		t.Errorf("the table has %d states, want %d", len(picklist), len(states))
	}
	for _, value := range values {
		if !used[value] {
			t.Errorf("no state is %s", value)
		}
		delete(used, value)
	}
	if len(used) > 0 {
		t.Errorf("values that an org's picklist does not have: %v", used)
	}
}
