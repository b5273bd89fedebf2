package salesforce

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

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
