package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// The variants, in the order in which they take turns.
const (
	straight       = "straight"
	throughNginx   = "nginx"
	throughCaddy   = "caddy"
	onSQLite       = "gateway"
	onPostgres     = "gateway-postgres"
	toldOnSQLite   = "gateway-told"
	toldOnPostgres = "gateway-postgres-told"
	beforeOnSQLite = "gateway-before"
	toldBefore     = "gateway-before-told"
)

// untold write their events, and nobody has subscribed to them: what is compared
// with a proxy is the payment. Those that are told stand beside them, and the
// difference is what telling costs.
var (
	untold = []string{onSQLite, onPostgres}
	told   = []string{toldOnSQLite, toldOnPostgres}
)

// everyWay is what a scene has where it does not need less.
var everyWay = slices.Concat([]string{straight, throughNginx, throughCaddy}, untold, told)

// besideBefore are the ways where two programs of the gateway are compared, both
// on SQLite.
var besideBefore = []string{straight, beforeOnSQLite, onSQLite, toldBefore, toldOnSQLite}

// ways are those of a run's scenes.
func (o options) ways() []string {
	if o.before != "" {
		return besideBefore
	}
	return everyWay
}

// tells says of a gateway's name that its payments are told.
func tells(name string) bool { return name == toldBefore || slices.Contains(told, name) }

// settlePatience bounds the waiting for a gateway's last deliveries.
const settlePatience = 10 * time.Second

// variant is one way to PayTrace.
type variant struct {
	name, address string
	// own is the program whose time and memory are this variant's, and servers
	// are those that work for it alone. PayTrace itself has neither.
	own     *process
	servers []*process
	// gateway is nil where a proxy, or nothing, is between.
	gateway *gateway
}

// caller are the flags of the load generator that say who calls.
func (v *variant) caller() []string {
	if v.gateway == nil {
		return []string{"--as", "paytrace", "--username", payTraceUser, "--password", payTracePassword, "--integrator-id", payTraceIntegrator, "--customer", payTraceCustomer}
	}
	return []string{"--as", "gateway", "--client-id", clientID, "--client-secret", clientSecret, "--customer", gatewayCustomer}
}

// spent is what a variant had used at a moment.
type spent struct {
	own, servers usage
	mallocs      float64
	approved     float64
	// refused are the payments that the gateway's guard kept from PayTrace.
	refused map[string]float64
}

// reasons are those of the guard.
var reasons = []string{"open", "limit", "late", "cancelled"}

func (v *variant) spent(ctx context.Context) (s spent, err error) {
	if v.own != nil {
		if s.own, err = used(v.own.pid()); err != nil {
			return s, err
		}
	}
	for _, server := range v.servers {
		u, err := used(server.pid())
		if err != nil {
			return s, err
		}
		s.servers.cpu += u.cpu
	}
	if v.gateway == nil {
		return s, nil
	}
	told, err := scrape(ctx, v.gateway.operator)
	if err != nil {
		return s, err
	}
	s.mallocs = told.sum("go_memstats_mallocs_total")
	s.approved = told.sum("paytrace_gateway_operations_total", `status="approved"`)
	s.refused = map[string]float64{}
	for _, reason := range reasons {
		s.refused[reason] = told.sum("paytrace_gateway_guard_refused_total", `class="money"`, `reason="`+reason+`"`)
	}
	return s, nil
}

// refusals says what the guard has refused between two moments.
func refusals(before, after spent) string {
	text := ""
	for _, reason := range reasons {
		if n := after.refused[reason] - before.refused[reason]; n > 0 {
			text += fmt.Sprintf("; the guard refused %.0f (%s)", n, reason)
		}
	}
	return text
}

// settle waits until the subscriber has heard of every payment, so that what
// one variant has begun is not paid for by the next. It says how many payments
// the subscriber had not heard of when patience ended.
func (v *variant) settle(ctx context.Context) (behind int64, err error) {
	if v.gateway == nil || v.gateway.hook == nil {
		return 0, nil
	}
	now, err := v.spent(ctx)
	if err != nil {
		return 0, err
	}
	if v.gateway.hook.hears(ctx, int64(now.approved), settlePatience) {
		return 0, nil
	}
	return int64(now.approved) - v.gateway.hook.told.Load(), ctx.Err()
}
