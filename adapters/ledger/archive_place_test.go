//go:build linux || darwin

package ledger

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// put archives a payment that has to go, and returns the only file.
func put(t *testing.T, l *Ledger, p gateway.Payment) string {
	t.Helper()
	if n, err := l.Archive(t.Context(), []gateway.Payment{p}, noon); err != nil || n != 1 {
		t.Fatalf("%d payments were archived: %v", n, err)
	}
	return onlyFile(t, l.archive.folder)
}

func onlyFile(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %q, %v, want one", files, err)
	}
	return files[0]
}

// stays says that Archive leaves the payment where it is, for a reason.
func stays(t *testing.T, l *Ledger, p gateway.Payment, words string) {
	t.Helper()
	n, err := l.Archive(t.Context(), []gateway.Payment{p}, noon)
	if n != 0 || err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("%d were archived, %v, want none and %q", n, err, words)
	}
	if file, _, _, err := l.Archived(t.Context(), p.MerchantID, p.ID); err != nil || file != "" {
		t.Errorf("the payment is in %q, %v, want it in the ledger", file, err)
	}
}

// overdue is a context whose deadline passes when a test says so, however slow
// the machine is.
type overdue struct {
	context.Context
	over chan struct{}
}

func (o overdue) Done() <-chan struct{} { return o.over }

func (o overdue) Err() error {
	select {
	case <-o.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// A file on a share that is away is a pipe here, of which nobody is at the other
// end.
func TestAShareThatIsAwayKeepsNobodyElseWaiting(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{Archive: path + ".archive"})
	away, here := toldPayment(t, l, noon), toldPayment(t, l, noon)
	file := put(t, l, away)
	if err := errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // lets those go who still read
		for range 2 * readConnections {
			if end, err := os.OpenFile(file, os.O_RDWR, 0); err == nil {
				defer end.Close()
			}
		}
	})
	short := overdue{t.Context(), make(chan struct{})}
	go func() {
		for len(l.archive.reading) == 0 && t.Context().Err() == nil { // until the share is asked
			runtime.Gosched()
		}
		close(short.over)
	}()
	if _, err := l.Payment(short, away.MerchantID, away.ID); !errors.Is(err, gateway.ErrArchive) {
		t.Errorf("the payment: %v, want the archive's fault", err)
	}
	long, stop := context.WithCancel(t.Context())
	var lists sync.WaitGroup
	for range readConnections {
		lists.Go(func() {
			if _, err := l.Payments(long, gateway.PaymentFilter{MerchantID: away.MerchantID, Limit: 10}); err == nil {
				t.Error("a list with the payment was answered")
			}
		})
	}
	for len(l.archive.reading) < readConnections+1 {
		runtime.Gosched()
	}
	if _, err := l.Payment(t.Context(), here.MerchantID, here.ID); err != nil {
		t.Errorf("the other payment, while lists wait for the share: %v", err)
	}
	stop()
	lists.Wait()
}

func TestAFolderWithNoneOfTheFilesIsNotWrittenTo(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{Archive: path + ".archive"})
	first, second := toldPayment(t, l, noon), toldPayment(t, l, noon)
	put(t, l, first)
	if err := os.Rename(path+".archive", path+".away"); err != nil {
		t.Fatal(err)
	}
	stays(t, l, second, "has none of its files")
	if err := os.Rename(path+".away", path+".archive"); err != nil {
		t.Fatal(err)
	}
	put(t, l, second)
}

func TestAFileThatIsNoMoreTheOneThatWasOpenedIsNotGoneOnWith(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{Archive: path + ".archive"})
	first, second := toldPayment(t, l, noon), toldPayment(t, l, noon)
	file := put(t, l, first)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(file), os.WriteFile(file, whole, 0o600)); err != nil {
		t.Fatal(err)
	}
	stays(t, l, second, "another file has its name now")
	if n, err := l.Archive(t.Context(), []gateway.Payment{second}, noon); err != nil || n != 1 {
		t.Errorf("into the next file: %d, %v", n, err)
	}
	for _, p := range []gateway.Payment{first, second} {
		if _, err := l.Payment(t.Context(), p.MerchantID, p.ID); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatDoesNotCountOfAFileIsTakenBack(t *testing.T) {
	path := fresh(t)
	a := newArchivist(path + ".archive")
	w, err := a.writer(noon)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(a.folder, w.Name)
	if w.to.Close() != nil {
		t.Fatal("not closed")
	}
	if _, _, err := a.add([][]byte{[]byte("{}")}, noon); err == nil {
		t.Fatal("a closed file was written to")
	}
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("a file of which nothing counts: %v, want none", err)
	}
	_, file, err := a.add([][]byte{[]byte("{}")}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.file.to.WriteString("half a rec"); err != nil {
		t.Fatal(err)
	}
	a.giveUp()
	if info, err := os.Stat(onlyFile(t, a.folder)); err != nil || info.Size() != file.Size {
		t.Errorf("the file has %v, %v, want the %d bytes that count", info, err, file.Size)
	}
}

// What is longer than anybody reads would be lost with its moving.
func TestAPaymentThatCouldNotBeReadAgainStays(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{Archive: path + ".archive"})
	p := toldPayment(t, l, noon)
	err := l.write(t.Context(), "payment "+p.ID, func(s *session) error {
		return s.put(`UPDATE payments SET body = '{"long":"' || printf('%.*c', ?, 'x') || '",' || substr(body, 2) WHERE id = ?`, recordAtMost, p.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.Archive(t.Context(), []gateway.Payment{p}, noon); err != nil || n != 0 {
		t.Errorf("%d were archived, %v", n, err)
	}
	if got, err := l.Payment(t.Context(), p.MerchantID, p.ID); err != nil || got.ID != p.ID {
		t.Errorf("it is read as %q, %v", got.ID, err)
	}
}

func TestAPaymentThatCannotBeReadKeepsNoOtherInTheLedger(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{Archive: path + ".archive"})
	bad, good := toldPayment(t, l, noon), toldPayment(t, l, noon.Add(time.Hour))
	err := l.write(t.Context(), "payment "+bad.ID, func(s *session) error {
		return s.put(`UPDATE payments SET body = '{"a newer one":' WHERE id = ?`, bad.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]int{1: 0, 10: 1} {
		found, err := l.Archivable(t.Context(), noon.AddDate(1, 0, 0), gateway.ArchivePlace{}, limit)
		rows := wantUnreadable(t, err, 1)
		if r := rows[0]; len(found) != want || r.ID != bad.ID || r.PaymentID != bad.ID || r.MerchantID != bad.MerchantID || r.Err == nil {
			t.Errorf("of %d, %d were found beside %+v", limit, len(found), r)
		}
		behind := gateway.ArchivePlace{}.Behind(found, rows)
		rest, err := l.Archivable(t.Context(), noon.AddDate(1, 0, 0), behind, limit)
		if all := append(found, rest...); err != nil || len(all) != 1 || all[0].ID != good.ID {
			t.Errorf("page by page of %d were found %d, %v", limit, len(all), err)
		}
	}
}
