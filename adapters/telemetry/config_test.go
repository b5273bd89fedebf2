package telemetry

import (
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"
)

func TestFaultsOfTheConfigurationAreNamed(t *testing.T) {
	key := map[string]string{"Authorization": "secret"}
	for name, c := range map[string]struct {
		tracing Tracing
		want    string // "" for none
	}{
		"off":                         {Tracing{Sample: 7, Headers: key}, ""},
		"on loopback with a key":      {Tracing{Endpoint: "http://127.0.0.1:4318", Sample: 1, Headers: key}, ""},
		"with a path":                 {Tracing{Endpoint: "https://collector.example/v1/traces", Sample: .5, Headers: key}, ""},
		"plain, without a key":        {Tracing{Endpoint: "http://collector.example:4318", Sample: 0}, ""},
		"plain, with a key":           {Tracing{Endpoint: "http://collector.example:4318", Sample: 1, Headers: key}, "tracing.headers"},
		"no scheme":                   {Tracing{Endpoint: "collector:4318", Sample: 1}, "tracing.endpoint"},
		"another scheme":              {Tracing{Endpoint: "grpc://collector:4317", Sample: 1}, "tracing.endpoint"},
		"no host":                     {Tracing{Endpoint: "http:///v1/traces", Sample: 1}, "tracing.endpoint"},
		"a password":                  {Tracing{Endpoint: "https://me:secret@collector.example", Sample: 1}, "tracing.endpoint"},
		"a query":                     {Tracing{Endpoint: "https://collector.example/?key=secret", Sample: 1}, "tracing.endpoint"},
		"more than all":               {Tracing{Endpoint: "http://127.0.0.1:4318", Sample: 1.5}, "tracing.sample"},
		"less than none":              {Tracing{Endpoint: "http://127.0.0.1:4318", Sample: -1}, "tracing.sample"},
		"not a number":                {Tracing{Endpoint: "http://127.0.0.1:4318", Sample: math.NaN()}, "tracing.sample"},
		"a header with two lines":     {Tracing{Endpoint: "http://127.0.0.1:4318", Sample: 1, Headers: map[string]string{"X": "secret\r\nY: z"}}, "tracing.headers"},
		"a header that is no header":  {Tracing{Endpoint: "http://127.0.0.1:4318", Sample: 1, Headers: map[string]string{"a b": "secret"}}, "tracing.headers"},
		"several faults are all told": {Tracing{Endpoint: "collector", Sample: 2}, "tracing.sample"},
	} {
		t.Run(name, func(t *testing.T) {
			tel, err := New(Config{Now: time.Now, Log: slog.New(slog.DiscardHandler), Tracing: c.tracing})
			if err == nil {
				defer tel.Shutdown(t.Context())
			}
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

func TestANameThatIsNotTextIsRefused(t *testing.T) {
	if _, err := New(Config{Merchants: []string{"\xff"}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("it was taken")
	}
}
