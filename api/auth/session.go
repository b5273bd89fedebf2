package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

const (
	// SessionIdle ends a session that nobody uses: 15 minutes, as PCI DSS 8.2.8
	// has it.
	SessionIdle = 15 * time.Minute
	// SessionLife ends every session.
	SessionLife = 12 * time.Hour
	// maxSessions are those of one operator; the oldest ends when there is one more.
	maxSessions = 10
	// usedWithin is how exactly it is known when a session was used.
	usedWithin = time.Minute

	// sessionPrefix tells a session from a token, and lets a search for lost ones
	// find it.
	sessionPrefix = "pgos_"
	sessionBytes  = 32
	sealBytes     = 16
)

// IsSession reports whether what was shown is a session and no token.
func IsSession(shown string) bool { return strings.HasPrefix(shown, sessionPrefix) }

// newSession draws what a person shows: 256 bits, and a seal.
func (k SecretKey) newSession() string {
	id := make([]byte, sessionBytes)
	rand.Read(id)
	return sessionPrefix + base64.RawURLEncoding.EncodeToString(append(id, k.seal(id)...))
}

// sessionHash is the form in which a session is kept. It refuses what this
// gateway has not drawn, so that nobody sends strangers' guesses to the ledger.
func (k SecretKey) sessionHash(shown string) (string, error) {
	text, ok := strings.CutPrefix(shown, sessionPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(raw) != sessionBytes+sealBytes || !sameHash(string(raw[sessionBytes:]), string(k.seal(raw[:sessionBytes]))) {
		return "", refuse("the session is not one of ours")
	}
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

func (k SecretKey) seal(id []byte) []byte { return k.sum("session\x00" + string(id))[:sealBytes] }

// LoggedIn is a person with a session.
type LoggedIn struct {
	gateway.Session
	Operator gateway.Operator
}

// Principal is the person, for no merchant yet.
func (in LoggedIn) Principal() Principal {
	return Principal{ClientID: operatorPrefix + in.Operator.Name, Role: Role(in.Operator.Role)}
}
