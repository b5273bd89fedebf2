package egress

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Reached is what a connection without a request has shown.
type Reached struct {
	// Address is the one that was dialled.
	Address string
	// TLS names the version that was agreed on and Expires says until when the
	// certificate is good. Both are empty over plain HTTP.
	TLS     string
	Expires time.Time
}

// Reach connects as Send would, the handshake of TLS included, and sends
// nothing. The words of its error are fit for a person.
func (d *Door) Reach(ctx context.Context, u *url.URL) (Reached, error) {
	request := &http.Request{URL: u}
	if err := d.checkURL(u); err != nil {
		return Reached{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, d.config.ConnectTimeout)
	defer cancel()
	connection, err := d.dial(bounded, "tcp", net.JoinHostPort(u.Hostname(), portOf(u)))
	if err != nil {
		return Reached{}, d.explain(request, err)
	}
	defer connection.Close()
	reached := Reached{Address: connection.RemoteAddr().String()}
	if u.Scheme == "http" {
		return reached, nil
	}
	settings := d.http.TLSClientConfig.Clone()
	settings.ServerName = u.Hostname()
	secured := tls.Client(connection, settings)
	if err := secured.HandshakeContext(bounded); err != nil {
		return Reached{}, d.explain(request, err)
	}
	state := secured.ConnectionState()
	reached.TLS, reached.Expires = tls.VersionName(state.Version), state.PeerCertificates[0].NotAfter
	return reached, nil
}
