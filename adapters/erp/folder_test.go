package erp

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func report(live bool) gateway.SettlementReport {
	return gateway.SettlementReport{
		Merchant: gateway.Merchant{ID: "shoes", LiveMode: live}, From: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC),
	}
}

func folder(path string, words string) Folder {
	form := func(extension string) Form {
		return Form{Extension: extension, Render: func(gateway.SettlementReport) ([]byte, error) { return []byte(words), nil }}
	}
	return Folder{Path: path, Forms: []Form{form("json"), form("csv")}}
}

func namesIn(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestADayIsInAFileOfItsOwnUnderItsName(t *testing.T) {
	path := t.TempDir()
	for words, live := range map[string]bool{"real": true, "play": false} {
		if err := folder(path, words).FileSettlement(t.Context(), report(live)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"settlement-2026-11-28.csv", "settlement-2026-11-28.json", "test-settlement-2026-11-28.csv", "test-settlement-2026-11-28.json"}
	if names := namesIn(t, filepath.Join(path, "shoes")); !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if err := folder(path, "once more").FileSettlement(t.Context(), report(true)); err != nil {
		t.Fatal(err)
	}
	for name, words := range map[string]string{want[0]: "once more", want[2]: "play"} {
		if text, err := os.ReadFile(filepath.Join(path, "shoes", name)); err != nil || string(text) != words {
			t.Errorf("%s: %q, %v, want %q", name, text, err, words)
		}
	}
	if names := namesIn(t, filepath.Join(path, "shoes")); len(names) != 4 {
		t.Errorf("something is left: %q", names)
	}
}

// A share that is not mounted must not get its files in the folder beneath.
func TestAFolderThatIsNotThereIsNotMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "share")
	f := folder(path, "words")
	if err := f.FileSettlement(t.Context(), report(true)); err == nil || !strings.Contains(err.Error(), "is not there: make it") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the folder was made")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Examine(); err == nil || !strings.Contains(err.Error(), "cannot be written to") {
		t.Errorf("a file in its place: %v", err)
	}
}

func TestWhatCannotBeRenderedLeavesNoFile(t *testing.T) {
	path := t.TempDir()
	f := Folder{Path: path, Forms: []Form{{"csv", func(gateway.SettlementReport) ([]byte, error) { return nil, errors.New("no words") }}}}
	if err := f.FileSettlement(t.Context(), report(true)); err == nil || !strings.Contains(err.Error(), "as csv: no words") {
		t.Errorf("%v", err)
	}
	if names := namesIn(t, filepath.Join(path, "shoes")); len(names) != 0 {
		t.Errorf("%q", names)
	}
}

func TestExaminingLeavesNothing(t *testing.T) {
	path := t.TempDir()
	if err := folder(path, "words").Examine(); err != nil || len(namesIn(t, path)) != 0 {
		t.Errorf("%v, %q", err, namesIn(t, path))
	}
}

// A name that cannot be taken, since a folder has it, leaves nothing beside it.
func TestAFailedRenameLeavesNothing(t *testing.T) {
	path := t.TempDir()
	taken := filepath.Join(path, "shoes", "settlement-2026-11-28.json")
	if err := os.MkdirAll(filepath.Join(taken, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := folder(path, "words").FileSettlement(t.Context(), report(true)); err == nil {
		t.Error("no error")
	}
	if names := namesIn(t, filepath.Join(path, "shoes")); !slices.Equal(names, []string{filepath.Base(taken)}) {
		t.Errorf("%q", names)
	}
}
