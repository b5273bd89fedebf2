package egress

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// AllowSetting is how errors call the allow-list, for whoever has to write into
// it.
const AllowSetting = "egress.allow"

// allowList is what may be reached although it is not public.
type allowList struct {
	networks []netip.Prefix
	// receivers are host:port, as canonical writes them.
	receivers map[string]bool
}

func parseAllow(entries []string) (allowList, error) {
	list := allowList{receivers: map[string]bool{}}
	var faults []error
	for i, entry := range entries {
		if err := list.add(entry); err != nil {
			faults = append(faults, fmt.Errorf("%s[%d]: %w", AllowSetting, i, err))
		}
	}
	return list, errors.Join(faults...)
}

func (l *allowList) add(entry string) error {
	if strings.Contains(entry, "/") {
		network, err := netip.ParsePrefix(entry)
		switch {
		case err != nil:
			return fmt.Errorf("%q is no network such as 10.1.0.0/16", scrub(entry, nil))
		case network.Bits() == 0:
			return fmt.Errorf("%s would allow everything; name the networks that are needed", network)
		case network.Addr().Is4In6():
			return fmt.Errorf("%s: write an IPv4 network as such", network)
		}
		l.networks = append(l.networks, network.Masked())
		return nil
	}
	host, port, err := net.SplitHostPort(entry)
	if err != nil || host == "" || !isPort(port) {
		return fmt.Errorf("%q is neither a network such as 10.1.0.0/16 nor a receiver such as hooks.internal:8443", scrub(entry, nil))
	}
	l.receivers[canonical(host, port)] = true
	return nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// canonical writes a host and its port in the one way that is compared.
func canonical(host, port string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if a, err := netip.ParseAddr(host); err == nil {
		host = a.String()
	}
	return net.JoinHostPort(host, strings.TrimLeft(port, "0"))
}

func (l allowList) hasReceiver(host, port string) bool { return l.receivers[canonical(host, port)] }

func (l allowList) hasAddress(a netip.Addr) bool {
	a = a.WithZone("")
	for _, network := range l.networks {
		if network.Contains(a) {
			return true
		}
	}
	return false
}
