package egress

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// The settings of the allow-list, as errors call them for whoever has to write
// into them.
const (
	networksSetting = "allowNetworks"
	hostsSetting    = "allowHosts"
)

// allowList is what may be reached although it is not public.
type allowList struct {
	networks []netip.Prefix
	// hosts are host:port, as canonical writes them.
	hosts map[string]bool
}

func newAllowList(networks []netip.Prefix, hosts []string) (allowList, error) {
	list := allowList{hosts: map[string]bool{}}
	var faults []error
	fault := func(setting string, i int, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s[%d]: %s", setting, i, fmt.Sprintf(format, args...)))
	}
	for i, network := range networks {
		switch {
		case !network.IsValid():
			fault(networksSetting, i, "expected a network such as 10.1.0.0/16")
		case network.Bits() == 0:
			fault(networksSetting, i, "%s would allow everything; name the networks that are needed", network)
		case network.Addr().Is4In6():
			fault(networksSetting, i, "%s: write an IPv4 network as such", network)
		}
		list.networks = append(list.networks, network.Masked())
	}
	for i, entry := range hosts {
		host, port, err := net.SplitHostPort(entry)
		if err != nil || host == "" || !isPort(port) {
			fault(hostsSetting, i, "%q is no host with its port such as hooks.internal:8443", scrub(entry, nil))
		}
		list.hosts[canonical(host, port)] = true
	}
	return list, errors.Join(faults...)
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

func (l allowList) hasHost(host, port string) bool { return l.hosts[canonical(host, port)] }

func (l allowList) hasAddress(a netip.Addr) bool {
	a = a.WithZone("")
	for _, network := range l.networks {
		if network.Contains(a) {
			return true
		}
	}
	return false
}
