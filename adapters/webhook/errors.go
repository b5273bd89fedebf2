package webhook

import "net/http"

// rule is what a status means beyond not being taken.
type rule struct {
	// advice tells a person what to do.
	advice string
	// throttles marks the statuses that ask for fewer requests, not for a later
	// one of this kind alone.
	throttles bool
	// gone marks the one by which a receiver says that it wants no more.
	gone bool
}

// rules are the statuses that say more than others. Whatever is not here is a
// failure like any other.
var rules = map[int]rule{
	http.StatusUnauthorized:          {advice: "does the receiver verify with the newest secret, and does nothing in front of it ask for a log-in?"},
	http.StatusForbidden:             {advice: "does the receiver verify with the newest secret, and does nothing in front of it ask for a log-in?"},
	http.StatusNotFound:              {advice: "is the path in the configuration right?"},
	http.StatusMethodNotAllowed:      {advice: "is the path in the configuration right? It has to take POST"},
	http.StatusRequestTimeout:        {advice: "the receiver should answer first and work afterwards"},
	http.StatusGone:                  {advice: "the receiver wants no more events, so it is told none until a person enables it again; what happens meanwhile is kept", gone: true},
	http.StatusRequestEntityTooLarge: {advice: "raise the limit of bodies in front of the receiver; events are never cut"},
	http.StatusTooManyRequests:       {advice: "the receiver is told less often for a while", throttles: true},
	http.StatusBadGateway:            {advice: "what stands in front of the receiver cannot reach it", throttles: true},
	http.StatusServiceUnavailable:    {advice: "the receiver is down or overloaded", throttles: true},
	http.StatusGatewayTimeout:        {advice: "the receiver should answer first and work afterwards", throttles: true},
}

func ruleOf(status int) rule {
	if r, ok := rules[status]; ok {
		return r
	}
	switch status / 100 {
	case 3:
		return rule{advice: "redirects are not followed; write the receiver's own address into the configuration"}
	case 4:
		return rule{advice: "look for the webhook-id in the receiver's log; it did not like what it got"}
	case 5:
		return rule{advice: "look for the webhook-id in the receiver's log; it failed"}
	}
	return rule{advice: "only a status from 200 to 299 says that the event was taken"}
}
