package redis

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestEveryFaultOfTheSettingsIsNamedAtOnce(t *testing.T) {
	noCertificate := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(noCertificate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := func() Config { return Config{Addrs: []string{"127.0.0.1:6379"}} }
	for name, test := range map[string]struct {
		change func(*Config)
		faults []string
	}{
		"no address":            {func(c *Config) { c.Addrs = nil }, []string{"addrs"}},
		"no port":               {func(c *Config) { c.Addrs[0] = "redis" }, []string{"addrs[0]"}},
		"no such port":          {func(c *Config) { c.Addrs[0] = "redis:70000" }, []string{"addrs[0]"}},
		"a URL as an address":   {func(c *Config) { c.Addrs[0] = "redis://h:1" }, []string{"addrs[0]"}},
		"two that stand alone":  {func(c *Config) { c.Addrs = append(c.Addrs, "b:2") }, []string{"stands alone"}},
		"Sentinel and Cluster":  {func(c *Config) { c.Cluster, c.MasterName = true, "m" }, []string{"not both"}},
		"database in a Cluster": {func(c *Config) { c.Cluster, c.DB = true, 1 }, []string{"db:"}},
		"negative database":     {func(c *Config) { c.DB = -1 }, []string{"db:"}},
		"user without password": {func(c *Config) { c.Username = "u" }, []string{"password:"}},
		"braces":                {func(c *Config) { c.Prefix = "{x}" }, []string{"prefix:"}},
		"more idle than all":    {func(c *Config) { c.Connections, c.IdleConnections = 2, 3 }, []string{"idleConnections"}},
		"negative": {
			func(c *Config) { c.DialTimeout, c.PoolTimeout, c.CallTimeout, c.Connections = -1, -1, -1, -1 },
			[]string{"dialTimeout", "poolTimeout", "callTimeout", "connections"},
		},
		"Sentinel's user":       {func(c *Config) { c.SentinelUsername = "u" }, []string{"sentinelPassword"}},
		"password of Sentinels": {func(c *Config) { c.SentinelPassword = "p" }, []string{"masterName"}},
		"files that are not there": {
			func(c *Config) {
				c.TLS = &TLS{CAFile: "missing-ca.pem", CertFile: "missing.pem", KeyFile: "missing.key"}
			},
			[]string{"tls.caFile", "tls.certFile"},
		},
		"a file without certificates": {func(c *Config) { c.TLS = &TLS{CAFile: noCertificate} }, []string{"tls.caFile"}},
		"certificate without key":     {func(c *Config) { c.TLS = &TLS{CertFile: "cert.pem"} }, []string{"one is missing"}},
		"several": {
			func(c *Config) { c.Addrs, c.DB, c.Prefix, c.TLS = nil, -1, "{", &TLS{KeyFile: "key.pem"} },
			[]string{"addrs", "db:", "prefix:", "one is missing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := good()
			test.change(&config)
			c, err := Open(config)
			if err == nil {
				c.Close()
				t.Fatal("it was opened")
			}
			for _, fault := range test.faults {
				if !strings.Contains(err.Error(), fault) {
					t.Errorf("%q does not name %s", err, fault)
				}
			}
			if lines := strings.Count(err.Error(), "\n") + 1; lines != len(test.faults) {
				t.Errorf("%q has %d faults, want %d", err, lines, len(test.faults))
			}
		})
	}
}

func TestAnAddressIsParsed(t *testing.T) {
	for address, want := range map[string]Config{
		"redis://127.0.0.1":                     {Addrs: []string{"127.0.0.1:6379"}},
		"redis://127.0.0.1:7000/":               {Addrs: []string{"127.0.0.1:7000"}},
		"redis://[::1]:7000/4":                  {Addrs: []string{"[::1]:7000"}, DB: 4},
		"redis://:p%40ss@h/0":                   {Addrs: []string{"h:6379"}, Password: "p@ss"},
		"rediss://user:pass@redis.example.com/": {Addrs: []string{"redis.example.com:6379"}, Username: "user", Password: "pass", TLS: &TLS{}},
	} {
		got, err := Parse(address)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%s) = %+v, %v; want %+v", address, got, err, want)
		}
	}
}

func TestAnAddressThatCannotBeReadIsNotQuoted(t *testing.T) {
	for _, address := range []string{
		"", "127.0.0.1:6379", "http://secret@h", "redis://", "redis://:secret@", "redis://h/secret", "redis://h/0?db=1", "redis://h#secret",
		"redis://user:secret%zz@h", "redis://h:secret", "redis://a:1,b:2",
	} {
		c, err := Parse(address)
		if err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", address, c)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%q): %v quotes the address", address, err)
		}
	}
}

func TestTheDefaultsKeepACallShort(t *testing.T) {
	c := Config{Addrs: []string{"127.0.0.1:6379"}}.withDefaults()
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	if c.CallTimeout > 250*time.Millisecond || c.DialTimeout > c.CallTimeout || c.PoolTimeout > c.CallTimeout {
		t.Fatalf("defaults = %+v", c)
	}
}
