package spelling

import "testing"

func TestWhatWasMeantIsFound(t *testing.T) {
	known := []string{"integratorID", "operatorListen", "listen", "currencyCode", "mappedStatus", "status", "orderId", "url", "way"}
	for name, want := range map[string]string{
		"integratorId":  "integratorID", // case alone
		"operatorListn": "operatorListen",
		"lissten":       "listen",
		"currency":      "currencyCode", // begun
		"mapedStatus":   "mappedStatus",
		"uri":           "url",
		"retries":       "", // nothing like it
		"x":             "",
		"":              "",
	} {
		if got := Near(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := Near("consumer", []string{"consumerKey", "consumerSecret"}); got != "" {
		t.Errorf("of two that are as near, %q is taken", got)
	}
	if got := Meant("uri", known) + Meant("retries", known); got != "; did you mean url?" {
		t.Errorf("the question is %q", got)
	}
}
