package gateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// The words by which the person of these tests is known. None may be found
// anywhere once the person was erased.
const (
	personNote    = "Grüße an Ada Byron"
	personAccount = "0015g00000AdaByr00"
	personContact = "0035g00000AdaByr00"
)

// ofPerson is a sale for the person whose erasure is asked for.
func ofPerson(amount gateway.Money, customerID string) gateway.CreatePayment {
	cmd := sale(amount)
	cmd.CustomerID = customerID
	cmd.Metadata = map[string]string{"note": personNote}
	cmd.Source = gateway.SourceRecords{SalesforceOrderID: "8015g00000Order0001", AccountID: personAccount, ContactID: personContact}
	return cmd
}

// erases takes every step of an erasure and returns what they took together.
func (k *keeper) erases(customerID string, dry bool) gateway.Erased {
	k.t.Helper()
	var all gateway.Erased
	for place, steps := "", 0; ; steps++ {
		done, next, err := k.Erase(context.Background(), "main", anna, gateway.EraseStep{CustomerID: customerID, DryRun: dry, Place: place})
		if err != nil {
			k.t.Fatal(err)
		}
		all.Add(done)
		if place = next; place == "" {
			return all
		}
		if steps > 1000 {
			k.t.Fatal("the erasure does not end")
		}
	}
}

// bytesOf are all bytes of the ledger's files and of the archive's, these
// unpacked.
func (k *keeper) bytesOf() []byte {
	k.t.Helper()
	var all []byte
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(k.path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			k.t.Fatal(err)
		}
		all = append(all, text...)
	}
	for _, file := range k.files() {
		packed, err := os.ReadFile(file)
		if err != nil {
			k.t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			k.t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			k.t.Fatalf("%s cannot be unpacked any more: %v", file, err)
		}
		all = append(append(all, packed...), text...)
	}
	return all
}

// vacuums gives back what is free in the ledger's file, as a person does with the
// gateway stopped.
func (k *keeper) vacuums() {
	k.t.Helper()
	if err := k.ledger.Close(); err != nil {
		k.t.Fatal(err)
	}
	db, err := sql.Open("sqlite", k.path)
	if err != nil {
		k.t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := db.Exec(statement); err != nil {
			k.t.Fatal(err)
		}
	}
}

// trail is what has to stay of a payment: all that is about money.
func trail(p gateway.Payment) string {
	p = p.Forgotten()
	p.Version, p.UpdatedAt = 0, time.Time{}
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestAnErasedCustomerIsNowhereAndTheMoneyTrailStays(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		k.stored("a")
		requests := map[string]gateway.CreatePayment{"old": ofPerson(1000, "c"), "new": ofPerson(1001, "c"), "other": ofPerson(1002, "someone")}
		k.create("old", requests["old"])
		k.create("settled-other", sale(1003))
		k.processor.Settle()
		k.lives(2 * time.Hour)
		k.archives(2)
		k.create("new", requests["new"])
		k.create("other", requests["other"])
		k.processor.Settle()
		k.lives(2 * time.Hour)
		for _, word := range []string{personNote, personAccount, personContact} {
			if !bytes.Contains(k.bytesOf(), []byte(word)) {
				t.Fatalf("%q is nowhere before, so that the search finds nothing", word)
			}
		}
		before, answered := map[string]string{}, map[string]string{}
		for key, cmd := range requests {
			before[key], answered[key] = trail(k.byKey(key).Payment), trail(k.create(key, cmd).Payment)
		}

		would := k.erases("c", true)
		if len(k.customer("c").Methods) != 1 || k.byKey("old").Payment.CustomerID != "c" || k.byKey("new").Payment.CustomerID != "c" {
			t.Error("a dry run has changed something")
		}
		did := k.erases("c", false)
		// The removal itself is on its way to PayTrace, and to whoever is told of it.
		if did.Open != 1 || did.Untold != 1 {
			t.Errorf("it left %+v", did)
		}
		did.Open, did.Untold = 0, 0
		if would != did || did.Payments != 1 || did.Archived != 1 || did.Customers != 1 || did.Methods != 1 || did.Answers != 2 {
			t.Errorf("it would take %+v and took %+v", would, did)
		}
		k.lives(2 * time.Hour) // PayTrace deletes the profile, and the removal is told
		if n := len(k.processor.Profiles()); n != 0 {
			t.Errorf("PayTrace keeps %d profiles", n)
		}
		if last := k.erases("c", false); last.Payments != 0 || last.Archived != 0 || last.VaultChanges == 0 || last.Open != 0 || last.Untold != 0 {
			t.Errorf("the second run took %+v, want only what had still to be done", last)
		}
		if none := k.erases("c", false); none != (gateway.Erased{}) {
			t.Errorf("the third run took %+v", none)
		}
		if _, err := k.Customer(context.Background(), "main", "c"); err == nil {
			t.Error("the customer is still there")
		}

		charged := k.processor.Calls("charge")
		for key, cmd := range requests {
			again := k.create(key, cmd)
			if !again.Replayed || trail(again.Payment) != answered[key] {
				t.Errorf("the repeat of %s is answered\n%s, before\n%s", key, trail(again.Payment), answered[key])
			}
			if named := again.Payment.Names("c") || again.Payment.Metadata != nil; named != (key == "other") {
				t.Errorf("the repeat of %s has the person: %t", key, named)
			}
			if trail(k.byKey(key).Payment) != before[key] {
				t.Errorf("%s has another trail now: %s", key, trail(k.byKey(key).Payment))
			}
		}
		if k.processor.Calls("charge") != charged {
			t.Error("a repeat has charged")
		}
		if _, err := k.Refund(context.Background(), as("r"), k.byKey("old").Payment.ID, gateway.RefundPayment{}); err != nil {
			t.Errorf("an erased payment cannot be refunded: %v", err)
		}
		// The other customer's payment has the same words, so it goes for the search.
		if got := k.erases("someone", false); got.Payments != 1 {
			t.Errorf("of the other customer %+v", got)
		}
		files, err := k.ledger.ArchiveFiles(context.Background())
		for _, f := range files {
			err = errors.Join(err, k.ledger.VerifyFile(f))
		}
		if err != nil {
			t.Errorf("the archive's files are not what the ledger says: %v", err)
		}
		k.vacuums()
		for _, word := range []string{personNote, personAccount, personContact, "Ada Byron"} {
			if all := k.bytesOf(); bytes.Contains(all, []byte(word)) {
				at := bytes.Index(all, []byte(word))
				t.Errorf("%q is still in the files: …%s", word, all[max(0, at-200):at+40])
			}
		}
		if strings.Contains(k.log.String(), personNote) {
			t.Error("the log names the person")
		}
	})
}

// A payment that was not sent can be continued by its key, and a customer's id be
// given to somebody else.
func TestAnErasedCustomersKeyChargesNobodyElsesCard(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		k.stored("a")
		k.says("charge", gateway.Result{Outcome: gateway.NotSent})
		k.expect(k.create("k", byVault("c", "")), nil, gateway.Failed, gateway.OpNotSent)
		k.processor.SetBefore(nil)
		k.lives(2 * time.Hour)
		k.erases("c", false)
		k.lives(2 * time.Hour)
		k.stored("b")
		_, err := k.CreatePayment(context.Background(), as("k"), byVault("c", ""))
		if codeOf(err) != gateway.CodeMethodNotFound || k.processor.Calls("charge") != 1 {
			t.Errorf("%v, and %d charges", err, k.processor.Calls("charge"))
		}
	})
}
