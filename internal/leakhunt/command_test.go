package leakhunt

import (
	"net/http"
	"regexp"
	"slices"

	"paytrace-gateway/adapters/magento/magentotest"
)

func placing(order string) magentotest.Placing {
	return magentotest.Placing{IncrementID: order, Items: []magentotest.Item{{SKU: "thing", Qty: 1, Price: 1999}}}
}

var deliveryIDs = regexp.MustCompile(`dlv_[0-9a-z]{26}`)

// deliveries are the ids of what was told, or is to be.
func (w *town) deliveries() []string {
	w.t.Helper()
	r := w.send(call{method: http.MethodGet, path: "/api/v1/callbacks?pageSize=100"})
	ids := deliveryIDs.FindAllString(string(r.body), -1)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// commands has an operator look at everything there is.
func (w *town) commands() {
	w.t.Helper()
	with := []string{"--config", w.config}
	for _, args := range [][]string{
		{"config", "check"}, {"config", "show"}, {"doctor"}, {"health"}, {"mapping", "test"},
		{"callbacks", "list", "--status", "all"}, {"callbacks", "subscribers"}, {"attention", "list"}, {"unmatched"},
	} {
		w.operate(append(args, with...)...)
	}
	ids := w.deliveries()
	for _, id := range ids[:min(len(ids), 12)] {
		w.operate(append([]string{"callbacks", "show", id}, with...)...)
	}
}
