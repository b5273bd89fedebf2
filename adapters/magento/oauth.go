package magento

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// signer signs requests with OAuth 1.0a. Magento's versions compute the base
// string in three ways, which agree as long as paths and values hold unreserved
// characters only, and indexes have one digit.
type signer struct {
	consumerKey, consumerSecret string
	token, tokenSecret          string
}

// pair is a parameter of a query.
type pair struct{ name, value string }

// newNonce returns 32 characters, which is all that Magento's column holds.
func newNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// authorization is the header for one request. The address is scheme, host and
// path, without a query. The body of a JSON request is not signed.
func (s signer) authorization(method, address string, query []pair, nonce string, now time.Time) string {
	params := []pair{
		{"oauth_consumer_key", s.consumerKey},
		{"oauth_nonce", nonce},
		{"oauth_signature_method", "HMAC-SHA256"},
		{"oauth_timestamp", strconv.FormatInt(now.Unix(), 10)},
		{"oauth_token", s.token},
		{"oauth_version", "1.0"},
	}
	signature := s.signature(method, address, append(slices.Clone(query), params...))
	var header strings.Builder
	header.WriteString("OAuth ")
	for _, p := range params {
		fmt.Fprintf(&header, `%s="%s", `, p.name, encode(p.value))
	}
	fmt.Fprintf(&header, `oauth_signature="%s"`, encode(signature))
	return header.String()
}

func (s signer) signature(method, address string, params []pair) string {
	var encoded []string
	for _, p := range params {
		encoded = append(encoded, encode(p.name)+"="+encode(p.value))
	}
	slices.Sort(encoded)
	base := method + "&" + encode(address) + "&" + encode(strings.Join(encoded, "&"))
	mac := hmac.New(sha256.New, []byte(encode(s.consumerSecret)+"&"+encode(s.tokenSecret)))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// encode is the percent-encoding of RFC 3986, which leaves only unreserved
// characters as they are. Package net/url has none that does.
func encode(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if isUnreserved(s[i]) {
			out.WriteByte(s[i])
		} else {
			fmt.Fprintf(&out, "%%%02X", s[i])
		}
	}
	return out.String()
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// allUnreserved says that a text may be a value of a query, or part of a path.
func allUnreserved(s string) bool {
	for i := range len(s) {
		if !isUnreserved(s[i]) {
			return false
		}
	}
	return s != ""
}
