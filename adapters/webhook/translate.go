package webhook

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"paytrace-gateway/egress"
	"paytrace-gateway/gateway"
)

// throttle is how long a receiver is left alone that says "too many" and not
// for how long.
const throttle = time.Minute

// verdict is what an answer of the host means.
func verdict(host string, answer egress.Answer, now time.Time) gateway.Verdict {
	v := gateway.Verdict{Outcome: gateway.Told, StatusCode: answer.Status, Detail: host + " took it with " + named(answer.Status)}
	if answer.Status >= 200 && answer.Status <= 299 {
		return v
	}
	r := ruleOf(answer.Status)
	v.Outcome, v.Disable = gateway.Later, r.gone
	v.Detail = host + " answered " + named(answer.Status) + pointsTo(answer) + quote(answer.Words()) + "; " + r.advice
	if r.gone {
		return v
	}
	v.After = answer.RetryAfter(now)
	if r.throttles {
		v.Pause = v.After
	}
	if answer.Status == http.StatusTooManyRequests && v.Pause == 0 {
		v.Pause = throttle
	}
	return v
}

// unanswered is the verdict when no answer came.
func unanswered(host string, err error) gateway.Verdict {
	return gateway.Verdict{Outcome: gateway.Later, Detail: "tried " + host + ": " + err.Error()}
}

func named(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

func quote(words string) string {
	if words == "" {
		return ""
	}
	return ": “" + words + "”"
}

// pointsTo names where a redirect leads, without the path, which may be secret.
func pointsTo(answer egress.Answer) string {
	u, err := url.Parse(answer.Header.Get("Location"))
	if answer.Status/100 != 3 || err != nil || u.Host == "" {
		return ""
	}
	return " to " + answer.Shown(u.Scheme+"://"+u.Host)
}
