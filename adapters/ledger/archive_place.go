package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"paytrace-gateway/gateway"
)

// archived begins what stands in the place of JSON that has left for the archive.
const archived = "archive:"

// archivePlace is where a record lies: so many bytes of a file, and their sum.
// They are a gzip member by themselves.
type archivePlace struct {
	file           string
	offset, length int64
	sum            [sha256.Size]byte
}

func (p archivePlace) String() string {
	return fmt.Sprintf("%s%s:%d:%d:%s", archived, p.file, p.offset, p.length, base64.RawURLEncoding.EncodeToString(p.sum[:]))
}

// archiveName is what a file of the archive may be called, so that no text in the
// ledger leads out of its folder.
var archiveName = regexp.MustCompile(`^payments-[0-9]{8}-[0-9a-z]{8}\.ndjson\.gz$`)

// recordAtMost bounds what is read for one payment, packed and unpacked.
const recordAtMost = 64 << 20

func parseArchivePlace(text string) (archivePlace, error) {
	parts := strings.Split(strings.TrimPrefix(text, archived), ":")
	fault := fmt.Errorf("%w: what the ledger says of the place of a payment cannot be read, was it written by a newer program?", gateway.ErrArchive)
	if len(parts) != 4 || !archiveName.MatchString(parts[0]) {
		return archivePlace{}, fault
	}
	p := archivePlace{file: parts[0]}
	offset, offsetErr := strconv.ParseInt(parts[1], 10, 64)
	length, lengthErr := strconv.ParseInt(parts[2], 10, 64)
	sum, sumErr := base64.RawURLEncoding.DecodeString(parts[3])
	if offsetErr != nil || lengthErr != nil || sumErr != nil || len(sum) != len(p.sum) || offset < 0 || length < 0 || length > recordAtMost {
		return archivePlace{}, fault
	}
	p.offset, p.length = offset, length
	copy(p.sum[:], sum)
	return p, nil
}
