package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"paytrace-gateway/api"
	"paytrace-gateway/api/auth"
)

// The memory of a request is looked at after its answer: no digit may be left.

// watched is a listener that remembers which memory its connections read into.
type watched struct {
	net.Listener
	mu   sync.Mutex
	read [][]byte
}

type watchedConn struct {
	net.Conn
	by *watched
}

func (w *watched) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return watchedConn{c, w}, nil
}

func (c watchedConn) Read(p []byte) (int, error) {
	c.by.mu.Lock() // whoever has looked at the memory has ended
	c.by.mu.Unlock()
	n, err := c.Conn.Read(p)
	c.by.mu.Lock()
	defer c.by.mu.Unlock()
	c.by.read = append(c.by.read, p[:n])
	return n, err
}

// Write is what follows the wiping, so that who holds the lock afterwards sees
// what was wiped.
func (c watchedConn) Write(p []byte) (int, error) {
	c.by.mu.Lock()
	defer c.by.mu.Unlock()
	return c.Conn.Write(p)
}

// holds says that there is memory with these words in it, and forgets it.
func (w *watched) holds(words string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := false
	for _, p := range w.read {
		found = found || bytes.Contains(p, []byte(words))
	}
	w.read = nil
	return found
}

func (w *watched) reads() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.read)
}

func watch(h *house, serve func(net.Listener) error) *watched {
	h.t.Helper()
	w := &watched{Listener: must(net.Listen("tcp", "127.0.0.1:0"))(h.t)}
	go serve(w) // until the house is shut
	return w
}

// send writes a request as it stands, in pieces, and reads its answer.
func (w *watched) send(h *house, key, body string, pieces int) (answer string, closed bool) {
	h.t.Helper()
	c := must(net.Dial("tcp", w.Addr().String()))(h.t)
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	text := post(h, key, body)
	for size := (len(text) + pieces - 1) / pieces; text != ""; text = text[min(size, len(text)):] {
		must(io.WriteString(c, text[:min(size, len(text))]))(h.t)
	}
	in := bufio.NewReader(c)
	res := must(http.ReadResponse(in, nil))(h.t)
	raw := must(io.ReadAll(res.Body))(h.t)
	return fmt.Sprint(res.StatusCode, " ", string(raw)), res.Close
}

// post is a request as it stands on the wire.
func post(h *house, key, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		payments, h.token(shop), key, len(body), body)
}

func TestAConnectionKeepsNothingOfACard(t *testing.T) {
	h := mainTakesCards(t)
	// Longer than the reader's buffer, so that it fills and is filled again.
	long := paidByCard(entered(cardRun, "973"), "metadata", `{"a":"`+strings.Repeat("x", 500)+`"}`) + strings.Repeat(" ", 30_000)
	public, cards := watch(h, h.server.Serve), watch(h, h.server.ServeCards)
	for i, row := range []struct {
		name   string
		to     *watched
		body   string
		status string
	}{
		{"taken", cards, paidByCard(entered(cardRun, "973")), "201"},
		{"taken, long", cards, long, "201"},
		{"refused by its number", cards, paidByCard(entered(cardRun[:15]+"2", "973")), "400"},
		{"no JSON", cards, "x" + paidByCard(entered(cardRun, "973")), "400"},
		{"refused by the listener", public, paidByCard(entered(cardRun, "973")), "422"},
		{"refused by the listener, long", public, long, "422"},
		{"refused in a name", public, payment(cardRun, "1"), "422"},
		{"refused in an order", public, payment("orderId", `"`+cardRun+`"`), "422"},
		{"refused in a note", public, payment("metadata.note", `"card `+cardSpaced+`"`), "422"},
	} {
		for _, pieces := range []int{1, 7} {
			answer, closed := row.to.send(h, fmt.Sprintf("k-%d-%d", i, pieces), row.body, pieces)
			if !strings.HasPrefix(answer, row.status) || !closed {
				t.Errorf("%s: closed %t, %s", row.name, closed, answer)
			}
			if row.to.holds("411111111111") {
				t.Errorf("%s in %d pieces: the connection's buffer still holds the card", row.name, pieces)
			}
		}
	}
	// An ordinary request keeps its connection, and what it held is no secret.
	if answer, closed := public.send(h, "ordinary", sale("1.00"), 1); !strings.HasPrefix(answer, "201") || closed {
		t.Errorf("closed %t, %s", closed, answer)
	}
	if !public.holds("hpfToken") {
		t.Error("this test sees nothing of the memory")
	}
}

// The body is in a buffer of its own, which the next request uses again.
func TestNoBodyOutlivesItsAnswer(t *testing.T) {
	h := newHouse(t)
	for key, row := range map[string]struct {
		body   string
		status int
	}{
		"card":    {paidByCard(entered(cardRun, "973")), http.StatusUnprocessableEntity},
		"text":    {payment("orderId", `"`+cardRun+`"`), http.StatusUnprocessableEntity},
		"broken":  {`{"paymentMethod":{"card":{"cardNumber":"` + cardRun + `"`, http.StatusBadRequest},
		"good":    {sale("1.00"), http.StatusCreated},
		"unknown": {payment("zqmarker7", "1"), http.StatusBadRequest},
	} {
		ctx := read(h, key, row.body)
		h.server.Handler()(ctx)
		mustBeForgotten(t, ctx, row.status)
	}
}

func TestABodyIsForgottenWhenAHandlerPanics(t *testing.T) {
	h := newHouse(t)
	// Without a gateway the handler panics as soon as it asks it for something.
	broken := api.New(api.Config{Verifier: auth.NewVerifier(h.auth), Log: slog.New(slog.DiscardHandler), Now: time.Now})
	ctx := read(h, "panic", sale("1.00"))
	broken.Handler()(ctx)
	mustBeForgotten(t, ctx, http.StatusInternalServerError)
}

// read is a request that has been read, as the server's loop does it.
func read(h *house, key, body string) *fasthttp.RequestCtx {
	h.t.Helper()
	ctx := &fasthttp.RequestCtx{}
	if err := ctx.Request.Read(bufio.NewReader(strings.NewReader(post(h, key, body)))); err != nil {
		h.t.Fatal(err)
	}
	return ctx
}

func mustBeForgotten(t *testing.T, ctx *fasthttp.RequestCtx, status int) {
	t.Helper()
	if got := ctx.Response.StatusCode(); got != status {
		t.Errorf("the answer is %d, want %d: %s", got, status, ctx.Response.Body())
	}
	kept := ctx.Request.Body()
	if left := bytes.Trim(kept[:cap(kept)], "\x00"); len(kept) == 0 || len(left) != 0 {
		t.Errorf("%d: of %d bytes %d are left", status, len(kept), len(left))
	}
}

// A body that never ends is in its buffer too. It is long enough to be read
// into that buffer without a detour.
func TestABodyThatBreaksOffIsForgotten(t *testing.T) {
	h := mainTakesCards(t)
	cards := watch(h, h.server.ServeCards)
	head, body, _ := strings.Cut(post(h, "half", paidByCard(entered(cardRun, "973"))+strings.Repeat(" ", 40_000)), "\r\n\r\n")
	c := must(net.Dial("tcp", cards.Addr().String()))(t).(*net.TCPConn)
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	must(io.WriteString(c, head+"\r\n\r\n"))(t)
	for limit := time.Now().Add(time.Minute); cards.reads() == 0 && time.Now().Before(limit); {
		runtime.Gosched()
	}
	must(io.WriteString(c, body[:20_000]))(t)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer := string(must(io.ReadAll(c))(t))
	if !strings.HasPrefix(answer, "HTTP/1.1 400") || strings.Contains(answer, cardRun) {
		t.Errorf("got %q", answer)
	}
	if cards.holds(cardRun) {
		t.Error("what was read of the body is still there")
	}
}

// What breaks off, or is too long, never comes to a handler: what was read of it
// is in the connection's buffer alone.
func TestWhatCannotBeReadIsForgottenByItsConnection(t *testing.T) {
	h := mainTakesCards(t)
	for on, serve := range map[string]func(net.Listener) error{"cards": h.server.ServeCards, "public": h.server.Serve} {
		w := watch(h, serve)
		whole := post(h, "half", paidByCard(entered(cardRun, "973"))+strings.Repeat(" ", 2_000))
		for name, row := range map[string]struct{ text, status string }{
			"breaks off":   {whole[:len(whole)-1_000], "400"},
			"too long":     {strings.Replace(whole, "Content-Length: ", "Content-Length: 99", 1), "413"},
			"no method":    {strings.Replace(whole, "POST", "GRAB", 1), "405"},
			"twice framed": {strings.Replace(whole, "Host: h\r\n", "Host: h\r\nContent-Length: 3\r\n", 1), "400"},
		} {
			c := must(net.Dial("tcp", w.Addr().String()))(t).(*net.TCPConn)
			c.SetDeadline(time.Now().Add(time.Minute))
			must(io.WriteString(c, row.text))(t)
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(c) // a connection may be reset behind its answer
			if !strings.HasPrefix(string(answer), "HTTP/1.1 "+row.status) {
				t.Errorf("%s, %s: got %q", on, name, answer)
			}
			if w.holds("411111111111") {
				t.Errorf("%s, %s: the connection's buffer still holds the card", on, name)
			}
			c.Close()
		}
	}
}
