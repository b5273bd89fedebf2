package paytrace

import (
	"strings"
	"testing"
)

func TestAnAnswerIsReadAsAWholeOrNotAtAll(t *testing.T) {
	for body, fault := range map[string]string{
		``:                                    "not PayTrace's JSON",
		`null`:                                "not PayTrace's JSON",
		`[{"success":true}]`:                  "not PayTrace's JSON",
		`{"success":true`:                     "not PayTrace's JSON",
		`{"success":true} {}`:                 "not PayTrace's JSON",
		`{"success":true}}`:                   "not PayTrace's JSON",
		`{"success":"true"}`:                  "wrong type",
		`{"response_code":101.0}`:             "wrong type",
		`{"response_code":"101"}`:             "wrong type",
		`{"transaction_id":true}`:             "wrong type",
		`{"approval_code":7}`:                 "wrong type",
		`{"errors":{"1":"no list"}}`:          "wrong type",
		`{"approval_code":7,"success":`:       "not PayTrace's JSON",
		`{"success":true,"success":true}`:     "twice",
		`{"success":true,"succ\u0065ss":1}`:   "twice",
		`{"x":[{"y":{"z":1,"z":2}}]}`:         "twice",
		"{\"x\xff\":1,\"x\xfe\":2}":           "twice",
		`{"errors":{"1":["a"],"1":["b"]}}`:    "twice",
		`{"success":true,"x":"` + "\n" + `"}`: "not PayTrace's JSON",
	} {
		a, err := readAnswer([]byte(body))
		if err == nil || !strings.Contains(err.Error(), fault) || a.Success || a.complete() {
			t.Errorf("%q is read as %+v, %v; want it refused: %s", body, a, err, fault)
		}
	}
}

func TestAnAnswersWordsMeanWhatEncodingJSONSays(t *testing.T) {
	a, err := readAnswer([]byte(` {"succ\u0065ss":true,"response_code":null,"approval_code":"a\u0062\ud800","avs_response":"é` + "\xff" + `",
		"customer_id":12.50,"transaction_id":-0,"SUCCESS":false,"errors":{"7":null}} `))
	if err != nil || !a.Success || a.ResponseCode != 0 || !a.complete() || a.ApprovalCode != "ab\ufffd" || a.AVS != "é\ufffd" || a.CustomerID != "12.50" ||
		a.TransactionID != 0 || len(a.Errors) != 1 {
		t.Errorf("the answer is read as %+v, %v", a, err)
	}
}
