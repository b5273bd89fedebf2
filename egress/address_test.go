package egress

import (
	"net/netip"
	"strings"
	"testing"
)

func TestAddressesThatAreNotPublicAreNamed(t *testing.T) {
	for address, kind := range map[string]string{
		"0.0.0.0":                          "this machine",
		"0.255.255.255":                    "this machine",
		"10.0.0.1":                         "private",
		"10.255.255.255":                   "private",
		"100.64.0.1":                       "carrier-grade NAT",
		"100.100.100.200":                  "carrier-grade NAT",
		"100.127.255.255":                  "carrier-grade NAT",
		"127.0.0.1":                        "loopback",
		"127.255.255.254":                  "loopback",
		"168.63.129.16":                    "Azure",
		"169.254.0.1":                      "link-local",
		"169.254.169.254":                  "metadata",
		"172.16.0.1":                       "private",
		"172.31.255.255":                   "private",
		"192.0.0.8":                        "protocols",
		"192.0.2.1":                        "documentation",
		"192.88.99.1":                      "6to4 relay",
		"192.168.0.1":                      "private",
		"198.18.0.1":                       "benchmarks",
		"198.19.255.255":                   "benchmarks",
		"198.51.100.7":                     "documentation",
		"203.0.113.9":                      "documentation",
		"224.0.0.1":                        "multicast",
		"239.255.255.250":                  "multicast",
		"240.0.0.1":                        "reserved",
		"255.255.255.255":                  "broadcast",
		"::":                               "unspecified",
		"::1":                              "loopback",
		"::127.0.0.1":                      "v4-compatible",
		"::7f00:1":                         "v4-compatible",
		"::ffff:127.0.0.1":                 "v4-mapped",
		"::ffff:8.8.8.8":                   "v4-mapped",
		"::ffff:0:127.0.0.1":               "v4-translated",
		"64:ff9b::7f00:1":                  "NAT64",
		"64:ff9b::8.8.8.8":                 "NAT64",
		"64:ff9b:1::10.0.0.1":              "local NAT64",
		"100::1":                           "discards",
		"2001::1":                          "Teredo",
		"2001:0:53aa:64c:0:fbfe:80ff:fffe": "Teredo",
		"2001:2::1":                        "protocols",
		"2001:10::1":                       "protocols",
		"2001:db8::1":                      "documentation",
		"2002:7f00:1::":                    "6to4",
		"2002:a00:1::1":                    "6to4",
		"3ffe::1":                          "6bone",
		"3fff::1":                          "documentation",
		"4000::1":                          "outside the public ones",
		"5f00::1":                          "outside the public ones",
		"fc00::1":                          "unique local",
		"fd00:ec2::254":                    "unique local",
		"fe80::1":                          "link-local",
		"fe80::1%lo":                       "link-local",
		"febf::1":                          "link-local",
		"fec0::1":                          "site-local",
		"ff02::1":                          "multicast",
		"2620:0:1:2:0:5efe:a00:1":          "ISATAP",
		"2620:0:1:2:200:5efe:7f00:1":       "ISATAP",
	} {
		if got := kindOf(netip.MustParseAddr(address)); !strings.Contains(got, kind) {
			t.Errorf("%s is taken for %q, want %q", address, got, kind)
		}
	}
}

func TestPublicAddressesAreTaken(t *testing.T) {
	for _, address := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
		"172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
		"2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2003::1",
	} {
		if kind := kindOf(netip.MustParseAddr(address)); kind != "" {
			t.Errorf("%s is taken for %s", address, kind)
		}
	}
}

func TestNoAddressIsRefused(t *testing.T) {
	if kindOf(netip.Addr{}) == "" {
		t.Error("an address that is none is let through")
	}
}
