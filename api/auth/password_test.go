package auth

import (
	"strings"
	"testing"
)

func TestPasswordsThatEverybodyTriesFirstAreRefused(t *testing.T) {
	for _, good := range []string{"three words of hers", "correct horse battery", "дом под высокой горой", "xk29fnq7wlpo", strings.Repeat("three words ", 10) + "of hers"} {
		if err := checkPassword(good, "ada"); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "short", "elevenchars", "password1234", "Password1234!", "PASSWORDPASSWORD", "qwertyqwerty", "1q2w3e4r5t6y", "123456654321",
		"aaaaaaaaaaaaaaaa", "abababababababab", "abcdabcdabcdabcd", "sunshine2026!!", "paytrace rocks", "my gateway is mine", "eve.adams lives",
		strings.Repeat("three words ", 11), "three words \xff\xfe of hers",
	} {
		if checkPassword(bad, "Eve.Adams") == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestAPasswordIsKeptAsAHashThatOnlyItFits(t *testing.T) {
	// The same letter, from a keyboard that writes it as one sign and from one that writes two.
	one, two := "caf\u00e9 au lait 7", "cafe\u0301 au lait 7"
	hash, err := hashPassword(one)
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(hash, err)
	}
	if !samePassword(one, hash) || !samePassword(two, hash) || samePassword("cafe au lait 7", hash) {
		t.Error("the hash fits the wrong ones")
	}
	for _, none := range []string{"", noPassword, "$argon2id$", "x"} {
		for _, password := range []string{"", one} {
			if samePassword(password, none) {
				t.Errorf("%q fits the hash %q", password, none)
			}
		}
	}
}

func TestASessionThatWeHaveNotDrawnIsRefusedUnseen(t *testing.T) {
	key := SecretKey("a key of the tests, as long as it needs")
	shown := key.newSession()
	hash, err := key.sessionHash(shown)
	if err != nil || strings.Contains(hash, shown[5:20]) {
		t.Fatal(hash, err)
	}
	other := shown[:5] + map[bool]string{true: "B", false: "A"}[shown[5] == 'A'] + shown[6:]
	for _, bad := range []string{"", "pgos_", shown[5:], other, shown + "A", shown[:len(shown)-2], SecretKey("another").newSession()} {
		if _, err := key.sessionHash(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
