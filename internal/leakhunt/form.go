package leakhunt

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

// form is one way in which programs write a text.
type form struct {
	name string
	text []byte
}

// forms are all ways in which a text is searched for. Digits are written in
// more ways than other text.
func forms(s string) []form {
	all := []form{
		{"plain", []byte(s)},
		{"reversed", []byte(reversed(s))},
		{"hex", []byte(hex.EncodeToString([]byte(s)))},
		{"hex in capitals", []byte(strings.ToUpper(hex.EncodeToString([]byte(s))))},
		{"URL-encoded", []byte(each(s, "%%%02X"))},
		{"URL-encoded in small letters", []byte(each(s, "%%%02x"))},
		{"JSON escapes", []byte(each(s, `\u%04x`))},
		{"JSON escapes in capitals", []byte(each(s, `\u%04X`))},
		{"UTF-16 little endian", wide(s, binary.LittleEndian)},
		{"UTF-16 big endian", wide(s, binary.BigEndian)},
	}
	if quoted, err := json.Marshal(s); err == nil && string(quoted) != `"`+s+`"` {
		all = append(all, form{"JSON string", quoted[1 : len(quoted)-1]})
	}
	for shift := range 3 {
		name := fmt.Sprintf("base64 shifted by %d", shift)
		all = append(all, form{name, inBase64(s, shift, base64.RawStdEncoding)}, form{name + " for URLs", inBase64(s, shift, base64.RawURLEncoding)})
	}
	if isNumber(s) {
		all = append(all, numberForms(s)...)
	}
	return distinct(all)
}

// numberForms are what people and machines make of a number.
func numberForms(digits string) []form {
	all := []form{
		{"spaced", []byte(grouped(digits, " "))},
		{"dashed", []byte(grouped(digits, "-"))},
		{"spaced for URLs", []byte(grouped(digits, "%20"))},
		{"spaced for forms", []byte(grouped(digits, "+"))},
		{"dotted", []byte(grouped(digits, "."))},
		{"full width", []byte(strings.Map(func(r rune) rune { return r - '0' + '０' }, digits))},
	}
	if len(digits)%2 == 0 && len(digits) >= 2*shortest {
		packed, _ := hex.DecodeString(digits)
		all = append(all, form{"packed decimal", packed})
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return all
	}
	f := float64(n)
	return append(all,
		form{"integer little endian", binary.LittleEndian.AppendUint64(nil, n)},
		form{"integer big endian", binary.BigEndian.AppendUint64(nil, n)},
		form{"float little endian", binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))},
		form{"float big endian", binary.BigEndian.AppendUint64(nil, math.Float64bits(f))},
		form{"scientific", []byte(strconv.FormatFloat(f, 'e', -1, 64))},
	)
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// each writes every byte by itself.
func each(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func wide(s string, order binary.AppendByteOrder) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, unit)
	}
	return b
}

// inBase64 is what is the same in the base64 of every text that holds s behind
// a number of bytes that leaves this remainder by three: characters that are
// made of a neighbour's bits too are cut off.
func inBase64(s string, shift int, encoding *base64.Encoding) []byte {
	bits := 8 * (shift + len(s))
	encoded := encoding.EncodeToString(append(make([]byte, shift), s...))
	return []byte(encoded[(8*shift+5)/6 : bits/6])
}

// grouped writes a number as it is printed on cards: 4-6-5, 4-6-4, and else in
// fours.
func grouped(digits, separator string) string {
	lengths := []int{4, 4, 4, 4, 4, 4}
	switch len(digits) {
	case 14, 15:
		lengths = []int{4, 6, 5}
	}
	var groups []string
	for _, n := range lengths {
		n = min(n, len(digits))
		if n > 0 {
			groups = append(groups, digits[:n])
		}
		digits = digits[n:]
	}
	return strings.Join(groups, separator)
}

// distinct drops what another form looks like, and what is too short to be told
// from chance.
func distinct(all []form) []form {
	seen := map[string]bool{}
	var kept []form
	for _, f := range all {
		if len(f.text) >= shortest && !seen[string(f.text)] {
			seen[string(f.text)] = true
			kept = append(kept, f)
		}
	}
	return kept
}
