package sinktest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// plantedNumbers are test card numbers, which answers smuggle in.
var plantedNumbers = []string{"4111111111111111", "378282246310005"}

// smuggled are ways in which a foreign system may write them.
var smuggled = []string{
	"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111", "3782 822463 10005",
	"４１１１１１１１１１１１１１１１", "4111\u00a01111\u00a01111\u00a01111", "4111\u200b1111\u200b1111\u200b1111", "4111\t1111\t1111\t1111",
	"4111\n1111\n1111\n1111", "card=378282246310005&x=1",
}

// bodies are what no client asks for.
var bodies = map[string]string{
	"nothing":           "",
	"spaces":            " \r\n\t ",
	"null":              "null",
	"a number":          "-0",
	"a cut object":      `{"message":"cu`,
	"an empty object":   "{}",
	"an empty array":    "[]",
	"an array of null":  "[null]",
	"arrays all down":   strings.Repeat("[", 20000),
	"objects all down":  strings.Repeat(`{"a":`, 20000),
	"other types":       `{"message":{"a":[1]},"error":7,"errorCode":[],"success":"yes","errors":"none","id":false,"items":{}}`,
	"a page":            "<!doctype html><html><head><title>502 Bad Gateway</title></head><body>" + strings.Repeat("<p>lorem</p>", 500),
	"control letters":   "\x00\x1b[31mred\x07\r\nSet-Cookie: a=b\u202e\ufeff",
	"no text":           "\xff\xfe\xc0\xaf\xed\xa0\x80",
	"a long word":       strings.Repeat("word", 5000),
	"a format":          `{"message":"%s %d %!v(PANIC) %1"}`,
	"Magento's message": `{"message":"The \"%1\" entity cannot be processed.","parameters":"not a list"}`,
	"Salesforce's list": `[{"message":7,"errorCode":null,"fields":{}}]`,
}

// wires are answers that are not HTTP, or not all of it, written on the bare
// connection.
var wires = map[string]string{
	"no answer at all":        "",
	"another protocol":        "220 mail.example.com ESMTP ready\r\n",
	"half a status line":      "HTTP/1.",
	"a status beyond HTTP":    "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
	"no headers' end":         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
	"a cut body":              "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":",
	"a cut chunk":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\"id\":",
	"a chunk without size":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
	"a negative length":       "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
	"two lengths":             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
	"gzip that is none":       "HTTP/1.1 500 Oops\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\noops",
	"a cut failure":           "HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nbusy",
	"a card in the reason":    "HTTP/1.1 500 4111111111111111\r\nContent-Length: 0\r\n\r\n",
	"headers that are no end": "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Long: "+strings.Repeat("a", 1000)+"\r\n", 3000) + "\r\n",
}

// answer answers with a status and a body.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// wire takes the connection and writes bytes that may be no HTTP.
func (d *double) wire(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, err := hijack(w)
		if err != nil {
			return
		}
		defer connection.Close()
		d.noteRaw(raw)
		_, _ = io.WriteString(connection, raw)
	}
}

// noteRaw notes the status of a raw answer.
func (d *double) noteRaw(raw string) {
	var status int
	if n, _ := fmt.Sscanf(raw, "HTTP/1.1 %d", &status); n == 1 {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.statuses = append(d.statuses, status)
	}
}

// reset ends the connection the hard way.
func reset(w http.ResponseWriter, _ *http.Request) {
	connection, err := hijack(w)
	if err != nil {
		return
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	connection.Close()
}

func hijack(w http.ResponseWriter) (net.Conn, error) {
	connection, _, err := http.NewResponseController(w).Hijack()
	return connection, err
}

// silent takes the request, says so, and answers nothing before the end.
func (d *double) silent(asked chan<- struct{}) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		tell(asked)
		select {
		case <-r.Context().Done():
		case <-d.ended:
		}
	}
}

// dripping answers the head and one byte, says so, and never ends.
func (d *double) dripping(asked chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		d.silent(asked)(w, r)
	}
}

func tell(asked chan<- struct{}) {
	select {
	case asked <- struct{}{}:
	default:
	}
}

// endlessAtMost is where the double gives up to say more.
const endlessAtMost = 64 << 20

// endless writes until nobody reads any more, and says whether all of it was
// taken.
func endless(status int, taken chan<- bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		block := []byte(strings.Repeat(`{"message":"more"},`, 4096))
		for sent := 0; sent < endlessAtMost; sent += len(block) {
			if _, err := w.Write(block); err != nil {
				taken <- false
				return
			}
		}
		taken <- true
	}
}
