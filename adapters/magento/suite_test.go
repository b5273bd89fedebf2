package magento

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/sinktest"
)

func TestBothWaysAreASink(t *testing.T) {
	for _, way := range ways {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			sinktest.Run(t, func(t *testing.T, url string) sinktest.Bench { return bench(t, url, way) })
		})
	}
}

// bench has an authorized payment for each n, which core REST tells by one
// comment and the module by one event.
func bench(t *testing.T, url string, way Way) sinktest.Bench {
	config := configFor(url, way)
	sink, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Close)
	shop := magentotest.New(magentotest.Options{Module: true})
	h := &house{t: t, shop: shop, now: noon}
	delivery := func(n int) gateway.Delivery {
		d := &house{now: noon, n: int64(10 * n)}
		p := d.charged(gateway.KindAuthorize, gateway.Authorized, fmt.Sprintf("%09d", n))
		return gateway.Delivery{Event: d.event(p)}
	}
	for n := range 12 {
		h.place(delivery(n).Event.Payment)
	}
	return sinktest.Bench{
		Sink: sink, Delivery: delivery, Good: shop,
		Tells: func(r *http.Request) bool {
			return r.Method == http.MethodPost && (strings.HasSuffix(r.URL.Path, "/comments") || strings.HasSuffix(r.URL.Path, "/events"))
		},
		Secrets: config.secrets(),
	}
}
