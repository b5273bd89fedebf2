package paytrace

import (
	"strings"
	"testing"
	"time"
)

func TestConfigurationNamesEveryFaultAtOnce(t *testing.T) {
	_, err := New(Config{
		BaseURL: "ftp://secret@example.org", IntegratorID: "longer than twelve", ReferenceField: "invoice_id",
		TimeZone: "Mars/Olympus", CallTimeout: -time.Second, MaxConnections: -1, MaxLookConnections: -1,
	})
	if err == nil {
		t.Fatal("a broken configuration was taken")
	}
	for _, field := range []string{"baseURL", "username", "password", "integratorId", "referenceField", "timeZone", "callTimeout", "maxConnections", "maxLookConnections"} {
		if !strings.Contains(err.Error(), field+":") {
			t.Errorf("%s is not named in %q", field, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Error("the address is quoted with what was in it")
	}
}

func TestBaseURLs(t *testing.T) {
	for base, live := range map[string][2]bool{ // taken in test mode, in live mode
		"https://api.paytrace.com":         {true, true},
		"https://api.paytrace.com/":        {true, true},
		"http://127.0.0.1:8081":            {true, false},
		"http://localhost:8081":            {true, false},
		"http://[::1]:8081":                {true, false},
		"http://api.paytrace.com":          {false, false},
		"https://api.paytrace.com/v1":      {false, false},
		"https://user:pw@api.paytrace.com": {false, false},
		"api.paytrace.com":                 {false, false},
		"":                                 {false, false},
	} {
		for i, isLive := range []bool{false, true} {
			config := testConfig(base)
			config.LiveMode = isLive
			if _, err := New(config); (err == nil) != live[i] {
				t.Errorf("%q, live %t: %v", base, isLive, err)
			}
		}
	}
}
