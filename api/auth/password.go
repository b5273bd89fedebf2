package auth

import (
	"crypto/rand"
	"crypto/sha256"
	_ "embed" // the list of common passwords
	"encoding/base64"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"paytrace-gateway/gateway"
)

// Passwords of people are asked for what NIST SP 800-63B asks for: they are long,
// and none that everybody tries first. Nothing is said about digits or signs.
const (
	minPassword = 12
	maxPassword = 128
	// minDistinct refuses what is one key held down, or two.
	minDistinct = 5
)

// hashing is what OWASP recommends for Argon2id. One hash takes 19 MiB.
var hashing = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// oneHash has one hash made at a time, whoever asks for it: that bounds what
// log-ins take of memory, and of processors.
var oneHash sync.Mutex

// noPassword is compared with when there is nothing to compare with, so that an
// unknown name takes as long as a wrong password. It is the hash of nothing that
// could be sent.
const noPassword = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// normalized makes one password of the ways in which keyboards write it.
func normalized(password string) string { return norm.NFKC.String(password) }

// hashPassword is the form in which a password is kept that a person has chosen.
func hashPassword(password string) (string, error) {
	oneHash.Lock()
	defer oneHash.Unlock()
	return argon2id.CreateHash(normalized(password), hashing)
}

// samePassword compares in a time that does not depend on the password. What no
// hash can be read of is no password at all.
func samePassword(password, hash string) bool {
	if isDrawn(password, hash) {
		return true
	}
	if hash == "" || strings.HasPrefix(hash, drawnHash) {
		hash = noPassword
	}
	oneHash.Lock()
	defer oneHash.Unlock()
	same, err := argon2id.ComparePasswordAndHash(normalized(password), hash)
	return err == nil && same
}

// newOneTimePassword draws a password of 130 bits that can be read out.
func newOneTimePassword() string { return rand.Text() }

// drawnHash begins the form in which passwords are kept that were drawn.
const drawnHash = "sha256."

// hashDrawn is that form. No slow hash is needed where nobody can try them all,
// and so the right one is known before anything slow is done.
func hashDrawn(password string) string {
	sum := sha256.Sum256([]byte(normalized(password)))
	return drawnHash + base64.RawURLEncoding.EncodeToString(sum[:])
}

func isDrawn(password, hash string) bool {
	return strings.HasPrefix(hash, drawnHash) && sameHash(hashDrawn(password), hash)
}

//go:embed common_passwords.txt
var commonPasswords string

// checkPassword says what is wrong with a password that a person has chosen.
func checkPassword(password, name string) error {
	bad := func(message string) error {
		return &gateway.Error{Code: gateway.CodePasswordRefused, Field: "newPassword", Message: message}
	}
	length, plain := utf8.RuneCountInString(password), strings.ToLower(normalized(password))
	switch {
	case !utf8.ValidString(password) || length > maxPassword:
		return bad("expected at most 128 characters of UTF-8")
	case length < minPassword:
		return bad("expected at least 12 characters; three words or more are easy to keep in mind")
	case distinct(plain) < minDistinct || repeats(plain):
		return bad("expected no repetition of a few characters; three words or more are easy to keep in mind")
	case isCommon(plain), isCommon(strings.TrimFunc(plain, notALetter)), isCommon(firstHalf(plain)):
		return bad("everybody tries this one first; choose one that nobody has thought of")
	case strings.Contains(plain, strings.ToLower(name)) && len(name) > 3, strings.Contains(plain, "paytrace"), strings.Contains(plain, "gateway"):
		return bad("expected neither your name nor that of this system in it")
	}
	return nil
}

func notALetter(r rune) bool { return !unicode.IsLetter(r) }

// isCommon looks for a line of the list. It has none that is shorter than five.
func isCommon(word string) bool {
	return len(word) >= 5 && !strings.Contains(word, "\n") && strings.Contains("\n"+commonPasswords, "\n"+word+"\n")
}

// firstHalf is what a password is that was written twice, else nothing.
func firstHalf(word string) string {
	if half := word[:len(word)/2]; half+half == word {
		return half
	}
	return ""
}

func distinct(word string) int {
	seen := map[rune]bool{}
	for _, r := range word {
		seen[r] = true
	}
	return len(seen)
}

// repeats says that the word is a short piece, said three times or more.
func repeats(word string) bool {
	for n := 1; n <= len(word)/3; n++ {
		if len(word)%n == 0 && strings.Repeat(word[:n], len(word)/n) == word {
			return true
		}
	}
	return false
}
