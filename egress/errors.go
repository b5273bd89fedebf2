package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
)

// Refused is an address that the guard does not let through.
type Refused struct {
	Host, Port string
	// Address is what the host led to, and invalid when the host itself is
	// refused.
	Address netip.Addr
	// Kind says what it is instead of a public address.
	Kind string
	// Mend says what to do, when it is not to allow it.
	Mend string
}

// Error names the address's kind, and the setting that would allow it.
func (r *Refused) Error() string {
	entry := canonical(r.Host, r.Port)
	switch {
	case r.Mend != "":
		return fmt.Sprintf("%s is refused: it is %s; %s", entry, r.Kind, r.Mend)
	case !r.Address.IsValid():
		return fmt.Sprintf("%s is refused: it is %s; if the receiver is meant to be there, add %s to %s", entry, r.Kind, entry, hostsSetting)
	}
	return fmt.Sprintf("%s leads to %s and is refused: that is %s; if the receiver is meant to be there, add %s/%d to %s, or %s to %s",
		entry, r.Address, r.Kind, r.Address.WithZone(""), r.Address.BitLen(), networksSetting, entry, hostsSetting)
}

// failure keeps an error's identity under words for a person.
type failure struct {
	words string
	cause error
}

func (f *failure) Error() string { return f.words }
func (f *failure) Unwrap() error { return f.cause }

// explain turns a failure into words for a person: what came back, and what to
// do. Of the address it names the host alone.
func (d *Door) explain(request *http.Request, err error) error {
	host := request.URL.Host
	var refused *Refused
	var name *net.DNSError
	said := ""
	switch ended := request.Context().Err(); {
	case errors.As(err, &refused):
		said = refused.Error()
	case errors.Is(ended, context.DeadlineExceeded):
		said = "no answer came in time; a receiver should answer first and work afterwards"
	case ended != nil:
		said = "given up before an answer came"
	case errors.As(err, &name) && name.IsNotFound:
		said = fmt.Sprintf("DNS does not know the name %s; check the address", name.Name)
	case errors.As(err, &name):
		said = fmt.Sprintf("the name %s could not be looked up; is DNS up?", name.Name)
	default:
		said = d.explainConnection(host, err)
	}
	return &failure{words: said, cause: err}
}

func (d *Door) explainConnection(host string, err error) string {
	var certificate *tls.CertificateVerificationError
	var network net.Error
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.As(err, &certificate):
		return fmt.Sprintf("the certificate of %s is not trusted, nothing was sent: %s", host, d.Words(certificate.Err.Error()))
	case errors.As(err, &record):
		return host + " does not speak TLS there; check scheme and port"
	case errors.Is(err, syscall.ECONNREFUSED):
		return host + " refuses connections; is the receiver up, and the port right?"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return host + " cannot be reached from this machine's network"
	case errors.As(err, &network) && network.Timeout():
		return "no connection to " + host + " came about in time; is a firewall between?"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		strings.Contains(text, "server closed idle connection"): // net/http has it for what was written while the other side closed
		return host + " closed the connection without an answer; it may have taken what was sent"
	case strings.Contains(text, "tls: "):
		return fmt.Sprintf("no agreement on TLS with %s, of which 1.2 is the least that is taken: %s", host, d.Words(text))
	case strings.Contains(text, "malformed"):
		// What it said is not quoted: nobody knows where a secret in it begins.
		return host + " answered with something that is not HTTP"
	}
	return fmt.Sprintf("no answer from %s: %s", host, d.Words(text))
}
