package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// mark is how a secret is recognised, by people and by scanners of sources.
	mark      = "whsec_"
	minSecret = 24
	maxSecret = 64
)

// secret signs. It is a function over its key, so that printing it prints none.
type secret func(content []byte) []byte

// parseSecrets are those that sign, the newest first. It quotes none of them.
func parseSecrets(newest, previous string) ([]secret, error) {
	first, err := parseSecret(newest)
	if err != nil {
		err = fmt.Errorf("secret: %w", err)
	}
	if previous == "" {
		return []secret{first}, err
	}
	second, fault := parseSecret(previous)
	switch {
	case fault != nil:
		fault = fmt.Errorf("previousSecret: %w", fault)
	case previous == newest:
		fault = errors.New("previousSecret: is the same as secret; during a rotation they differ, afterwards leave it out")
	}
	return []secret{first, second}, errors.Join(err, fault)
}

func parseSecret(text string) (secret, error) {
	coded, marked := strings.CutPrefix(text, mark)
	if !marked {
		return nil, fmt.Errorf("expected %s and 24 to 64 random bytes in base64; `echo %s$(openssl rand -base64 32)` makes one", mark, mark)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(coded)
	if err != nil || strings.ContainsAny(coded, "\r\n") {
		return nil, fmt.Errorf("what follows %s is no base64 with + and / and its padding", mark)
	}
	if len(key) < minSecret || len(key) > maxSecret {
		return nil, fmt.Errorf("it holds %d bytes, expected %d to %d", len(key), minSecret, maxSecret)
	}
	return func(content []byte) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write(content)
		return mac.Sum(nil)
	}, nil
}

// sign is the header's value: a signature by each secret over the id, the time
// of the attempt and the body as it is sent.
func sign(secrets []secret, id string, at time.Time, body []byte) string {
	content := append([]byte(id+"."+timestamp(at)+"."), body...)
	var all []string
	for _, s := range secrets {
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(s(content)))
	}
	return strings.Join(all, " ")
}

func timestamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
