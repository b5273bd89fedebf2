package api_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// raw sends bytes as they are over a connection of its own and returns every
// answer up to the connection's end. When hangUp is false it is the gateway
// that has to end it.
func (h *house) raw(text string, hangUp bool) []answer {
	h.t.Helper()
	conn := must(net.Dial("tcp", h.public))(h.t)
	defer conn.Close()
	// The deadline only bounds a test that fails.
	must(0, conn.SetDeadline(time.Now().Add(2*time.Minute)))(h.t)
	must(io.WriteString(conn, text))(h.t)
	if hangUp {
		must(0, conn.(*net.TCPConn).CloseWrite())(h.t)
	}
	all, err := io.ReadAll(conn)
	if err != nil {
		h.t.Errorf("the connection was not closed in order: %v", err)
	}
	return h.answersIn(all)
}

func (h *house) answersIn(all []byte) []answer {
	h.t.Helper()
	var answers []answer
	in := bufio.NewReader(bytes.NewReader(all))
	for {
		if _, err := in.Peek(1); errors.Is(err, io.EOF) {
			return answers
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			h.t.Fatalf("this is no HTTP answer: %v: %q", err, all)
		}
		body := must(io.ReadAll(res.Body))(h.t)
		a := readAnswer(h.t, res.StatusCode, res.Header, body)
		a.last = res.Close
		answers = append(answers, a)
		if res.StatusCode >= 400 {
			h.judge("GET", "/stray", res.StatusCode, res.Header, body)
		}
	}
}

// rawSale is the bytes of a good payment; head takes further header lines, or
// replaces the framing when it has one.
func (h *house) rawSale(key, framing, body string, head ...string) string {
	lines := append([]string{
		"POST " + payments + " HTTP/1.1", "Host: gateway.test", "Authorization: Bearer " + h.token(shop),
		"Content-Type: application/json", "Idempotency-Key: " + key,
	}, head...)
	if framing != "" {
		lines = append(lines, strings.Split(framing, "\n")...)
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

// whole is a good payment with a good length.
func (h *house) whole(key string) string {
	body := sale("1.00")
	return h.rawSale(key, fmt.Sprintf("Content-Length: %d", len(body)), body)
}

func chunk(body string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) }

func TestRequestsWhoseEndCouldBeReadInTwoWaysAreRefusedAndSmuggleNothing(t *testing.T) {
	h := newHouse(t)
	body := sale("1.00")
	length := fmt.Sprintf("Content-Length: %d", len(body))
	for name, row := range map[string]struct {
		framing, body string
		field         string
	}{
		"length, then chunks":             {"Content-Length: 5\nTransfer-Encoding: chunked", "0\r\n\r\n", "Transfer-Encoding"},
		"chunks, then length":             {"Transfer-Encoding: chunked\nContent-Length: 5", "0\r\n\r\n", "Transfer-Encoding"},
		"in odd cases":                    {"cOnTeNt-LeNgTh: 5\ntRANSFER-eNCODING: ChUnKeD", "0\r\n\r\n", "Transfer-Encoding"},
		"chunks of a good payment":        {length + "\nTransfer-Encoding: chunked", chunk(body), "Transfer-Encoding"},
		"a length of nothing beside":      {"Content-Length: 0\nTransfer-Encoding: chunked", chunk(body), "Transfer-Encoding"},
		"a tab before chunked":            {length + "\nTransfer-Encoding:\tchunked", chunk(body), "Transfer-Encoding"},
		"a blank after chunked":           {length + "\nTransfer-Encoding: chunked ", chunk(body), "Transfer-Encoding"},
		"identity beside a length":        {length + "\nTransfer-Encoding: identity", body, "Transfer-Encoding"},
		"identity alone":                  {"Transfer-Encoding: identity", "", "Transfer-Encoding"},
		"a blank before the colon":        {length + "\nTransfer-Encoding : chunked", chunk(body), ""},
		"a blank before the length":       {"Content-Length : 5\nTransfer-Encoding: chunked", "0\r\n\r\n", ""},
		"a folded coding":                 {length + "\nTransfer-Encoding:\r\n chunked", chunk(body), "*"},
		"a folded line":                   {length + "\nX-Fold: a\r\n Transfer-Encoding: chunked", body, "*"},
		"chunked, identity":               {"Transfer-Encoding: chunked, identity", chunk(body), ""},
		"identity, chunked":               {"Transfer-Encoding: identity, chunked", chunk(body), ""},
		"chunked twice in one line":       {"Transfer-Encoding: chunked, chunked", chunk(body), ""},
		"gzip, chunked":                   {"Transfer-Encoding: gzip, chunked", chunk(body), ""},
		"almost chunked":                  {"Transfer-Encoding: xchunked", chunk(body), ""},
		"chunked in quotes":               {`Transfer-Encoding: "chunked"`, chunk(body), ""},
		"two codings":                     {"Transfer-Encoding: chunked\nTransfer-Encoding: chunked", chunk(body), ""},
		"two codings, one of them none":   {"Transfer-Encoding: chunked\nTransfer-Encoding: identity", chunk(body), ""},
		"no coding":                       {"Transfer-Encoding: ", chunk(body), ""},
		"two lengths":                     {length + "\nContent-Length: 5", body, ""},
		"the same length twice":           {length + "\n" + length, body, ""},
		"two lengths in one line":         {"Content-Length: 5, 5", "{}   ", ""},
		"a length with a sign":            {"Content-Length: +5", "{}   ", ""},
		"a length below nothing":          {"Content-Length: -5", "{}   ", ""},
		"a length in hexadecimals":        {"Content-Length: 0x5", "{}   ", ""},
		"a length with a blank":           {"Content-Length: 5 5", "{}   ", ""},
		"a length of nothing":             {"Content-Length: ", "", ""},
		"a length of words":               {"Content-Length: " + marker, "", ""},
		"a length beyond 64 bits":         {"Content-Length: 18446744073709551621", "{}   ", ""},
		"a chunk's length of words":       {"Transfer-Encoding: chunked", "zqmarker7\r\n\r\n", ""},
		"a chunk's length with a sign":    {"Transfer-Encoding: chunked", "-1\r\n\r\n0\r\n\r\n", ""},
		"a chunk's length with 0x":        {"Transfer-Encoding: chunked", "0x2\r\n{}\r\n0\r\n\r\n", ""},
		"a chunk's length beyond 64 bits": {"Transfer-Encoding: chunked", "10000000000000002\r\n{}\r\n0\r\n\r\n", ""},
		"a chunk longer than it says":     {"Transfer-Encoding: chunked", "2\r\n{}zqmarker7\r\n0\r\n\r\n", ""},
		"a chunk ended by a bare LF":      {"Transfer-Encoding: chunked", "2\n{}\n0\n\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inner := *h
			inner.t = t
			text := inner.rawSale("first", row.framing, row.body) + inner.whole("smuggled")
			answers := inner.raw(text, false)
			if len(answers) != 1 {
				t.Fatalf("%d answers, want one: %+v", len(answers), answers)
			}
			if row.field == "*" {
				answers[0].expect(http.StatusBadRequest, "code", "invalid_request")
			} else {
				answers[0].refused(http.StatusBadRequest, "invalid_request", row.field)
			}
			if !answers[0].last {
				t.Errorf("the answer does not say that the connection ends: %v", answers[0].header)
			}
			if bytes.Contains(answers[0].raw, []byte(marker)) {
				t.Errorf("the answer quotes the request: %s", answers[0].raw)
			}
		})
	}
	h.expectCharges(0)
	h.do(call{path: payments + "/by-key/smuggled"}).refused(http.StatusNotFound, "not_found", "")
}

func TestABodyThatIsReadToItsEndSmugglesNothing(t *testing.T) {
	h := newHouse(t)
	form := "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nzqmarker7\r\n--b--\r\n"
	// A reader of forms that stops at the last boundary has read this far.
	inside := form + strings.Repeat(" ", 4096-len(form)) + h.whole("smuggled")
	text := strings.Replace(h.rawSale("first", fmt.Sprintf("Content-Length: %d", len(inside)), inside),
		"application/json", "multipart/form-data; boundary=b", 1)
	answers := h.raw(text, true)
	if len(answers) != 1 {
		t.Fatalf("%d answers, want one", len(answers))
	}
	answers[0].refused(http.StatusUnsupportedMediaType, "media_type_not_supported", "")
	h.expectCharges(0)
}

func TestWhatTheTrailerSaysIsNoHeader(t *testing.T) {
	h := newHouse(t)
	body := sale("1.00")
	text := strings.Replace(h.rawSale("first", "Transfer-Encoding: chunked\nTrailer: Idempotency-Key",
		fmt.Sprintf("%x\r\n%s\r\n0\r\nIdempotency-Key: trailed\r\n\r\n", len(body), body)), "Idempotency-Key: first\r\n", "", 1)
	answers := h.raw(text, false)
	if len(answers) != 1 {
		t.Fatalf("%d answers, want one", len(answers))
	}
	answers[0].refused(http.StatusBadRequest, "invalid_request", "Idempotency-Key")
	h.expectCharges(0)
}

func TestGoodRequestsOnOneConnectionAreAllAnswered(t *testing.T) {
	h := newHouse(t)
	body := sale("1.00")
	text := h.whole("one") + h.rawSale("two", "Transfer-Encoding: chunked", chunk(body)) +
		h.rawSale("three", "Expect: 100-continue\nContent-Length: "+fmt.Sprint(len(body)), body) + h.whole("four")
	var made int
	for _, a := range h.raw(text, true) {
		if a.status != http.StatusContinue {
			a.expect(http.StatusCreated, "status", "approved")
			made++
		}
	}
	if made != 4 {
		t.Errorf("%d of 4 were answered", made)
	}
	h.expectCharges(4)
}
