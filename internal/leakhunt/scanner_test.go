package leakhunt

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"paytrace-gateway/tokenization"
)

func TestEveryCardNumberIsOneToTheGuard(t *testing.T) {
	cage, seen := NewCage(1), map[string]bool{}
	for i := range 1000 {
		number := cage.Card(fmt.Sprint(i))
		if !tokenization.FindCardNumber(number) || seen[number] {
			t.Fatalf("number %d is none, or was there before", i)
		}
		seen[number] = true
	}
}

// TestEveryFormIsFound writes a number with the standard library's own writers,
// not with the code that makes the patterns.
func TestEveryFormIsFound(t *testing.T) {
	for _, of := range issues {
		cage := NewCage(7)
		number := cage.card("here", of)
		scanner := NewScanner(cage.Canaries())
		var percent, escaped strings.Builder
		for _, c := range number {
			percent.WriteString(fmt.Sprintf("%%%X", c))
			escaped.WriteString(fmt.Sprintf(`\u%04x`, c))
		}
		var little, big []byte
		for _, unit := range utf16.Encode([]rune(number)) {
			little, big = append(little, byte(unit), byte(unit>>8)), append(big, byte(unit>>8), byte(unit))
		}
		var asNumber any
		if err := json.Unmarshal([]byte(number), &asNumber); err != nil {
			t.Fatal(err)
		}
		written := map[string]string{
			"plain": number, "hex": hex.EncodeToString([]byte(number)), "percent": percent.String(), "escapes": escaped.String(),
			"UTF-16LE": string(little), "UTF-16BE": string(big), "Go's print of JSON's number": fmt.Sprint(asNumber),
			"a form": url.Values{"card number": {number}}.Encode(), "Go's bytes in hex": fmt.Sprintf("%X", number),
			"Go's quoted bytes": fmt.Sprintf("%q", []byte(number)), "inside a word": "x" + number + "9",
		}
		for before := range 6 {
			text := []byte(strings.Repeat("~", before) + number + "?>")
			written[fmt.Sprintf("base64 after %d", before)] = base64.StdEncoding.EncodeToString(text)
			written[fmt.Sprintf("base64 for URLs after %d", before)] = base64.URLEncoding.EncodeToString(text)
		}
		if len(number) == 16 {
			written["spaced"] = number[:4] + " " + number[4:8] + " " + number[8:12] + " " + number[12:]
			written["dashed"] = number[:4] + "-" + number[4:8] + "-" + number[8:12] + "-" + number[12:]
		}
		if len(number) == 15 {
			written["spaced"] = number[:4] + " " + number[4:10] + " " + number[10:]
		}
		for name, text := range written {
			hits := scanner.Bytes("a text", []byte("before "+text+" after"))
			if len(hits) == 0 {
				t.Errorf("%s: %s is not found", of.brand, name)
			}
			for _, h := range hits {
				if strings.Contains(h.String(), number) || !strings.Contains(h.String(), "here") {
					t.Errorf("a hit shows the number, or does not say whose it is")
				}
			}
		}
	}
}

func TestASecurityCodeIsFoundBesideItsName(t *testing.T) {
	cage := NewCage(3)
	code := cage.CSC("the form")
	scanner := NewScanner(cage.Canaries())
	body, _ := json.Marshal(map[string]string{"csc": code})
	for _, text := range []string{string(body), fmt.Sprintf("%q", body), "a=b&csc=" + code + "&x=1", base64.StdEncoding.EncodeToString(body), `csc: ` + code, fmt.Sprintf("%+v", struct{ CSC string }{code})} {
		if len(scanner.Bytes("a text", []byte(text))) == 0 {
			t.Errorf("it is not found in %d bytes of %.6s", len(text), text)
		}
	}
	if hits := scanner.Bytes("a text", []byte("code "+code+" and "+code)); len(hits) > 0 {
		t.Error("three digits alone are taken for a security code")
	}
}

func TestWhatIsLikeACanaryIsNone(t *testing.T) {
	cage := NewCage(4)
	number := cage.Visa("here")
	scanner := NewScanner(cage.Canaries())
	for _, text := range []string{number[:6] + "******" + number[12:], number[:15], number[1:], strings.Repeat("\x00", 100)} {
		if hits := scanner.Bytes("a text", []byte(text)); len(hits) > 0 {
			t.Errorf("%v", hits)
		}
	}
}

func TestWhatLiesAcrossTwoChunksIsFoundOnce(t *testing.T) {
	cage := NewCage(5)
	number := cage.Visa("here")
	scanner := NewScanner(cage.Canaries())
	for _, at := range []int{
		chunk - 40, chunk - 16, chunk - 8, chunk - 1, chunk, chunk + 1, chunk + scanner.longest - 16, chunk + scanner.longest - 1, chunk + scanner.longest,
	} {
		text := append(bytes.Repeat([]byte("."), at), number+"tail"...)
		hits, size, err := scanner.Read("a text", bytes.NewReader(text))
		if err != nil || size != int64(len(text)) || len(hits) != 1 || hits[0].Count != 1 || hits[0].Offset != int64(at) {
			t.Fatalf("at %d: %v of %d bytes, %v", at, hits, size, err)
		}
	}
}

func TestEveryFileOfAFolderIsRead(t *testing.T) {
	cage := NewCage(6)
	inside, name := cage.Card("a file"), cage.Card("a file's name")
	root := t.TempDir()
	deep := filepath.Join(root, "deep", "er")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(deep, "x-wal"), []byte("\x00\x01"+inside), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	hits, size, err := NewScanner(cage.Canaries()).Folder("a folder", root)
	if err != nil || size != int64(2+len(inside)) || len(hits) != 2 {
		t.Errorf("%d hits in %d bytes, %v", len(hits), size, err)
	}
}

func BenchmarkScan(b *testing.B) {
	cage := NewCage(8)
	for range 1000 {
		cage.Card("one of many")
	}
	scanner := NewScanner(cage.Canaries())
	text := make([]byte, 16<<20)
	for i := range text {
		text[i] = byte(i * i >> 7)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		scanner.Bytes("a text", text)
	}
}
