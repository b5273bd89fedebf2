//go:build linux || darwin

package ledger

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// ofSeven is the customer of the suite's payments, long after they were archived.
var ofSeven = gateway.Erasing{MerchantID: "m1", LiveMode: true, CustomerID: "7", At: noon.Add(10 * 24 * time.Hour)}

var errDied = errors.New("it died here")

// erasureDeaths are the steps by which a record goes out of a file, and what ends
// each.
var erasureDeaths = map[string]func(ctx context.Context, l *Ledger, f gateway.ArchiveFile, one searched) error{
	"with the payment back in the ledger": func(ctx context.Context, l *Ledger, _ gateway.ArchiveFile, one searched) error {
		return l.takeOut(ctx, ofSeven, one)
	},
	"with the new file written": func(ctx context.Context, l *Ledger, f gateway.ArchiveFile, one searched) error {
		return errors.Join(l.takeOut(ctx, ofSeven, one),
			l.archive.blank(f, []archivePlace{one.place}, ofSeven.At, func(gateway.ArchiveFile) error { return errDied }))
	},
	"with its sum known": func(ctx context.Context, l *Ledger, f gateway.ArchiveFile, one searched) error {
		return errors.Join(l.takeOut(ctx, ofSeven, one),
			l.archive.blank(f, []archivePlace{one.place}, ofSeven.At, func(f gateway.ArchiveFile) error {
				return errors.Join(l.saveArchiveFile(ctx, f), errDied)
			}))
	},
}

func TestAnErasureThatDiedIsTakenUpAgain(t *testing.T) {
	for name, die := range erasureDeaths {
		t.Run(name, func(t *testing.T) {
			path := fresh(t)
			l := opened(t, path, Options{Archive: path + ".archive"})
			p, others := settledPayment(t, l), []gateway.Payment{}
			for range deathPayments - 1 {
				others = append(others, ofAnother(t, l))
			}
			if moved, err := l.Archive(t.Context(), append([]gateway.Payment{p}, others...), noon); moved != deathPayments || err != nil {
				t.Fatalf("%d payments were archived, %v", moved, err)
			}
			files, err := l.ArchiveFiles(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			found, _, err := l.archive.search(files[0], 0, ofSeven)
			if err != nil || len(found) != 1 {
				t.Fatalf("%d records were found, %v", len(found), err)
			}
			if err := die(t.Context(), l, files[0], found[0]); err != nil && !errors.Is(err, errDied) {
				t.Fatal(err)
			}
			l.Close()
			l = opened(t, path, Options{Archive: path + ".archive"})
			wantEachPayment(t, l, others)
			if got, err := l.Payment(t.Context(), "m1", p.ID); err != nil || got.Names("7") || got.Captured() != p.Captured() {
				t.Errorf("after the death the payment is %+v, %v", got, err)
			}
			erased, next, err := l.Erase(t.Context(), ofSeven, gateway.EraseArchived, "")
			if err != nil || erased.Archived != 1 {
				t.Fatalf("%+v %q %v", erased, next, err)
			}
			wantEachPayment(t, l, others)
			wantSoundFiles(t, l)
			wantNowhere(t, l, "001000000000001")
			left, err := filepath.Glob(filepath.Join(l.archive.folder, "*.erasing"))
			if err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}

// An archive step writes records before the ledger leads to them. An erasure that
// looked at them in between would take them for ones that nothing leads to.
func TestAnErasureBesideAnArchiveStepLosesNoPayment(t *testing.T) {
	l := opened(t, fresh(t), Options{Archive: t.TempDir()})
	p := settledPayment(t, l)
	l.archive.moving.Lock() // as archiveSome does
	all, _, err := l.gatherSome(t.Context(), []gateway.Payment{p}, noon)
	if err == nil {
		err = l.keep(t.Context(), all, noon)
	}
	if err != nil {
		t.Fatal(err)
	}
	erased := make(chan gateway.Erased, 1)
	go func() {
		step, _, err := l.Erase(t.Context(), ofSeven, gateway.EraseArchived, "")
		if err != nil {
			t.Error(err)
		}
		erased <- step
	}()
	for range 500 { // reads, in which it would end if nothing held it up
		if _, err := l.Payment(t.Context(), "m1", p.ID); err != nil || len(erased) > 0 {
			break
		}
	}
	if n, err := l.move(t.Context(), all); n != 1 || err != nil {
		t.Fatalf("%d payments were moved, %v", n, err)
	}
	l.archive.moving.Unlock()
	if step := <-erased; step.Archived != 1 || step.Open != 0 {
		t.Errorf("%+v", step)
	}
	if got, err := l.Payment(t.Context(), "m1", p.ID); err != nil || got.Names("7") || got.Captured() != p.Captured() {
		t.Errorf("%+v, %v", got, err)
	}
}

// A refund brings an archived payment back, with the person, behind the erasure
// that has passed it over.
func TestAPaymentThatCameBackDuringAnErasureIsCounted(t *testing.T) {
	l := opened(t, fresh(t), Options{Archive: t.TempDir()})
	p := settledPayment(t, l)
	if moved, err := l.Archive(t.Context(), []gateway.Payment{p}, noon); moved != 1 || err != nil {
		t.Fatalf("%d payments were archived, %v", moved, err)
	}
	back := p
	back.Version++
	if err := l.Apply(t.Context(), gateway.Change{Payment: back, Base: p.Version}); err != nil {
		t.Fatal(err)
	}
	if erased, _, err := l.Erase(t.Context(), ofSeven, gateway.EraseArchived, ""); erased != (gateway.Erased{Open: 1}) || err != nil {
		t.Errorf("%+v, %v", erased, err)
	}
	if erased, _, err := l.Erase(t.Context(), ofSeven, gateway.ErasePayments, ""); erased.Payments != 1 || err != nil {
		t.Errorf("the next run: %+v, %v", erased, err)
	}
	if erased, _, err := l.Erase(t.Context(), ofSeven, gateway.EraseArchived, ""); erased.Archived != 1 || err != nil {
		t.Errorf("its record: %+v, %v", erased, err)
	}
	wantNowhere(t, l, "001000000000001")
}

// ofAnother is a payment of another customer, without the person's records.
func ofAnother(t *testing.T, l *Ledger) gateway.Payment {
	t.Helper()
	p := settledPayment(t, l)
	p.CustomerID, p.CustomerVaultID, p.Source = "8", "", gateway.SourceRecords{}
	p.Version++
	change := gateway.Change{Payment: p, Base: p.Version - 1, Operation: p.First().ID, Reply: &gateway.Reply{Payment: p, OperationID: p.First().ID}}
	if err := l.Apply(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	// What was told of it before still has the person in it.
	if err := l.write(t.Context(), "payment "+p.ID, func(s *session) error {
		return s.put(`DELETE FROM events WHERE payment_id = ?`, p.ID)
	}); err != nil {
		t.Fatal(err)
	}
	return p
}

// wantNowhere reads all files of the archive as anybody could.
func wantNowhere(t *testing.T, l *Ledger, word string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(l.archive.folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || bytes.Contains(text, []byte(word)) {
			t.Errorf("%s has %q in it, %v", name, word, err)
		}
	}
}

// A file of today may be open in another gateway, which would go on behind the
// end that is known here.
func TestAFileThatAnotherGatewayMayWriteIsLeft(t *testing.T) {
	l := opened(t, fresh(t), Options{Archive: t.TempDir()})
	p := settledPayment(t, l)
	if moved, err := l.Archive(t.Context(), []gateway.Payment{p}, noon); moved != 1 || err != nil {
		t.Fatalf("%d payments were archived, %v", moved, err)
	}
	l.reads.dialect.shared = true
	today := ofSeven
	for _, later := range []time.Duration{0, 12*time.Hour + 30*time.Minute} {
		today.At = noon.Add(later)
		if erased, next, err := l.Erase(t.Context(), today, gateway.EraseArchived, ""); erased != (gateway.Erased{Later: 1}) || next != "" || err != nil {
			t.Errorf("%v later %+v were erased, %q, %v", later, erased, next, err)
		}
	}
	wantEachPayment(t, l, []gateway.Payment{p})
	today.At = noon.Add(14 * time.Hour)
	if erased, _, err := l.Erase(t.Context(), today, gateway.EraseArchived, ""); erased.Archived != 1 || err != nil {
		t.Errorf("the next day %+v were erased, %v", erased, err)
	}
}

func TestWhiteSpaceIsAGzipMemberOfAnyLength(t *testing.T) {
	lengths := []int64{65535, 65536, 65540, 65557, 65558, 65559, 65562, 65563, 65564, 65565, 131_097, 131_098, 131_099, 200_000}
	for length := int64(24); length < 300; length++ {
		lengths = append(lengths, length)
	}
	for _, length := range lengths {
		member, err := whiteSpace(length)
		if err != nil || int64(len(member)) != length {
			t.Fatalf("of %d bytes it has %d, %v", length, len(member), err)
		}
		z, err := gzip.NewReader(bytes.NewReader(append(bytes.Clone(member), member...)))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || len(bytes.TrimSpace(text)) != 0 || bytes.Count(text, []byte("\n")) != 2 {
			t.Fatalf("of %d bytes: %q, %v", length, text, err)
		}
	}
	if _, err := whiteSpace(23); err == nil {
		t.Error("23 bytes are enough for a line")
	}
}

// What is read of a file in parts is what is read of it at once.
func TestAFileIsSearchedFromAnyRecordOn(t *testing.T) {
	l := opened(t, fresh(t), Options{Archive: t.TempDir()})
	var payments []gateway.Payment
	for range 5 {
		payments = append(payments, settledPayment(t, l))
	}
	if moved, err := l.Archive(t.Context(), payments, noon); moved != 5 || err != nil {
		t.Fatalf("%d payments were archived, %v", moved, err)
	}
	files, err := l.ArchiveFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, end, err := l.archive.search(files[0], 0, ofSeven)
	if err != nil || len(all) != 5 || end != files[0].Size {
		t.Fatalf("%d records to byte %d, %v", len(all), end, err)
	}
	for i, one := range all {
		rest, _, err := l.archive.search(files[0], one.place.offset, ofSeven)
		if err != nil || !reflect.DeepEqual(rest, all[i:]) {
			t.Errorf("from record %d on there are %d, %v", i, len(rest), err)
		}
		if line, err := l.archive.read(t.Context(), one.place); err != nil || !bytes.Contains(line, []byte(one.record.ID)) {
			t.Errorf("record %d does not lie where it was found: %v", i, err)
		}
	}
}
