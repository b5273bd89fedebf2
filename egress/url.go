package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const maxHost = 253

// ParseURL takes the address of a receiver, or says what is wrong with it. It
// never quotes more of it than its host: a path or a query may hold a secret.
func (d *Door) ParseURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("it is no URL such as https://hooks.example.com/payments")
	}
	return u, d.checkURL(u)
}

// checkURL refuses what is seen to be wrong before a name is looked up.
func (d *Door) checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("its scheme is %q; only https is taken, and http outside live mode", d.Words(u.Scheme))
	case u.Scheme == "http" && d.config.LiveMode:
		return errors.New("its scheme is http; live mode takes https only")
	case u.User != nil:
		return errors.New("it holds credentials in front of its host; leave them out, what is sent is signed")
	case u.Opaque != "" || u.Hostname() == "":
		return errors.New("it has no host; expected something like https://hooks.example.com/payments")
	case u.Fragment != "":
		return errors.New("it has a fragment (#…), which is never sent; leave it out")
	}
	return d.checkHost(u.Hostname(), portOf(u))
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

func (d *Door) checkHost(host, port string) error {
	if !isPort(port) {
		return fmt.Errorf("its port %q is none", d.Words(port))
	}
	if d.allow.hasHost(host, port) {
		return nil
	}
	if err := checkPort(host, port); err != nil {
		return err
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return d.permit(host, port, a)
	}
	switch {
	case strings.ContainsFunc(host, isOdd):
		return errors.New("its host has characters that no name in DNS has; a name in another alphabet is written as xn--…")
	case len(host) > maxHost:
		return fmt.Errorf("its host is longer than %d characters", maxHost)
	case endsInNumber(host):
		return &Refused{Host: host, Port: port, Kind: "an IPv4 address in a form that not all programs read alike", Mend: "write it as four decimal numbers"}
	}
	return nil
}

// checkPort keeps requests away from the other services of a machine, of which
// some take a line of HTTP for a command. What is above 1023 was opened by
// somebody for a purpose.
func checkPort(host, port string) error {
	n, _ := strconv.Atoi(port)
	if n == 80 || n == 443 || n > 1023 {
		return nil
	}
	return &Refused{Host: host, Port: port, Kind: "a port below 1024, other than 80 and 443, where other services listen"}
}

func isOdd(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_'
}

// endsInNumber finds 2130706433, 0177.1 and 0x7f.0.0.1, which resolvers take
// for addresses.
func endsInNumber(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}
