package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
)

// The names of the cookies. The prefix has browsers take them only over TLS (or
// from this machine), for this host alone and for every path.
const (
	sessionCookie = "__Host-gateway-session"
	signInCookie  = "__Host-gateway-sign-in"
)

// logInRequest is the body of POST /sessions.
type logInRequest struct {
	OperatorName string `json:"operatorName" validate:"required,max=64,printable"`
	Password     string `json:"password" validate:"required,max=512"`
	NewPassword  string `json:"newPassword" validate:"max=512"`
	Bearer       bool   `json:"bearer"`
}

// sessionView is a person who is logged in, as the contract shows it.
type sessionView struct {
	OperatorName string    `json:"operatorName"`
	Role         string    `json:"role"`
	MerchantIDs  []string  `json:"merchantIds"`
	BeganAt      time.Time `json:"beganAt"`
	EndsAt       time.Time `json:"endsAt"`
	IdleSeconds  int       `json:"idleSeconds"`
	// SessionToken is shown once, to whom has asked for it in place of a cookie.
	SessionToken string `json:"sessionToken,omitempty"`
	RequestID    string `json:"requestId,omitempty"`
}

func (s *Server) logIn(c *fiber.Ctx) error {
	if elsewhere, _ := s.fromElsewhere(c); elsewhere {
		return crossSiteProblem()
	}
	if !isJSON(c.Get(fiber.HeaderContentType)) {
		return problem(codeMediaType, "send the body as application/json")
	}
	request, ctx, cancel, err := decided[logInRequest](s, c)
	if err != nil {
		return err
	}
	defer cancel()
	shown, in, err := s.people.LogIn(ctx, auth.LogIn{
		Name: request.OperatorName, Password: request.Password, NewPassword: request.NewPassword, Address: callerAddress(c),
	})
	if err != nil {
		return s.notLoggedIn(c, err)
	}
	return s.loggedIn(c, shown, in, request.Bearer)
}

// beginSignIn sends a browser to the identity provider.
func (s *Server) beginSignIn(c *fiber.Ctx) error {
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	url, sealed, err := s.people.BeginSignIn(ctx)
	if err != nil {
		return s.notLoggedIn(c, err)
	}
	// Lax, since the way back comes from another site.
	setCookie(c, signInCookie, sealed, fiber.CookieSameSiteLaxMode, auth.SignInLife)
	return c.Redirect(url, http.StatusSeeOther)
}

// finishSignIn takes the browser that the identity provider has sent back. The
// answer is no redirect: after one that began elsewhere, the cookie would not be
// sent.
func (s *Server) finishSignIn(c *fiber.Ctx) error {
	ctx, cancel, err := s.budget(c)
	if err != nil {
		return err
	}
	defer cancel()
	sealed, state, code := strings.Clone(c.Cookies(signInCookie)), strings.Clone(c.Query("state")), strings.Clone(c.Query("code"))
	setCookie(c, signInCookie, "", fiber.CookieSameSiteLaxMode, 0)
	shown, in, err := s.people.FinishSignIn(ctx, sealed, state, code, callerAddress(c))
	if err != nil {
		return s.notLoggedIn(c, err)
	}
	return s.loggedIn(c, shown, in, false)
}

func (s *Server) loggedIn(c *fiber.Ctx, shown string, in auth.LoggedIn, bearer bool) error {
	s.log.Info("session.began", "requestId", requestID(c), "operator", in.Operator.Name, "role", in.Operator.Role, "address", callerAddress(c))
	v := viewOfSession(c, in)
	if bearer {
		v.SessionToken = shown
	} else {
		setCookie(c, sessionCookie, shown, fiber.CookieSameSiteStrictMode, auth.SessionLife)
	}
	return writeJSON(c, http.StatusCreated, v)
}

// notLoggedIn writes the reason into the log alone.
func (s *Server) notLoggedIn(c *fiber.Ctx, err error) error {
	var refused *gateway.Error
	if errors.As(err, &refused) {
		s.log.Warn("session.refused", "requestId", requestID(c), "address", callerAddress(c), "code", refused.Code, "reason", causeOf(err))
	}
	return err
}

// withPeople stands before what needs the people who may log in.
func (s *Server) withPeople(c *fiber.Ctx) error {
	if s.people == nil {
		return problem(gateway.CodeNotFound, "nobody logs in at this gateway")
	}
	return c.Next()
}

// ofPerson lets people with a session pass, whatever their role and for whatever
// merchant they work.
func (s *Server) ofPerson(do func(c *fiber.Ctx, ctx context.Context, in auth.LoggedIn, cookie bool) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		s.beginTrace(c)
		header := c.Get(fiber.HeaderAuthorization)
		shown, cookie := s.shown(c, header)
		if shown == "" {
			if _, err := s.verifier.VerifyFrom(bearerOf(header), certificate(c)); err != nil {
				return s.refusedToken(c, err)
			}
			return problem(codeForbiddenRole, "this call is for people with a session, from /sessions")
		}
		if cookie {
			if err := s.ownPage(c); err != nil {
				return err
			}
		}
		ctx, cancel, err := s.budget(c)
		if err != nil {
			return err
		}
		defer cancel()
		in, err := s.people.LoggedIn(ctx, shown)
		if err != nil {
			return s.refusedToken(c, err)
		}
		c.Locals(localPrincipal, in.Principal())
		return do(c, ctx, in, cookie)
	}
}

// session is who asks, as they may want to see.
func (s *Server) session(c *fiber.Ctx, _ context.Context, in auth.LoggedIn, _ bool) error {
	if err := readQuery(c, func(string, string) string { return unknownParameter }); err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, viewOfSession(c, in))
}

func (s *Server) logOut(c *fiber.Ctx, ctx context.Context, in auth.LoggedIn, cookie bool) error {
	if err := s.people.LogOut(ctx, in); err != nil {
		return err
	}
	if cookie {
		setCookie(c, sessionCookie, "", fiber.CookieSameSiteStrictMode, 0)
	}
	s.log.Info("session.ended", "requestId", requestID(c), "operator", in.Operator.Name)
	return c.SendStatus(http.StatusNoContent)
}

// shown is the session that a request shows, and whether a browser did so. What
// a program says in Authorization counts before what a browser sends by itself.
func (s *Server) shown(c *fiber.Ctx, header string) (session string, cookie bool) {
	if s.people == nil {
		return "", false
	}
	if header != "" {
		if token := bearerOf(header); auth.IsSession(token) {
			return token, false
		}
		return "", false
	}
	return strings.Clone(c.Cookies(sessionCookie)), true
}

func viewOfSession(c *fiber.Ctx, in auth.LoggedIn) sessionView {
	return sessionView{
		OperatorName: in.Operator.Name, Role: in.Operator.Role, MerchantIDs: slices.Clone(in.Operator.MerchantIDs),
		BeganAt: in.BeganAt.UTC(), EndsAt: in.EndsAt.UTC(), IdleSeconds: seconds(auth.SessionIdle), RequestID: requestID(c),
	}
}

// setCookie sets a cookie that no script can read; without a life it ends it.
func setCookie(c *fiber.Ctx, name, value, sameSite string, life time.Duration) {
	cookie := &fiber.Cookie{Name: name, Value: value, Path: "/", Secure: true, HTTPOnly: true, SameSite: sameSite, MaxAge: seconds(life)}
	if life == 0 {
		cookie.Expires = time.Unix(1, 0)
	}
	c.Cookie(cookie)
	c.Set(fiber.HeaderCacheControl, "no-store")
}
