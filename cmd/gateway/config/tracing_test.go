package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestTracingIsReadAsWritten(t *testing.T) {
	w := newWorld()
	w.env["KEY"] = plain
	w.files["etc/otlp"] = file{data: plain + "\n", mode: 0o600}
	c := w.mustParse(t, `tracing: {endpoint: "https://otlp.test:4318/v1/traces", sample: 0.25, headers: {Api-Key: "${KEY}", x-team: {file: otlp}}}`+"\n"+minimal)
	got := c.Tracing
	if got.Endpoint != "https://otlp.test:4318/v1/traces" || got.Sample != 0.25 || len(got.Headers) != 2 ||
		got.Headers["Api-Key"].Reveal() != plain || got.Headers["x-team"].Reveal() != plain {
		t.Errorf("got %+v", got)
	}
	const want = `tracing:
  endpoint: https://otlp.test:4318/v1/traces
  sample: 0.25
  headers:
    Api-Key: set (24 characters, from ${KEY})
    x-team: set (24 characters, from file etc/otlp)
`
	if !strings.Contains(strings.ReplaceAll(c.Redacted(), `\`, "/"), want) {
		t.Errorf("got:\n%s\nwant in it:\n%s", c.Redacted(), want)
	}
	silent(t, "Redacted", c.Redacted())
	silent(t, "%+v", fmt.Sprintf("%+v %#v", got, got))
}

func TestHeadersMayGoToThisMachineInTheClear(t *testing.T) {
	for _, endpoint := range []string{`""`, "http://127.0.0.1:4318", "'http://[::1]:4318'", "http://localhost:4318"} {
		newWorld().mustParse(t, "tracing: {headers: {Api-Key: '${PASSWORD}'}, endpoint: "+endpoint+"}\n"+minimal)
	}
}

func TestTracingHasAtMost20Headers(t *testing.T) {
	for _, count := range []int{20, 21} {
		var headers []string
		for i := range count {
			headers = append(headers, fmt.Sprintf("h%d: '${PASSWORD}'", i))
		}
		_, err := newWorld().parse("tracing: {headers: {" + strings.Join(headers, ", ") + "}}\n" + minimal)
		if count == 20 && err != nil {
			t.Error(err)
		}
		if want := "etc/gateway.yaml:1:20: tracing.headers: expected at most 20 headers"; count == 21 && (err == nil || err.Error() != want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSharesAreWrittenInPlainDigits(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "1": 1, "0.0": 0, "1.0": 1, "0.001": 0.001, "0.999999999": 0.999999999} {
		if got, ok := parseShare(text); !ok || got != want {
			t.Errorf("%s: got %v, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "-0", "-0.1", "+1", "1.1", "2", "1e-3", "0x1p-2", "NaN", "inf", ".5", "0.", "0.0000000001", "50%"} {
		if got, ok := parseShare(text); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
