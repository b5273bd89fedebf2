package magento

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"paytrace-gateway/egress"
	"paytrace-gateway/gateway"
)

var _ gateway.Examiner = (*Sink)(nil)

const (
	// aheadAtMost is how far ahead of Magento's clock a signature may be.
	aheadAtMost = 10 * time.Minute
	// doubtfulClock is a difference that no clock kept by NTP has.
	doubtfulClock = time.Minute
	modulePath    = "/paytrace-gateway/events"
)

// probe is a call that changes nothing and shows whether a right is there.
// Magento looks for the route, then for the signature, then for the right, and
// only then at what is asked for: reads ask for one row, and writes are for
// order 0, which no shop has, or lack what Magento asks for.
type probe struct {
	method, path string
	query        []pair
	body         any
	right        string
}

func (p probe) send(ctx context.Context, c *client) (egress.Answer, *trouble) {
	return c.ask(ctx, p.method, p.path, p.query, p.body)
}

func reading(path, right string) probe {
	return probe{http.MethodGet, path, []pair{{"searchCriteria[pageSize]", "1"}}, nil, right}
}

func writing(path, right string) probe {
	return probe{http.MethodPost, path, nil, struct{}{}, right}
}

// probes are those of every right that the way needs, as docs/magento.md lists
// them. The first one shows whether the shop takes the signature at all.
func (c Config) probes() []probe {
	if c.Way == WayModule {
		return []probe{writing(modulePath, "PayTrace_Gateway::events")}
	}
	all := []probe{
		reading("/orders", "Magento_Sales::actions_view"), reading("/invoices", "Magento_Sales::sales_invoice"),
		reading("/creditmemos", "Magento_Sales::sales_creditmemo"), reading("/transactions", "Magento_Sales::transactions_fetch"),
		writing("/orders/0/comments", "Magento_Sales::comment"), writing("/orders/0/cancel", "Magento_Sales::cancel"),
		writing("/order/0/invoice", "Magento_Sales::invoice"), writing("/order/0/refund", "Magento_Sales::creditmemo"),
	}
	if c.LeaveReview {
		all = append(all, writing("/orders", "Magento_Sales::create"))
	}
	return all
}

func well(tried, format string, args ...any) gateway.Finding {
	return gateway.Finding{Grade: gateway.Well, Tried: tried, Found: fmt.Sprintf(format, args...)}
}

func doubtful(tried, found, mend string) gateway.Finding {
	return gateway.Finding{Grade: gateway.Doubtful, Tried: tried, Found: found, Mend: mend}
}

func broken(tried, found, mend string) gateway.Finding {
	return gateway.Finding{Grade: gateway.Broken, Tried: tried, Found: found, Mend: mend}
}

// brokenBy is a finding on a call that came to nothing.
func brokenBy(tried string, t *trouble) gateway.Finding {
	mend := t.todo()
	if mend == "" {
		mend = "check baseURL, and whether this machine may reach it; events wait meanwhile and are told later"
	}
	return broken(tried, t.Error(), mend)
}

// Examine asks for everything that the configured way needs. It changes nothing
// in the shop.
func (s *Sink) Examine(ctx context.Context) []gateway.Finding {
	probes := s.config.probes()
	answer, failed := probes[0].send(ctx, s.client)
	clock := s.examineClock(answer)
	switch {
	case granted(failed) || lacksRight(failed):
	case isNoRoute(failed):
		// Magento looks for the route before it looks at the signature.
		return append(clock, broken("module", "the shop does not have its endpoint", "install and enable the gateway's module, or set way to core"))
	default:
		return append([]gateway.Finding{brokenBy("signature", failed)}, clock...)
	}
	rights, some := s.examineRights(ctx, probes, failed)
	var all []gateway.Finding
	if some {
		all = append(all, well("signature", "%s takes it", hostOf(s.config.BaseURL)))
	}
	all = append(all, clock...)
	all = append(all, s.examineModule(ctx)...)
	all = append(all, rights...)
	return append(all, s.examineStores(ctx)...)
}

func isNoRoute(t *trouble) bool {
	return t.status == http.StatusNotFound && strings.Contains(t.plain, "does not match any route")
}

// granted says that a probe has passed the look at its right: what follows is
// Magento's complaint about what was asked for.
func granted(t *trouble) bool {
	return t == nil || (isRefusal(t) && t.meaning().outcome == gateway.Dead) || (t.magentos && t.status == http.StatusNotFound && !isNoRoute(t))
}

// examineClock compares the time of the answer with ours.
func (s *Sink) examineClock(answer egress.Answer) []gateway.Finding {
	theirs, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return nil
	}
	ahead := s.config.Now().Sub(theirs).Round(time.Second)
	switch {
	case ahead > aheadAtMost:
		return []gateway.Finding{broken("clock", fmt.Sprintf("this machine's is %s ahead of the shop's, which refuses more than %s", ahead, aheadAtMost), "set both clocks by NTP")}
	case ahead.Abs() > doubtfulClock:
		return []gateway.Finding{doubtful("clock", fmt.Sprintf("this machine's differs from the shop's by %s", ahead.Abs()), "set both clocks by NTP; more than ten minutes ahead, and the shop refuses every call")}
	}
	return []gateway.Finding{well("clock", "this machine's and the shop's agree")}
}

// examineModule says whether the module would be there for a shop that is told
// by core REST.
func (s *Sink) examineModule(ctx context.Context) []gateway.Finding {
	if s.config.Way == WayModule {
		return []gateway.Finding{well("module", "its endpoint is there")}
	}
	_, failed := writing(modulePath, "").send(ctx, s.client)
	switch {
	case failed != nil && isNoRoute(failed):
		return []gateway.Finding{well("module", "not installed, and way is core")}
	case granted(failed) || lacksRight(failed):
		return []gateway.Finding{doubtful("module", "it is installed, and way is core",
			"tick PayTrace_Gateway::events for the integration and set way to module, which does in one call what core REST cannot do at all")}
	}
	return []gateway.Finding{brokenBy("module", failed)}
}

// examineRights sends the probes that are not sent yet, and says whether some
// right is there. What is missing is one finding each, unless all are: Magento
// says the same when it has not seen the signature.
func (s *Sink) examineRights(ctx context.Context, probes []probe, first *trouble) (all []gateway.Finding, some bool) {
	var lacking *trouble
	for i, p := range probes {
		failed := first
		if i > 0 {
			_, failed = p.send(ctx, s.client)
		}
		switch {
		case granted(failed):
			some = true
		case lacksRight(failed):
			failed.right = p.right
			lacking = failed
			all = append(all, broken("right", "the integration lacks "+p.right, failed.todo()))
		case failed.status >= http.StatusInternalServerError:
			all = append(all, doubtful("right", p.right+" could not be looked for: "+failed.Error(), "compare it with the integration's page; "+failed.todo()))
		default:
			all = append(all, brokenBy("right", failed))
		}
	}
	switch {
	case len(all) == 0 && len(probes) == 1:
		return []gateway.Finding{well("right", "%s is there", probes[0].right)}, true
	case len(all) == 0:
		return []gateway.Finding{well("rights", "all %d that way %s needs are there", len(probes), s.config.Way)}, true
	case !some && lacking != nil && len(probes) > 1:
		return []gateway.Finding{broken("rights", fmt.Sprintf("none of the %d that way %s needs is there", len(probes), s.config.Way),
			"tick them, as docs/magento.md lists them, and activate the integration again; if they are ticked, look whether a proxy drops the Authorization header")}, false
	}
	return all, some
}

// examineStores looks for an order in each store view that is configured. Its
// right is one of those that core REST needs; the module finds stores itself.
func (s *Sink) examineStores(ctx context.Context) []gateway.Finding {
	if s.config.Way == WayModule || len(s.config.Stores) == 0 {
		return nil
	}
	var empty []string
	for _, code := range slices.Sorted(maps.Keys(s.config.Stores)) {
		id := strconv.FormatInt(s.config.Stores[code], 10)
		query := append(filter(0, "store_id", id), pair{"searchCriteria[pageSize]", "1"})
		found, err := list[order](ctx, s.client, "/orders", query)
		switch {
		case err != nil && lacksRight(err):
			return nil // It is said of the right already.
		case err != nil:
			return []gateway.Finding{broken("stores", err.Error(), "mend it, then ask again")}
		case len(found) == 0:
			empty = append(empty, code+" ("+id+")")
		}
	}
	if len(empty) > 0 {
		return []gateway.Finding{doubtful("stores", "there is no order in "+strings.Join(empty, ", "),
			"compare with Stores > All Stores, unless the store view is new; in a wrong one no order is ever found")}
	}
	return []gateway.Finding{well("stores", "each of the %d has orders", len(s.config.Stores))}
}
