package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

var update = flag.Bool("update", false, "write the signature vectors anew")

// vector is one request, for those who verify in other languages.
type vector struct {
	Name      string `json:"name"`
	Secret    string `json:"secret"`
	ID        string `json:"id"`
	Timestamp string `json:"timestamp"`
	Body      string `json:"body"`
	// Signature is the header's value.
	Signature string `json:"signature"`
	// Now is when the request is judged, in seconds.
	Now   int64 `json:"now"`
	Valid bool  `json:"valid"`
	// Reason says why it is not valid.
	Reason string `json:"reason,omitempty"`
}

const (
	vectorID   = "evt_01k6f3mz5v8q4w2x9y7a0b1c2d"
	vectorBody = `{"type":"payment.approved","timestamp":"2026-10-01T12:00:00.123456Z","data":{"paymentId":"pay_01k6f3mz4t","status":"approved","amount":"19.99","version":3}}`
	vectorTime = 1790856000
)

// good is the vector from which the others differ.
func good(t *testing.T, name string, newest, previous string) vector {
	t.Helper()
	secrets, err := parseSecrets(newest, previous)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(vectorTime, 0)
	return vector{
		Name: name, Secret: newest, ID: vectorID, Timestamp: timestamp(at), Body: vectorBody,
		Signature: sign(secrets, vectorID, at, []byte(vectorBody)), Now: vectorTime, Valid: true,
	}
}

func vectors(t *testing.T) []vector {
	change := func(name, reason string, bend func(*vector)) vector {
		v := good(t, name, newest, "")
		v.Valid, v.Reason = reason == "", reason
		bend(&v)
		return v
	}
	body := func(name, text string) vector {
		v := good(t, name, newest, "")
		secrets, _ := parseSecrets(newest, "")
		v.Body, v.Signature = text, sign(secrets, vectorID, time.Unix(vectorTime, 0), []byte(text))
		return v
	}
	// What anybody signs, to whom a receiver without a good secret would listen.
	anybody := func(v *vector) {
		v.Signature = sign([]secret{signedByAnybody}, v.ID, time.Unix(vectorTime, 0), []byte(v.Body))
	}
	rotation := good(t, "rotation-previous-secret", newest, previous)
	rotation.Secret = previous
	return []vector{
		good(t, "plain", newest, ""),
		good(t, "secret-of-64-bytes", coded(64), ""),
		good(t, "rotation-newest-secret", newest, previous),
		rotation,
		body("letters-beyond-ascii", `{"type":"payment.updated","timestamp":"2026-10-01T12:00:00Z","data":{"metadata":{"name":"Zoë Łukasz 李 🧾"}}}`),
		body("escapes-and-spaces", "{ \"type\":\"payment.updated\",\n\t\"data\":{\"note\":\"\\u0000 \\\" \\\\ \\/ <b>&amp;</b>\"} }\r\n"),
		body("empty-body", ""),
		change("unknown-signatures-beside", "", func(v *vector) { v.Signature = "v1a,AAAA v2,BBBB " + v.Signature + " v1,CCCC" }),
		change("late-by-four-minutes", "", func(v *vector) { v.Now += 240 }),
		change("invalid-stale", "the time is more than five minutes ago", func(v *vector) { v.Now += 301 }),
		change("invalid-ahead", "the time is more than five minutes ahead", func(v *vector) { v.Now -= 301 }),
		change("invalid-other-secret", "signed with another secret", func(v *vector) { v.Secret = previous }),
		change("invalid-secret-missing", "the receiver has no secret, and must not take an empty key", func(v *vector) { v.Secret = ""; anybody(v) }),
		change("invalid-secret-malformed", "the receiver's secret is no base64, and must not become an empty key", func(v *vector) { v.Secret = mark + "abc-def_ghi"; anybody(v) }),
		change("invalid-body-changed", "the body is another than was signed", func(v *vector) { v.Body = strings.Replace(v.Body, "19.99", "99.99", 1) }),
		change("invalid-body-written-anew", "parsed and written again, which is not what was signed", func(v *vector) { v.Body = strings.ReplaceAll(v.Body, ":", ": ") }),
		change("invalid-id-changed", "the id is another than was signed", func(v *vector) { v.ID += "x" }),
		change("invalid-time-changed", "the time is another than was signed", func(v *vector) { v.Timestamp = timestamp(time.Unix(vectorTime+1, 0)) }),
		change("invalid-time-is-no-number", "the time is no number", func(v *vector) { v.Timestamp = "soon" }),
		change("invalid-signature-cut", "the signature is cut", func(v *vector) { v.Signature = v.Signature[:len(v.Signature)-8] }),
		change("invalid-signature-empty", "there is no signature", func(v *vector) { v.Signature = "" }),
		change("invalid-signature-without-version", "the signature names no version", func(v *vector) { v.Signature = strings.TrimPrefix(v.Signature, "v1,") }),
		change("invalid-version-unknown", "the only signature is of a version that is not known", func(v *vector) { v.Signature = "v2" + strings.TrimPrefix(v.Signature, "v1") }),
	}
}

// signedByAnybody signs with an empty key.
func signedByAnybody(content []byte) []byte {
	mac := hmac.New(sha256.New, nil)
	mac.Write(content)
	return mac.Sum(nil)
}

const vectorFolder = "testdata/vectors"

func TestTheVectorsAreWhatIsSigned(t *testing.T) {
	all := vectors(t)
	for _, v := range all {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(v); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(vectorFolder, v.Name+".json")
		if *update {
			if err := os.WriteFile(name, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(name); err != nil || !bytes.Equal(bytes.ReplaceAll(kept, []byte("\r\n"), []byte("\n")), text.Bytes()) {
			t.Errorf("%s differs from what is signed (%v); receivers of others rely on it", name, err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(vectorFolder, "*.json"))
	if len(files) != len(all) {
		t.Errorf("%d files for %d vectors", len(files), len(all))
	}
}

// The library keeps five minutes by the machine's clock, which is virtual here.
func TestTheOfficialGoLibraryJudgesTheVectorsAsTheySay(t *testing.T) {
	for _, v := range vectors(t) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Unix(v.Now, 0)))
			library, err := standardwebhooks.NewWebhook(v.Secret)
			if err != nil && !v.Valid {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if v.Secret == "" {
				return // the library takes an empty key; our receiver refuses it first
			}
			header := http.Header{}
			header.Set("webhook-id", v.ID)
			header.Set("webhook-timestamp", v.Timestamp)
			header.Set("webhook-signature", v.Signature)
			if err := library.Verify([]byte(v.Body), header); (err == nil) != v.Valid {
				t.Errorf("%s: %v, valid should be %v", v.Name, err, v.Valid)
			}
		})
	}
}
