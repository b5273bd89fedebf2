package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// spentSize bounds the assertions that are remembered. Only a client's own good
// signature gets one in here, and a client needs one for each token.
const spentSize = 16384

// spent remembers the assertions that were taken, by issuer and jti, until each
// has ended: whoever copies one on its way gets no token for it.
type spent struct {
	mu    sync.Mutex
	until map[[sha256.Size]byte]time.Time
}

func newSpent() *spent { return &spent{until: map[[sha256.Size]byte]time.Time{}} }

// first reports whether the assertion is new here. One without a jti cannot be
// told from another, and is good until its end.
func (s *spent) first(said *claims, now time.Time) bool {
	if said.ID == "" {
		return true
	}
	key := sha256.Sum256([]byte(said.Issuer + "\x00" + said.ID))
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.until[key]) {
		return false
	}
	if len(s.until) >= spentSize {
		s.makeRoom(now)
	}
	s.until[key] = said.ExpiresAt.Time
	return true
}

// makeRoom forgets what has ended, and any one when nothing has.
func (s *spent) makeRoom(now time.Time) {
	for key, until := range s.until {
		if !now.Before(until) {
			delete(s.until, key)
		}
	}
	for key := range s.until {
		if len(s.until) < spentSize {
			return
		}
		delete(s.until, key)
	}
}
