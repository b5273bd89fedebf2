package egress

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxWait bounds what the other side may ask for: a day, the last step of the
// schedule by which is told.
const MaxWait = 24 * time.Hour

// RetryAfter is how long the answer asks to wait, in seconds or up to a date,
// and zero when it does not.
func (a Answer) RetryAfter(now time.Time) time.Duration {
	asked := strings.TrimSpace(a.Header.Get("Retry-After"))
	if asked != "" && strings.Trim(asked, "0123456789") == "" {
		seconds, err := strconv.ParseInt(asked, 10, 64)
		if err != nil || seconds > int64(MaxWait/time.Second) {
			return MaxWait
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(asked)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), MaxWait)
}
