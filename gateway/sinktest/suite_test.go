package sinktest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

const token = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// plain is the least that a sink can be. Its habits are the faults that the
// suite has to see.
type plain struct {
	url   string
	http  http.RoundTripper
	habit string
}

func (p plain) Lane(e gateway.Event) string {
	if p.habit == "asks for the lane" {
		if response, err := http.Get(p.url); err == nil {
			response.Body.Close()
		}
	}
	if p.habit == "invents lanes" {
		return time.Now().String()
	}
	return ""
}

func (p plain) Deliver(ctx context.Context, d gateway.Delivery) gateway.Verdict {
	if p.habit == "forgets its context" {
		ctx = context.Background()
	}
	v := p.once(ctx, d)
	if p.habit == "tries again" && v.Outcome == gateway.Later {
		v = p.once(ctx, d)
	}
	return v
}

func (p plain) once(ctx context.Context, d gateway.Delivery) gateway.Verdict {
	request, _ := http.NewRequestWithContext(ctx, http.MethodPost, p.url, strings.NewReader(d.Event.ID))
	request.GetBody = nil
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := p.http.RoundTrip(request)
	if err != nil {
		return gateway.Verdict{Outcome: gateway.Later, Detail: "no answer"}
	}
	defer response.Body.Close()
	limit := int64(1024)
	if p.habit == "reads all" {
		limit = endlessAtMost * 2
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, limit))
	if response.StatusCode/100 == 2 {
		return gateway.Verdict{Outcome: gateway.Told, StatusCode: response.StatusCode}
	}
	return gateway.Verdict{Outcome: gateway.Later, StatusCode: response.StatusCode, Detail: p.words(string(body)), After: p.wait(response)}
}

func (p plain) words(body string) string {
	switch p.habit {
	case "panics at rubbish":
		if body == "null" {
			panic("null")
		}
	case "shows bytes as they are":
		return "refused: " + body
	case "shows card numbers":
		return "refused: " + body[:min(200, len(body))]
	case "masks plain digits only":
		masked := regexp.MustCompile(`\d{12,}`).ReplaceAllString(body, "[digits]")
		return strings.Map(oneLine, masked[:min(200, len(masked))])
	}
	return "refused"
}

func (p plain) wait(response *http.Response) time.Duration {
	var seconds int64
	if p.habit == "waits as long as it is told" {
		fmt.Sscan(response.Header.Get("Retry-After"), &seconds)
	}
	return time.Duration(seconds) * time.Second
}

// follower sends as http.Client does by default.
type follower struct{ *http.Client }

func (f follower) RoundTrip(r *http.Request) (*http.Response, error) { return f.Do(r) }

func bench(habit string) Opener {
	return func(t *testing.T, url string) Bench {
		var transport http.RoundTripper = &http.Transport{}
		switch habit {
		case "follows redirects":
			transport = follower{&http.Client{}}
		case "keeps cookies":
			jar, _ := cookiejar.New(nil)
			transport = follower{&http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
		}
		return Bench{
			Sink: plain{url: url, http: transport, habit: habit},
			Delivery: func(n int) gateway.Delivery {
				return gateway.Delivery{Event: gateway.Event{ID: fmt.Sprint("evt_", n)}}
			},
			Good:    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
			Secrets: []string{token},
		}
	}
}

func TestAPlainSinkKeepsTheSpecification(t *testing.T) { Run(t, bench("")) }

func TestTheSuiteSeesEveryBadHabit(t *testing.T) {
	for habit, owed := range map[string]obligation{
		"follows redirects":           noRedirect,
		"keeps cookies":               noCookie,
		"tries again":                 everyStatus,
		"reads all":                   readingIsBounded,
		"panics at rubbish":           rubbishIsBorne,
		"shows bytes as they are":     rubbishIsBorne,
		"shows card numbers":          verdictIsClean,
		"masks plain digits only":     verdictIsClean,
		"waits as long as it is told": waitIsBounded,
		"forgets its context":         nothingAfterTheEnd,
		"asks for the lane":           laneIsPure,
		"invents lanes":               laneIsPure,
	} {
		t.Run(habit, func(t *testing.T) {
			if err := owed(t, bench(habit)); err == nil {
				t.Error("nothing was seen")
			} else {
				t.Log(err)
			}
		})
	}
}

func TestHalfOfASecretIsSeen(t *testing.T) {
	if checkWords("it begins with "+token[:len(token)/2], []string{token}) == nil {
		t.Error("half of a secret was shown unseen")
	}
}

// A request that is abandoned must not hold the double up at the end.
func TestTheDoubleEndsWithItsTest(t *testing.T) {
	r := mount(t, bench(""))
	asked := make(chan struct{}, 1)
	r.double.misbehave(r.double.silent(asked), false)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		response, err := http.Post(r.double.server.URL, "text/plain", nil)
		if err == nil {
			response.Body.Close()
		}
	}()
	<-asked
	r.close()
	<-ended
	if _, err := http.Get(r.double.server.URL); err == nil {
		t.Error("the double still answers")
	}
}
