package egress

import "net/netip"

// space is a range of addresses that is not public unicast.
type space struct {
	prefix netip.Prefix
	kind   string
}

// closed are the ranges that are refused, from the registries of IANA for
// special purposes. The first that fits names the address.
var closed = spaces(
	"0.0.0.0/8", "an address of this machine (0.0.0.0/8)",
	"10.0.0.0/8", "a private address",
	"100.64.0.0/10", "an address behind carrier-grade NAT",
	"127.0.0.0/8", "a loopback address",
	"168.63.129.16/32", "the address of Azure's own platform",
	"169.254.0.0/16", "a link-local address, where clouds keep their metadata",
	"172.16.0.0/12", "a private address",
	"192.0.0.0/24", "an address for protocols (192.0.0.0/24)",
	"192.0.2.0/24", "an address for documentation",
	"192.88.99.0/24", "a 6to4 relay",
	"192.168.0.0/16", "a private address",
	"198.18.0.0/15", "an address for benchmarks",
	"198.51.100.0/24", "an address for documentation",
	"203.0.113.0/24", "an address for documentation",
	"224.0.0.0/4", "a multicast address",
	"255.255.255.255/32", "the broadcast address",
	"240.0.0.0/4", "a reserved address (240.0.0.0/4)",

	"::/128", "the unspecified address",
	"::1/128", "a loopback address",
	"::ffff:0:0/96", "an IPv4 address written as IPv6 (v4-mapped)",
	"::ffff:0:0:0/96", "an IPv4 address written as IPv6 (v4-translated)",
	"::/96", "an IPv4 address written as IPv6 (v4-compatible)",
	"64:ff9b::/96", "an IPv4 address behind NAT64",
	"64:ff9b:1::/48", "an IPv4 address behind local NAT64",
	"100::/64", "an address that discards",
	"2001::/32", "a Teredo address, which holds an IPv4 address",
	"2001::/23", "an address for protocols (2001::/23)",
	"2001:db8::/32", "an address for documentation",
	"2002::/16", "a 6to4 address, which holds an IPv4 address",
	"3ffe::/16", "an address of the former 6bone",
	"3fff::/20", "an address for documentation",
	"fc00::/7", "a unique local address, which is private",
	"fe80::/10", "a link-local address",
	"fec0::/10", "a site-local address, which is private",
	"ff00::/8", "a multicast address",
)

// public6 is all that IANA gives out for public unicast.
var public6 = netip.MustParsePrefix("2000::/3")

func spaces(pairs ...string) []space {
	var all []space
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, space{netip.MustParsePrefix(pairs[i]), pairs[i+1]})
	}
	return all
}

// kindOf names what an address is when it is not public unicast, and is empty
// when it is.
func kindOf(a netip.Addr) string {
	a = a.WithZone("")
	for _, s := range closed {
		if s.prefix.Contains(a) {
			return s.kind
		}
	}
	switch {
	case !a.IsValid():
		return "no address"
	case a.Is4In6():
		return "an IPv4 address written as IPv6 (v4-mapped)"
	case a.Is4():
		return ""
	case !public6.Contains(a):
		return "an IPv6 address outside the public ones (2000::/3)"
	case isISATAP(a):
		return "an ISATAP address, which holds an IPv4 address"
	}
	return ""
}

// isISATAP looks for the interface identifier under which a host reaches an
// IPv4 address through a tunnel, with and without its universal bit.
func isISATAP(a netip.Addr) bool {
	b := a.As16()
	return b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}
