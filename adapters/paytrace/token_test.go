package paytrace

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
)

// script is a token endpoint that answers as written and notes when.
type script struct {
	mu      sync.Mutex
	start   time.Time
	asked   []time.Duration
	answers []any // a grant or an error; the last one repeats
}

func (s *script) fetch(context.Context) (grant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, time.Since(s.start))
	next := s.answers[min(len(s.asked), len(s.answers))-1]
	if err, failed := next.(error); failed {
		return grant{}, err
	}
	return next.(grant), nil
}

// keeping runs a keeper on the script inside a bubble of time.
func keeping(t *testing.T, answers []any, body func(t *testing.T, k *keeper, s *script)) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{start: time.Now(), answers: answers}
		k := newKeeper(s.fetch, nil, time.Now, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go k.run(ctx)
		synctest.Wait()
		body(t, k, s)
	})
}

// after lets time pass and everything that it wakes come to rest.
func after(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
	synctest.Wait()
}

func (s *script) checkAsked(t *testing.T, want ...time.Duration) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.asked, want) {
		t.Errorf("tokens were asked for at %v, want %v", s.asked, want)
	}
}

func TestTokenIsRefreshedAtFourFifthsOfItsLife(t *testing.T) {
	keeping(t, []any{grant{"one", 7200 * time.Second}, grant{"two", 7200 * time.Second}}, func(t *testing.T, k *keeper, s *script) {
		after(5759 * time.Second)
		if got, err := k.token(t.Context(), time.Time{}); got != "one" || err != nil {
			t.Errorf("before: %q, %v", got, err)
		}
		after(time.Second)
		if got, err := k.token(t.Context(), time.Time{}); got != "two" || err != nil {
			t.Errorf("after: %q, %v", got, err)
		}
		s.checkAsked(t, 0, 5760*time.Second)
	})
}

func TestFailingTokenRequestsBackOffToHalfAMinute(t *testing.T) {
	keeping(t, []any{errors.New("down")}, func(t *testing.T, _ *keeper, s *script) {
		after(2 * time.Minute)
		s.checkAsked(t, 0, 1*time.Second, 3*time.Second, 7*time.Second, 15*time.Second, 31*time.Second, 61*time.Second, 91*time.Second)
	})
}

func TestTokenAtHandServesWhileItsRefreshFails(t *testing.T) {
	keeping(t, []any{grant{"one", 100 * time.Second}, errors.New("down")}, func(t *testing.T, k *keeper, _ *script) {
		after(99 * time.Second)
		if got, err := k.token(t.Context(), time.Time{}); got != "one" || err != nil {
			t.Errorf("still alive: %q, %v", got, err)
		}
		after(time.Second)
		if got, err := k.token(t.Context(), time.Now().Add(time.Second)); got != "" || err == nil || !strings.Contains(err.Error(), "down") {
			t.Errorf("expired: %q, %v", got, err)
		}
	})
}

func TestWaitingForATokenEndsWithTheSendWindow(t *testing.T) {
	keeping(t, []any{errors.New("down")}, func(t *testing.T, k *keeper, _ *script) {
		began := time.Now()
		_, err := k.token(t.Context(), began.Add(5*time.Second))
		if waited := time.Since(began); waited != 5*time.Second || err == nil {
			t.Errorf("waited %v, %v", waited, err)
		}
	})
}

func TestWaitingForATokenEndsWhenOneComes(t *testing.T) {
	keeping(t, []any{errors.New("down"), grant{"one", time.Hour}}, func(t *testing.T, k *keeper, _ *script) {
		began := time.Now()
		got, err := k.token(t.Context(), began.Add(5*time.Second))
		if waited := time.Since(began); waited != time.Second || got != "one" || err != nil {
			t.Errorf("%q after %v, %v", got, waited, err)
		}
	})
}

func TestRefusedCredentialsAreSaidAtOnceAndTriedSeldom(t *testing.T) {
	keeping(t, []any{errCredentials, grant{"one", time.Hour}}, func(t *testing.T, k *keeper, s *script) {
		began := time.Now()
		if _, err := k.token(t.Context(), began.Add(5*time.Second)); !errors.Is(err, errCredentials) || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		after(maxTokenRetry)
		s.checkAsked(t, 0, maxTokenRetry)
		if got, err := k.token(t.Context(), time.Time{}); got != "one" || err != nil {
			t.Errorf("mended: %q, %v", got, err)
		}
	})
}

func TestDroppedTokenIsReplacedOnceForAll(t *testing.T) {
	keeping(t, []any{grant{"one", time.Hour}, grant{"two", time.Hour}}, func(t *testing.T, k *keeper, s *script) {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				k.drop("one")
				if got, err := k.token(t.Context(), time.Now().Add(time.Second)); got != "two" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
		all.Wait()
		s.checkAsked(t, 0, 0)
		k.drop("one") // Too late to mean the token at hand.
		after(time.Minute)
		s.checkAsked(t, 0, 0)
	})
}

// staleUntil refuses every bearer token but the one given out last.
func staleUntil(good string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.Header.Get("Authorization") == "Bearer "+good {
			say(200, goodSale)(w, r)
			return
		}
		say(401, staleToken)(w, r)
	}
}

// counting gives out token-1, token-2 and so on.
func (f *fake) counting(w http.ResponseWriter, r *http.Request) {
	n := f.tokenRequests()
	say(200, strings.Replace(goodToken, "token-of-the-test", "token-"+string(rune('0'+n)), 1))(w, r)
}

func TestRefusedTokenMeansOneRefreshAndOneMoreRequest(t *testing.T) {
	f := newFake(t, staleUntil("token-2"))
	f.token = f.counting
	mustBe(t, f.client(t).Charge(context.Background(), sale()), gateway.Approved)
	if len(f.seen()) != 2 || f.tokenRequests() != 2 {
		t.Errorf("%d requests, %d for tokens, want 2 and 2", len(f.seen()), f.tokenRequests())
	}
}

func TestManyPaymentsWithARefusedTokenShareOneRefresh(t *testing.T) {
	f := newFake(t, staleUntil("token-2"))
	f.token = f.counting
	c := f.client(t)
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if got := c.Charge(context.Background(), sale()); got.Outcome != gateway.Approved {
				t.Errorf("%s: %s", got.Outcome, got.Detail)
			}
		})
	}
	all.Wait()
	if got := f.tokenRequests(); got != 2 {
		t.Errorf("%d requests for tokens, want 2", got)
	}
}

func TestSecondRefusalOfTheTokenIsTheOperatorsMatter(t *testing.T) {
	f := newFake(t, always(401, staleToken))
	f.token = f.counting
	got := f.client(t).Charge(context.Background(), sale())
	mustBe(t, got, gateway.Rejected)
	if !got.Rejection.Credentials || !got.Rejection.Again || got.Rejection.Code != invalidToken || len(f.seen()) != 2 {
		t.Errorf("%d requests, %+v", len(f.seen()), got.Rejection)
	}
}

func TestRequestIsSentAgainOnlyAfterAnAnswerThatIsATokenErrorAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		again  bool
	}{
		"bare":                 {401, `{"error":"invalid_token"}`, true},
		"described":            {403, staleToken, true},
		"with all of OAuth's":  {400, `{"error":"invalid_token","error_description":"d","error_uri":"u","state":"unauthorized"}`, true},
		"a good status":        {200, staleToken, false},
		"a redirect":           {302, staleToken, false},
		"a failing server":     {500, staleToken, false},
		"another error":        {401, `{"error":"invalid_grant","error_description":"d"}`, false},
		"a transaction":        {401, `{"error":"invalid_token","transaction_id":7}`, false},
		"a transaction's text": {401, `{"error":"invalid_token","error_description":{"transaction_id":7}}`, false},
		"a response code":      {401, `{"error":"invalid_token","response_code":0}`, false},
		"a success":            {401, `{"error":"invalid_token","success":false}`, false},
		"numbered errors":      {401, `{"error":"invalid_token","errors":{}}`, false},
		"an unknown member":    {401, `{"error":"invalid_token","check_transaction_id":7}`, false},
		"a member twice":       {401, `{"error":"invalid_grant","error":"invalid_token"}`, false},
		"other case":           {401, `{"ERROR":"invalid_token"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int) {
				if n > 1 {
					say(200, goodSale)(w, r)
					return
				}
				say(c.status, c.body)(w, r)
			})
			f.token = f.counting
			outcome, sent := gateway.Unknown, 1
			if c.again {
				outcome, sent = gateway.Approved, 2
			}
			mustBe(t, f.client(t).Charge(context.Background(), sale()), outcome)
			if got := len(f.seen()); got != sent {
				t.Errorf("%d requests, want %d", got, sent)
			}
			// The judge of the second answer is as strict as the re-send.
			judged := gateway.Unknown
			if c.again {
				judged = gateway.Rejected
			}
			mustBe(t, result(asked{verb: charging}, reply{left: true, status: c.status, body: []byte(c.body)}), judged)
		})
	}
}

// The window has to last for one request, on however slow a machine.
func TestRefusedTokenWithoutANextOneIsNotSentByTheSendWindow(t *testing.T) {
	t.Parallel()
	f := newFake(t, always(401, staleToken))
	f.token = func(w http.ResponseWriter, r *http.Request) {
		if f.tokenRequests() > 1 {
			say(503, htmlPage)(w, r)
			return
		}
		f.counting(w, r)
	}
	c := f.client(t)
	charge := sale()
	charge.SendBefore = time.Now().Add(5 * time.Second)
	got := c.Charge(context.Background(), charge)
	mustBe(t, got, gateway.NotSent)
	if len(f.seen()) != 1 || !strings.Contains(got.Detail, "HTTP 503") {
		t.Errorf("%d requests; %s", len(f.seen()), got.Detail)
	}
}

func TestTokenEndpointDownIsNotSentByTheSendWindow(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"server error": say(503, htmlPage),
		"html":         say(200, htmlPage),
		"no token":     say(200, `{"token_type":"Bearer","expires_in":7200}`),
		"mac token":    say(200, `{"access_token":"x","token_type":"mac","expires_in":7200}`),
		"no life":      say(200, `{"access_token":"x","token_type":"Bearer","expires_in":0}`),
		"bad token":    say(200, `{"access_token":"x\ny","token_type":"Bearer","expires_in":7200}`),
		"twice":        say(200, `{"access_token":"x","access_token":"y","token_type":"Bearer","expires_in":7200}`),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, always(200, goodSale))
			f.token = answer
			charge := sale()
			charge.SendBefore = time.Now().Add(100 * time.Millisecond)
			got := f.client(t).Charge(context.Background(), charge)
			mustBe(t, got, gateway.NotSent)
			if len(f.seen()) != 0 || !strings.Contains(got.Detail, "access token") {
				t.Errorf("%d requests; %s", len(f.seen()), got.Detail)
			}
		})
	}
}

func TestRefusedPasswordIsTheOperatorsMatterAndNothingIsSent(t *testing.T) {
	f := newFake(t, always(200, goodSale))
	f.token = say(401, string(readFile(t, "token_refused.json")))
	got := f.client(t).Charge(context.Background(), sale())
	mustBe(t, got, gateway.Rejected)
	if !got.Rejection.Credentials || !got.Rejection.Again || got.Rejection.Code != "invalid_grant" || len(f.seen()) != 0 {
		t.Errorf("%d requests, %+v", len(f.seen()), got.Rejection)
	}
}

func TestAClientThatDoesNotRunSendsNothing(t *testing.T) {
	charge := sale()
	charge.SendBefore = time.Now().Add(10 * time.Millisecond)
	mustBe(t, newClient(t, "http://127.0.0.1:1").Charge(context.Background(), charge), gateway.NotSent)
}

func TestNeitherTokenNorPasswordIsLogged(t *testing.T) {
	var lines bytes.Buffer
	var mu sync.Mutex
	f := newFake(t, staleUntil("token-2"))
	f.token = f.counting
	c := f.client(t, func(config *Config) {
		config.Log = slog.New(slog.NewTextHandler(lockedWriter{&mu, &lines}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	mustBe(t, c.Charge(context.Background(), sale()), gateway.Approved)
	mu.Lock()
	defer mu.Unlock()
	if lines.Len() == 0 {
		t.Error("nothing was logged")
	}
	for _, secret := range []string{"token-1", "token-2", "p&ss=word", "p%26ss"} {
		if strings.Contains(lines.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

func TestANewPasswordIsUsedAtOnceAndNoCallWaits(t *testing.T) {
	keeping(t, []any{grant{"old", time.Hour}, grant{"new", time.Hour}}, func(t *testing.T, k *keeper, s *script) {
		after(10 * time.Minute)
		k.renew()
		if token, err := k.token(t.Context(), time.Time{}); err != nil || token != "old" {
			t.Errorf("before the new log-in has answered the token is %q, %v", token, err)
		}
		synctest.Wait()
		s.checkAsked(t, 0, 10*time.Minute)
		if token, err := k.token(t.Context(), time.Time{}); err != nil || token != "new" {
			t.Errorf("after it the token is %q, %v", token, err)
		}
	})
}

func TestARefusedNewPasswordLeavesTheTokenAtHandInUse(t *testing.T) {
	keeping(t, []any{grant{"old", time.Hour}, errCredentials, grant{"right", time.Hour}}, func(t *testing.T, k *keeper, s *script) {
		after(10 * time.Minute)
		k.renew()
		synctest.Wait()
		if token, err := k.token(t.Context(), time.Time{}); err != nil || token != "old" {
			t.Errorf("the token is %q, %v", token, err)
		}
		after(time.Second)
		// The right one is not kept waiting for what was refused.
		k.renew()
		synctest.Wait()
		s.checkAsked(t, 0, 10*time.Minute, 10*time.Minute+time.Second)
		if token, err := k.token(t.Context(), time.Time{}); err != nil || token != "right" {
			t.Errorf("the token is %q, %v", token, err)
		}
	})
}

func TestACallThatWasRefusedForThePasswordGoesOnWithTheNewOne(t *testing.T) {
	keeping(t, []any{errCredentials, grant{"right", time.Hour}}, func(t *testing.T, k *keeper, s *script) {
		k.renew()
		if token, err := k.token(t.Context(), time.Now().Add(time.Minute)); err != nil || token != "right" {
			t.Errorf("the token is %q, %v", token, err)
		}
	})
}

func TestALogInIsMadeWithTheNewestPassword(t *testing.T) {
	f := newFake(t, always(200, `{}`))
	var mu sync.Mutex
	var lines bytes.Buffer
	c := f.client(t, func(config *Config) { config.Log = slog.New(slog.NewTextHandler(lockedWriter{&mu, &lines}, nil)) })
	if _, err := c.tokens.token(t.Context(), soon()); err != nil {
		t.Fatal(err)
	}
	if err := c.UsePassword(""); err == nil {
		t.Error("no password was taken for one")
	}
	if err := c.UsePassword("the-next-password"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.fetchToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.lastLogIn(), "password=the-next-password") {
		t.Error("the last log-in does not have the new password")
	}
	mu.Lock()
	defer mu.Unlock()
	if strings.Contains(lines.String(), "the-next-password") {
		t.Error("the log shows the password")
	}
}

// The refusal of the old password may come after the new one is there.
func TestARefusalOfTheOldPasswordIsNoWordOnTheNewOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		asked := 0
		k := newKeeper(func(context.Context) (grant, error) {
			asked++
			if asked == 1 {
				time.Sleep(2 * time.Second)
				return grant{}, errCredentials
			}
			time.Sleep(5 * time.Second)
			return grant{"right", time.Hour}, nil
		}, nil, time.Now, slog.New(slog.DiscardHandler))
		go k.run(ctx)
		time.Sleep(time.Second)
		k.renew()
		if token, err := k.token(ctx, time.Now().Add(time.Minute)); err != nil || token != "right" {
			t.Errorf("the token is %q, %v", token, err)
		}
	})
}
