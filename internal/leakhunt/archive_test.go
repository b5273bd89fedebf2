package leakhunt

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// packed is the place of what lies in the archive.
const packed = "the archive, unpacked"

// archived are the files of what has left the ledger.
func (w *town) archived() []string {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.folder, "archive", "*.ndjson.gz"))
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

// searchArchive unpacks all files, and reads a file's last record as far as it
// goes: its writer may have been killed.
func (w *town) searchArchive(s *Scanner, found finder) {
	w.t.Helper()
	var text bytes.Buffer
	for _, name := range w.archived() {
		file, err := os.ReadFile(name)
		if err != nil {
			w.t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(file))
		if errors.Is(err, io.EOF) {
			continue // nothing was written yet
		}
		if err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		if _, err := text.ReadFrom(z); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			w.t.Fatalf("%s: %v", name, err)
		}
	}
	found(packed, s.Bytes(packed, text.Bytes()), int64(text.Len()))
}

// archivedAre waits until the gateway has let go of what the town has finished,
// and looks at a payment of it as an operator does.
func (w *town) archivedAre() {
	w.t.Helper()
	eventually(w.t, "something is archived", func() bool { return len(w.archived()) > 0 })
	for _, args := range [][]string{{"archive", "status"}, {"archive", "verify"}, {"archive", "run", "--dry-run"}} {
		w.operate(append(args, "--config", w.config)...)
	}
	db := w.openLedger()
	defer db.Close()
	shown := 0
	for id, body := range w.bodiesOf(db, "payments") {
		if strings.HasPrefix(body, "archive:") && shown < 3 {
			w.operate("archive", "show", id, "--config", w.config)
			shown++
		}
	}
	if shown == 0 {
		w.t.Error("no payment was archived")
	}
}

// archive packs a card into a file of the archive, as a record of it would be.
func (p *planter) archive() {
	folder := filepath.Join(p.w.folder, "archive")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		p.t.Fatal(err)
	}
	var file bytes.Buffer
	for _, label := range []string{"the first record of the archive", "another record of the archive"} {
		z := gzip.NewWriter(&file)
		_, _ = io.WriteString(z, `{"payment":{"orderId":"`+p.card(label, packed)+"\"}}\n")
		_ = z.Close()
	}
	if err := os.WriteFile(filepath.Join(folder, "payments-20260101-planted0.ndjson.gz"), file.Bytes(), 0o600); err != nil {
		p.t.Fatal(err)
	}
}
