package erp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"paytrace-gateway/gateway"
)

var _ gateway.SettlementFiler = Folder{}

// Form is one form in which a report is written.
type Form struct {
	Extension string // such as csv
	Render    func(gateway.SettlementReport) ([]byte, error)
}

// Folder writes the reports of settlement days into a folder of each merchant. It is
// made by whoever runs the gateway and never by the gateway, so that files do not go
// where a share should be that is not mounted.
type Folder struct {
	Path string
	// Forms are written in their order. Who waits for the last has them all.
	Forms []Form
}

// FileSettlement implements gateway.SettlementFiler. A file is there whole or not at
// all, under its name, and takes the place of an earlier one of the same day.
func (f Folder) FileSettlement(ctx context.Context, r gateway.SettlementReport) error {
	if err := f.Examine(); err != nil {
		return err
	}
	folder := filepath.Join(f.Path, r.Merchant.ID)
	if err := os.Mkdir(folder, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("the folder of the merchant cannot be made in settlementFolder: %w", err)
	}
	for _, form := range f.Forms {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := form.Render(r)
		if err != nil {
			return fmt.Errorf("the report cannot be written as %s: %w", form.Extension, err)
		}
		if err := place(folder, nameOf(r)+"."+form.Extension, text); err != nil {
			return fmt.Errorf("the settlement file cannot be written: %w", err)
		}
	}
	return nil
}

// Examine says why nothing could be written. It writes an empty file, and removes it.
func (f Folder) Examine() error {
	tried, err := os.CreateTemp(f.Path, ".tried.*.part")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("settlementFolder %s is not there: make it, or mount its share; the gateway does not make it by itself", f.Path)
	case err != nil:
		return fmt.Errorf("settlementFolder %s cannot be written to, which the gateway's user has to: %w", f.Path, err)
	}
	return errors.Join(tried.Close(), os.Remove(tried.Name()))
}

// nameOf begins with another word in test mode, so that a pattern for the files of
// real money never takes one.
func nameOf(r gateway.SettlementReport) string {
	kind := "settlement-"
	if !r.Merchant.LiveMode {
		kind = "test-settlement-"
	}
	return kind + r.From.Format(time.DateOnly)
}

// place writes beside the name first. What a killed process has left there begins
// with a dot, ends with .part and may be removed.
func place(folder, name string, text []byte) error {
	beside, err := os.CreateTemp(folder, "."+name+".*.part")
	if err != nil {
		return err
	}
	_, err = beside.Write(text)
	err = errors.Join(err, beside.Chmod(0o640), beside.Sync(), beside.Close())
	if err == nil {
		err = os.Rename(beside.Name(), filepath.Join(folder, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(beside.Name()))
	}
	return syncFolder(folder)
}
