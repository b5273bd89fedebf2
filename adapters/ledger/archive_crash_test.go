//go:build linux || darwin

package ledger

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// archiveCrashPath, when set, makes this test binary the process that dies, and
// archiveCrashAt says where.
const (
	archiveCrashPath = "LEDGER_ARCHIVE_CRASH_PATH"
	archiveCrashAt   = "LEDGER_ARCHIVE_CRASH_AT"
)

func dieNow() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }

// archiveDeaths are the steps of Archive, and what comes after each.
var archiveDeaths = []struct {
	name string
	die  func(ctx context.Context, l *Ledger, all []leaving) error
	// left is how many of the payments are in the ledger afterwards.
	left func(n int) bool
}{
	{"before anything is written", func(context.Context, *Ledger, []leaving) error { return nil }, isAll},
	{"in the middle of a record", func(_ context.Context, l *Ledger, all []leaving) error {
		w, err := l.archive.writer(noon)
		if err != nil {
			return err
		}
		var packed bytes.Buffer
		if err := pack(&packed, all[0].line); err != nil {
			return err
		}
		_, err = w.to.Write(packed.Bytes()[:packed.Len()/2])
		return err
	}, isAll},
	{"with the records on the disk and nothing in the ledger", func(_ context.Context, l *Ledger, all []leaving) error {
		_, _, err := l.archive.add([][]byte{all[0].line, all[1].line}, noon)
		return err
	}, isAll},
	{"with the file known", func(ctx context.Context, l *Ledger, all []leaving) error { return l.keep(ctx, all, noon) }, isAll},
	{"with half of the payments moved", func(ctx context.Context, l *Ledger, all []leaving) error {
		if err := l.keep(ctx, all, noon); err != nil {
			return err
		}
		_, err := l.move(ctx, all[:len(all)/2])
		return err
	}, func(n int) bool { return n == deathPayments-deathPayments/2 }},
	{"while they are moved", func(ctx context.Context, l *Ledger, all []leaving) error {
		if err := l.keep(ctx, all, noon); err != nil {
			return err
		}
		go func() {
			time.Sleep(time.Millisecond) // at some moment of the writing
			dieNow()
		}()
		_, err := l.move(ctx, all)
		return err
	}, func(int) bool { return true }},
}

const deathPayments = 40

func isAll(n int) bool { return n == deathPayments }

// TestArchivingProcess archives all payments as far as it is told to, and dies.
func TestArchivingProcess(t *testing.T) {
	path := os.Getenv(archiveCrashPath)
	if path == "" {
		t.Skip("runs as a child of TestAProcessKilledWhileItArchivesLosesNothing")
	}
	ctx := context.Background()
	l, err := OpenSQLite(ctx, path, Options{Archive: path + ".archive"})
	if err != nil {
		t.Fatal(err)
	}
	payments, err := l.Archivable(ctx, noon.Add(time.Hour), gateway.ArchivePlace{}, 2*deathPayments)
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := l.gatherSome(ctx, payments, noon)
	if err != nil {
		t.Fatal(err)
	}
	step, err := strconv.Atoi(os.Getenv(archiveCrashAt))
	if err != nil {
		t.Fatal(err)
	}
	if err := archiveDeaths[step].die(ctx, l, all); err != nil {
		t.Fatal(err)
	}
	dieNow()
}

// settledPayment has ended, and nobody is to be told of it.
func settledPayment(t *testing.T, l *Ledger) gateway.Payment {
	t.Helper()
	made := storetest.Sale("m1", noon)
	made.Payment.Operations[0].Due, made.Payment.Operations[0].Attention = time.Time{}, ""
	decided := storetest.Approval(made.Payment, noon.Add(time.Second))
	decided.Payment.Status = gateway.Settled
	decided.Reply.Payment, decided.Events[0].Payment = decided.Payment, decided.Payment
	for _, c := range []gateway.Change{made, decided} {
		if err := l.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Spread(t.Context(), decided.Events, nil); err != nil {
		t.Fatal(err)
	}
	return decided.Payment
}

func wantEachPayment(t *testing.T, l *Ledger, payments []gateway.Payment) {
	t.Helper()
	for _, p := range payments {
		got, err := l.Payment(t.Context(), "m1", p.ID)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("payment %s: %+v, %v", p.ID, got, err)
		}
		key, err := l.Key(t.Context(), "m1", p.First().Key)
		if err != nil || key.Reply == nil || !reflect.DeepEqual(key.Reply.Payment, p) {
			t.Fatalf("the key of payment %s: %+v, %v", p.ID, key, err)
		}
	}
}

func TestAProcessKilledWhileItArchivesLosesNothing(t *testing.T) {
	for step, death := range archiveDeaths {
		t.Run(death.name, func(t *testing.T) {
			path := fresh(t)
			l := opened(t, path, Options{})
			var payments []gateway.Payment
			for range deathPayments {
				payments = append(payments, settledPayment(t, l))
			}
			l.Close()
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestArchivingProcess$")
			child.Env = append(os.Environ(), archiveCrashPath+"="+path, archiveCrashAt+"="+strconv.Itoa(step))
			if out, err := child.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("the process was not killed: %v %s", err, out)
			}
			l = opened(t, path, Options{Archive: path + ".archive"})
			wantEachPayment(t, l, payments)
			left, err := l.Archivable(t.Context(), noon.Add(time.Hour), gateway.ArchivePlace{}, 2*deathPayments)
			if err != nil || !death.left(len(left)) {
				t.Errorf("%d of the payments are in the ledger, %v", len(left), err)
			}
			moved, err := l.Archive(t.Context(), left, noon)
			if err != nil || moved != len(left) {
				t.Errorf("afterwards %d of %d were archived, %v", moved, len(left), err)
			}
			wantEachPayment(t, l, payments)
			wantSoundFiles(t, l)
		})
	}
}

// wantSoundFiles reads all that counts of each file, as anybody could.
func wantSoundFiles(t *testing.T, l *Ledger) {
	t.Helper()
	files, err := l.ArchiveFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, f := range files {
		if err := l.VerifyFile(f); err != nil {
			t.Errorf("file %s: %v", f.Name, err)
		}
		file, err := os.Open(filepath.Join(l.archive.folder, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		z, err := gzip.NewReader(io.LimitReader(file, f.Size))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || bytes.Count(text, []byte("\n")) != f.Records {
			t.Errorf("file %s has %d lines of %d, %v", f.Name, bytes.Count(text, []byte("\n")), f.Records, err)
		}
		lines += f.Records
	}
	if lines < deathPayments {
		t.Errorf("the files have %d records", lines)
	}
}

// TestAKilledArchiverLeavesNoPaymentBehind kills a process again and again that
// makes payments and archives them.
func TestAKilledArchiverLeavesNoPaymentBehind(t *testing.T) {
	path := fresh(t)
	for round := range 4 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEndlessArchiver$")
		child.Env = append(os.Environ(), archiveCrashPath+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := 0
		for buffer := make([]byte, 64); lines < 5+7*round; {
			n, err := out.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(buffer[:n], []byte("\n"))
		}
		_ = child.Process.Kill()
		_ = child.Wait()
		l := opened(t, path, Options{Archive: path + ".archive"})
		var gone int
		if err := l.reads.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM payments WHERE substr(body, 1, 1) = 'a'`).Scan(&gone); err != nil || gone == 0 {
			t.Errorf("%d payments were archived, %v", gone, err)
		}
		all, err := l.Payments(t.Context(), gateway.PaymentFilter{MerchantID: "m1", Limit: 100_000})
		if err != nil || len(all) < gone {
			t.Fatalf("%d payments, %v", len(all), err)
		}
		wantWholePast(t, l)
		l.Close()
	}
}

// wantWholePast looks for archived payments of which something has stayed, and
// for others of which something is gone.
func wantWholePast(t *testing.T, l *Ledger) {
	t.Helper()
	for what, query := range map[string]string{
		"archived with an event": `SELECT COUNT(*) FROM payments p JOIN events e ON e.payment_id = p.id WHERE substr(p.body, 1, 1) = 'a'`,
		"whose key is elsewhere": `SELECT COUNT(*) FROM payments p JOIN idempotency_keys k ON k.payment_id = p.id
			WHERE p.status = 'settled' AND k.reply <> p.body`,
		"not archived without an event": `SELECT COUNT(*) FROM payments p LEFT JOIN events e ON e.payment_id = p.id
			WHERE p.status = 'settled' AND substr(p.body, 1, 1) = '{' AND e.id IS NULL`,
		"without a key": `SELECT COUNT(*) FROM payments p LEFT JOIN idempotency_keys k ON k.payment_id = p.id WHERE k.key IS NULL`,
	} {
		var n int
		if err := l.reads.db.QueryRowContext(t.Context(), query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d payments %s, %v", n, what, err)
		}
	}
}

func TestEndlessArchiver(t *testing.T) {
	path := os.Getenv(archiveCrashPath)
	if path == "" || os.Getenv(archiveCrashAt) != "" {
		t.Skip("runs as a child of TestAKilledArchiverLeavesNoPaymentBehind")
	}
	l, err := OpenSQLite(context.Background(), path, Options{Archive: path + ".archive"})
	if err != nil {
		t.Fatal(err)
	}
	for {
		for range 7 {
			settledPayment(t, l)
		}
		payments, err := l.Archivable(context.Background(), noon.Add(time.Hour), gateway.ArchivePlace{}, 5)
		if err != nil {
			t.Fatal(err)
		}
		moved, err := l.Archive(context.Background(), payments, noon)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(moved)
	}
}
