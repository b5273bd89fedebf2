package api

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// originOf is scheme, host and port of an address in one spelling, as RFC 6454
// compares them; nothing for what has no origin.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Hostname() == "" {
		return ""
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// fromElsewhere reports whether a browser says that another site's page makes
// the request. A browser names the origin of each request that changes
// something; one that is silent about both is taken for no browser.
func (s *Server) fromElsewhere(c *fiber.Ctx) (elsewhere, silent bool) {
	origin, site := c.Get(fiber.HeaderOrigin), c.Get("Sec-Fetch-Site")
	wrong := origin != "" && (s.origin == "" || originOf(origin) != s.origin)
	wrong = wrong || site != "" && site != "same-origin" && site != "none"
	return wrong, origin == "" && site == ""
}

// ownPage refuses what another site's page has a browser send along with the
// cookie of a person who is logged in.
func (s *Server) ownPage(c *fiber.Ctx) error {
	if c.Method() == http.MethodGet || c.Method() == http.MethodHead {
		return nil
	}
	if elsewhere, silent := s.fromElsewhere(c); elsewhere || silent {
		return crossSiteProblem()
	}
	return nil
}

func crossSiteProblem() *Problem {
	return problem(codeCrossSite, "with a cookie, only a page of the gateway's own publicURL may change something; "+
		"a program sends its session as a bearer token")
}
