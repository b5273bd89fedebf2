package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func TestRequestsThatAreNoHTTPAreRefused(t *testing.T) {
	h := newHouse(t)
	bearer := "Authorization: Bearer " + h.token(shop)
	get := func(lines ...string) string {
		return strings.Join(append([]string{"GET " + payments + " HTTP/1.1", "Host: gateway.test", bearer}, lines...), "\r\n") + "\r\n\r\n"
	}
	for name, row := range map[string]struct {
		text   string
		status int
		code   string
		field  string
	}{
		"no host":                     {strings.Replace(get(), "Host: gateway.test\r\n", "", 1), 400, "invalid_request", ""},
		"two hosts":                   {get("Host: " + marker), 400, "invalid_request", ""},
		"one bare line feed":          {get("X-Marker: a\nX-Other: " + marker), 400, "invalid_request", "headers"},
		"a bare carriage return":      {get("X-Marker: a\rX-Other: " + marker), 400, "invalid_request", ""},
		"a NUL in a value":            {get("X-Marker: zq\x00marker7"), 400, "invalid_request", ""},
		"a control character":         {get("X-Marker: zqmarker7\x07"), 400, "invalid_request", ""},
		"a NUL in a name":             {get("X-Mar\x00ker: " + marker), 400, "invalid_request", ""},
		"a blank in a name":           {get("X Marker: " + marker), 400, "invalid_request", "headers"},
		"no name":                     {get(": " + marker), 400, "invalid_request", ""},
		"no colon":                    {get(marker), 400, "invalid_request", ""},
		"a version from the future":   {strings.Replace(get(), "HTTP/1.1", "HTTP/9.9", 1), 400, "invalid_request", "version"},
		"a version that is none":      {strings.Replace(get(), "HTTP/1.1", marker, 1), 400, "invalid_request", ""},
		"HTTP/2":                      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405, "method_not_allowed", ""},
		"TLS":                         {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03zqmarker7\r\n\r\n", 400, "invalid_request", ""},
		"no path":                     {"GET\r\n\r\n", 400, "invalid_request", ""},
		"a card in a broken line":     {cardRun + "\r\n\r\n", 400, "invalid_request", ""},
		"HTTP/1.0 with chunks":        {"POST " + payments + " HTTP/1.0\r\nHost: a\r\n" + bearer + "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400, "invalid_request", ""},
		"a method of its own":         {strings.Replace(get(), "GET", strings.ToUpper(marker), 1), 405, "method_not_allowed", ""},
		"a method in small letters":   {strings.Replace(get(), "GET", "get", 1), 405, "method_not_allowed", ""},
		"Authorization twice":         {get("authorization: Bearer " + marker), 400, "invalid_request", "Authorization"},
		"Idempotency-Key twice":       {get("Idempotency-Key: a", "idempotency-key: "+marker), 400, "invalid_request", "Idempotency-Key"},
		"Content-Type twice":          {get("Content-Type: application/json", "CONTENT-TYPE: "+marker), 400, "invalid_request", "Content-Type"},
		"X-Request-Timeout-Ms twice":  {get("X-Request-Timeout-Ms: 1000", "x-request-timeout-ms: 2000"), 400, "invalid_request", "X-Request-Timeout-Ms"},
		"headers of 16 KiB":           {filledTo(get(), 16<<10), 431, "headers_too_large", ""},
		"a path of 16 KiB":            {"GET /" + strings.Repeat("a", 16<<10-5), 431, "headers_too_large", ""},
		"a body of 64 KiB and one":    {h.rawSale("k", "Content-Length: 65537", ""), 413, "body_too_large", ""},
		"a body of many bytes":        {h.rawSale("k", "Content-Length: 9000000000000000000", ""), 413, "body_too_large", ""},
		"a chunk of 64 KiB and one":   {h.rawSale("k", "Transfer-Encoding: chunked", "10001\r\n"), 413, "body_too_large", ""},
		"chunks of 64 KiB and one":    {h.rawSale("k", "Transfer-Encoding: chunked", strings.Repeat("8000\r\n"+strings.Repeat(" ", 1<<15)+"\r\n", 2)+"1\r\n"), 413, "body_too_large", ""},
		"a chunk of many bytes":       {h.rawSale("k", "Transfer-Encoding: chunked", "7fffffffffffffff\r\n"), 400, "invalid_request", ""},
		"a body that waits to be let": {h.rawSale("k", "Expect: 100-continue\nContent-Length: 65537", ""), 413, "body_too_large", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inner := *h
			inner.t = t
			answers := inner.raw(row.text, false)
			for len(answers) > 1 && answers[0].status == http.StatusContinue {
				answers = answers[1:]
			}
			if len(answers) != 1 {
				t.Fatalf("%d answers, want one: %+v", len(answers), answers)
			}
			answers[0].refused(row.status, row.code, row.field)
			for _, word := range []string{marker, strings.ToUpper(marker), cardRun} {
				if bytes.Contains(answers[0].raw, []byte(word)) {
					t.Errorf("the answer quotes the request: %s", answers[0].raw)
				}
			}
		})
	}
	if log := h.log.String(); strings.Contains(log, strings.ToUpper(marker)) {
		t.Errorf("the log quotes a method: %s", log)
	}
	h.expectCharges(0)
}

// filledTo is the request with one header more, so that n bytes are reached
// before its headers end.
func filledTo(request string, n int) string {
	text := strings.TrimSuffix(request, "\r\n") + "X-Filler: "
	return text + strings.Repeat("f", n-len(text))
}

func TestHTTP10IsAnsweredAndItsConnectionEnds(t *testing.T) {
	h := newHouse(t)
	answers := h.raw("GET /healthz HTTP/1.0\r\nHost: gateway.test\r\n\r\n", false)
	if len(answers) != 1 {
		t.Fatalf("%d answers, want one", len(answers))
	}
	answers[0].expect(http.StatusOK, "status", "ok")
}
