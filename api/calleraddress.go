package api

import (
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// callerAddress is where the caller is: the other end of the connection, or who a
// proxy on this machine says stands behind it. What others write into that header
// is not believed.
func callerAddress(c *fiber.Ctx) string {
	peer := c.Context().RemoteIP().String()
	header := c.App().Config().ProxyHeader
	if header == "" || !c.IsProxyTrusted() {
		return peer
	}
	said := c.Request().Header.PeekAll(header)
	if len(said) == 0 {
		return peer
	}
	// A proxy that adds to a list adds at its end. What stands before came with
	// the request, and may be anything.
	list := string(said[len(said)-1])
	last := strings.TrimSpace(list[strings.LastIndex(list, ",")+1:])
	ip, err := netip.ParseAddr(last)
	if err != nil {
		return peer
	}
	return ip.Unmap().WithZone("").String()
}
