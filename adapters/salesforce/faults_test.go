package salesforce

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
)

// answered is the verdict on one record when Salesforce, or what stands before
// it, answers so.
func answered(t *testing.T, status int, body string) gateway.Verdict {
	t.Helper()
	server := httptest.NewServer(answering(status, body))
	defer server.Close()
	return newSink(t, server.URL, newClock(), nil).Deliver(t.Context(), delivery(1))
}

// faulty is Salesforce's answer with one error.
func faulty(code, message string) string {
	body, _ := json.Marshal([]fault{{ErrorCode: code, Message: message}})
	return string(body)
}

func TestALockInsideATriggerOrFlowIsALock(t *testing.T) {
	const caused = "PaymentTrigger: execution of AfterInsert caused by: System.DmlException: Update failed. first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this record: []"
	for _, code := range []string{"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER"} {
		if v := answered(t, 400, faulty(code, caused)); v.Outcome != gateway.Later || v.Pause != 0 {
			t.Errorf("%s of a lock: %+v", code, v)
		}
		if v := answered(t, 400, faulty(code, "PaymentTrigger: System.NullPointerException")); v.Outcome != gateway.Dead {
			t.Errorf("%s of a fault in the code: %+v", code, v)
		}
		item := `{"success":false,"errors":[{"statusCode":"` + code + `","message":"` + caused + `","fields":[]}]}`
		if v := answered(t, 200, item); v.Outcome != gateway.Later {
			t.Errorf("%s of a lock, of a record: %+v", code, v)
		}
	}
}

func TestAFirewallsPageKillsNothing(t *testing.T) {
	for _, status := range []int{400, 402, 403, 404, 405, 406, 410, 451} {
		h := settle(t, nil, nil)
		h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpUpsert, Kind: salesforcetest.HTML, Status: status, Count: 1})
		h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpCollection, Kind: salesforcetest.HTML, Status: status, Count: 1})
		if v := h.tell(delivery(1), gateway.Later); !strings.Contains(v.Detail, "firewall") {
			t.Errorf("%d: %+v", status, v)
		}
		for _, want := range []gateway.DeliveryOutcome{gateway.Later, gateway.Told} {
			for i, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 8)) {
				if v.Outcome != want {
					t.Errorf("%d: verdict %d is %+v, want %s", status, i, v, want)
				}
			}
		}
		if n := h.org.Count(salesforcetest.OpCollection); n != 2 {
			t.Errorf("%d: a firewall's page is searched for a bad record, in %d calls", status, n)
		}
	}
}

func TestWhatIsTooLargeForAProxyIsHalved(t *testing.T) {
	h := settle(t, nil, nil)
	h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpCollection, Kind: salesforcetest.HTML, Status: 413, Count: 1})
	for i, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 8)) {
		if v.Outcome != gateway.Told {
			t.Errorf("verdict %d is %+v", i, v)
		}
	}
}

func TestOnceTheOrgIsMendedWhatWaitedIsTold(t *testing.T) {
	for _, code := range []string{"INVALID_FIELD", "INSUFFICIENT_ACCESS_OR_READONLY", "NOT_FOUND"} {
		h := settle(t, nil, nil)
		h.org.Order(salesforcetest.Fault{Operation: salesforcetest.OpCollection, Kind: salesforcetest.Answer, Status: 400, Code: code, Count: 1})
		for _, want := range []gateway.DeliveryOutcome{gateway.Later, gateway.Told} {
			for i, v := range h.sink.DeliverAll(t.Context(), deliveries(1, 3)) {
				if v.Outcome != want || (v.Pause == setUpPause) != (want == gateway.Later && i == 0) || strings.Contains(v.Detail, "replay") {
					t.Errorf("%s: verdict %d is %+v, want %s", code, i, v, want)
				}
			}
		}
	}
}

func TestWhatIsWrongWithTheUserOrTheMomentKillsNoEvent(t *testing.T) {
	for _, code := range strings.Fields(
		"INVALID_OPERATION_WITH_EXPIRED_PASSWORD PASSWORD_LOCKOUT REQUEST_RUNNING_TOO_LONG TOO_MANY_APEX_REQUESTS SERVICE_DENIED TXN_SECURITY_METERING_ERROR INVALID_LOGIN CLIENT_NOT_ACCESSIBLE_FOR_USER",
	) {
		for _, status := range []int{400, 403, 500} {
			if v := answered(t, status, faulty(code, "x")); v.Outcome != gateway.Later {
				t.Errorf("%d %s: %+v", status, code, v)
			}
		}
	}
	if v := answered(t, 403, faulty("NEVER_HEARD_OF", "x")); v.Outcome != gateway.Later || v.Pause != setUpPause {
		t.Errorf("a right that nobody knows: %+v", v)
	}
}

func TestTooManyCallsAtOncePauseForAMinute(t *testing.T) {
	for message, want := range map[string]time.Duration{
		"ConcurrentRequests (Concurrent API Requests) Limit exceeded.": serverPause,
		"TotalRequests Limit exceeded.":                                limitPause,
	} {
		v := answered(t, 403, faulty("REQUEST_LIMIT_EXCEEDED", message))
		if v.Outcome != gateway.Later || v.Pause != want || strings.Contains(v.Detail, "24 hours") != (want == limitPause) {
			t.Errorf("%s: %+v", message, v)
		}
	}
}
