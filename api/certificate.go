package api

import (
	"crypto/tls"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/api/auth"
)

// certificate is the thumbprint of the certificate that the caller has proved to
// have, empty on a listener that asks for none.
func certificate(c *fiber.Ctx) string {
	from, ok := c.Context().Conn().(*forgetful)
	if !ok {
		return ""
	}
	encrypted, ok := from.Conn.(*tls.Conn)
	if !ok {
		return ""
	}
	state := encrypted.ConnectionState()
	if len(state.VerifiedChains) == 0 {
		return ""
	}
	return auth.Thumbprint(state.PeerCertificates[0])
}
