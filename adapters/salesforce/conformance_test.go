package salesforce

import (
	"net/http"
	"testing"

	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway/sinktest"
)

func TestSalesforceIsASink(t *testing.T) {
	sinktest.Run(t, func(t *testing.T, url string) sinktest.Bench {
		c := newClock()
		org := salesforcetest.New(orgSettings(c))
		for _, id := range []string{opportunity, order, account} {
			org.AddParent(id)
		}
		return sinktest.Bench{
			Sink: newSink(t, url, c, nil), Delivery: delivery, Good: org,
			Tells:   func(r *http.Request) bool { return r.URL.Path != tokenPath },
			Renews:  func(status int) bool { return status == http.StatusUnauthorized },
			Secrets: []string{clientSecret},
		}
	})
}
