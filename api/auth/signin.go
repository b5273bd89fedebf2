package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"time"

	"paytrace-gateway/gateway"
)

// SignInLife is how long a person may take at an identity provider.
const SignInLife = 10 * time.Minute

// signingIn is what a browser keeps meanwhile, sealed, so that no gateway has to
// remember who has begun and any of them may finish.
type signingIn struct {
	gateway.SignIn
	Until time.Time
}

// BeginSignIn is where to send a person's browser, and what it has to bring back.
func (p *People) BeginSignIn(ctx context.Context) (url, sealed string, err error) {
	if p.Provider == nil {
		return "", "", noProvider()
	}
	s := gateway.SignIn{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text()}
	if url, err = p.Provider.Begin(ctx, s); err != nil {
		return "", "", err
	}
	sealed, err = p.Key.sealSignIn(signingIn{s, p.Now().Add(SignInLife)})
	return url, sealed, err
}

// FinishSignIn begins a session for whom the identity provider has sent back
// with a code. What has been begun in another browser is finished in none.
func (p *People) FinishSignIn(ctx context.Context, sealed, state, code, address string) (shown string, in LoggedIn, err error) {
	if p.Provider == nil {
		return "", LoggedIn{}, noProvider()
	}
	s, ok := p.Key.openSignIn(sealed)
	switch {
	case !ok || !p.Now().Before(s.Until):
		return "", LoggedIn{}, gateway.NotLoggedIn("no log-in was begun in this browser, or it took too long")
	case state == "" || !sameHash(state, s.State):
		return "", LoggedIn{}, gateway.NotLoggedIn("the state is another log-in's")
	case code == "":
		return "", LoggedIn{}, gateway.NotLoggedIn("the identity provider sent no code")
	}
	if wait := p.codes.take(address, p.Now()); wait > 0 {
		return "", LoggedIn{}, tooManyLogIns(wait)
	}
	id, err := p.Provider.Finish(ctx, s.SignIn, code)
	if err != nil {
		return "", LoggedIn{}, err
	}
	return p.SignIn(ctx, id, address)
}

func noProvider() error {
	return &gateway.Error{Code: gateway.CodeNotFound, Message: "this gateway has no identity provider (operators.oidc in its configuration); log in with a password"}
}

func (k SecretKey) sealSignIn(s signingIn) (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(k.signInSeal().Seal(nil, nil, text, nil)), nil
}

func (k SecretKey) openSignIn(sealed string) (s signingIn, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return s, false
	}
	text, err := k.signInSeal().Open(nil, nil, raw, nil)
	return s, err == nil && json.Unmarshal(text, &s) == nil
}

func (k SecretKey) signInSeal() cipher.AEAD {
	block, err := aes.NewCipher(k.sum("sign-in"))
	if err != nil {
		panic("auth: a key of the wrong length: " + err.Error())
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("auth: no GCM: " + err.Error())
	}
	return seal
}
