package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// AuditEntry is a record in its place of the chain.
type AuditEntry struct {
	// Sequence counts from one, without a gap.
	Sequence int64
	// Previous is the Hash of the entry before, empty for the first.
	Previous string
	// Body is the record and its sequence as JSON, byte for byte as it was hashed.
	Body string
	// Hash names the key that it was made with, and is the keyed hash of Previous
	// and Body.
	Hash string
}

// AuditHead is the end of the trail.
type AuditHead struct {
	Sequence int64
	// Hash is that of the last entry, and Seal the keyed hash of both; empty before
	// the first.
	Hash, Seal string
}

// auditBody is what stands in the body of an entry.
type auditBody struct {
	Sequence int64 `json:"sequence"`
	AuditRecord
}

// auditBodyLimit bounds a record, so that a page of them fits into memory.
const auditBodyLimit = 8 << 10

// Record is what the entry says, and the sequence that it was written under.
func (e AuditEntry) Record() (AuditRecord, int64, error) {
	var body auditBody
	if err := json.Unmarshal([]byte(e.Body), &body); err != nil {
		return AuditRecord{}, 0, fmt.Errorf("record %d cannot be read: %w", e.Sequence, err)
	}
	return body.AuditRecord, body.Sequence, nil
}

// AuditKey makes the chain. Who has the ledger alone cannot make an entry that
// fits. The zero value makes none.
type AuditKey []byte

// errNoAuditKey is a mistake in how the gateway was put together: a decision
// whose record nobody could check is not made.
var errNoAuditKey = errors.New("the ledger was opened without the key of its audit trail, so nothing can be decided in it")

// Append gives the entries that a record makes at the end of the trail, and the
// end after them. It is one entry, or two: where the end that it finds was not
// sealed with this key, somebody has cut the trail, or the gateway's secret is
// another one since. The trail goes on, and says so for good.
func (k AuditKey) Append(head AuditHead, r AuditRecord) ([]AuditEntry, AuditHead, error) {
	if len(k) == 0 {
		return nil, head, errNoAuditKey
	}
	var entries []AuditEntry
	if head.Sequence > 0 && !k.Sealed(head) {
		resumed, err := k.entry(head, AuditRecord{
			At: r.At, Action: AuditTrailResumed, Subject: AuditSubject{Kind: "trail", ID: strconv.FormatInt(head.Sequence, 10)},
			Details: map[string]string{"sealedWith": keyName(head.Seal), "key": k.name()},
		})
		if err != nil {
			return nil, head, err
		}
		entries, head = append(entries, resumed), k.after(resumed)
	}
	entry, err := k.entry(head, r)
	if err != nil {
		return nil, head, err
	}
	return append(entries, entry), k.after(entry), nil
}

func (k AuditKey) entry(head AuditHead, r AuditRecord) (AuditEntry, error) {
	r.At = r.At.UTC().Truncate(time.Microsecond)
	body, err := json.Marshal(auditBody{Sequence: head.Sequence + 1, AuditRecord: r})
	if err != nil {
		return AuditEntry{}, fmt.Errorf("a record of %s cannot be written as JSON: %w", r.Action, err)
	}
	if len(body) > auditBodyLimit {
		return AuditEntry{}, fmt.Errorf("a record of %s has %d bytes, and at most %d may be kept", r.Action, len(body), auditBodyLimit)
	}
	e := AuditEntry{Sequence: head.Sequence + 1, Previous: head.Hash, Body: string(body)}
	e.Hash = k.hash("entry", e.Previous, e.Body)
	return e, nil
}

func (k AuditKey) after(e AuditEntry) AuditHead {
	head := AuditHead{Sequence: e.Sequence, Hash: e.Hash}
	head.Seal = k.seal(head)
	return head
}

// Fits reports whether the entry was made with this key and is as it was made.
func (k AuditKey) Fits(e AuditEntry) bool {
	return same(e.Hash, k.hash("entry", e.Previous, e.Body))
}

// Sealed reports whether the end was sealed with this key and is as it was.
func (k AuditKey) Sealed(h AuditHead) bool { return same(h.Seal, k.seal(h)) }

func (k AuditKey) seal(h AuditHead) string {
	return k.hash("head", strconv.FormatInt(h.Sequence, 10), h.Hash)
}

// Made reports whether a hash says that it was made with this key.
func (k AuditKey) Made(hash string) bool { return keyName(hash) == k.name() }

// hash is of a thing in two parts, of which the first holds no line break. It is
// base64 because hexadecimal digits can look like a card number.
func (k AuditKey) hash(what, first, second string) string {
	return k.name() + "." + k.sum(what+"\n"+first+"\n"+second, sha256.Size)
}

// name tells keys apart and says nothing of them.
func (k AuditKey) name() string { return k.sum("name", 6) }

func (k AuditKey) sum(text string, size int) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:size])
}

func keyName(hash string) string {
	name, _, _ := strings.Cut(hash, ".")
	return name
}

func same(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
