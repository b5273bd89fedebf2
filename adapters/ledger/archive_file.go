package ledger

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

// archiveFileAtMost is the size at which a file is followed by another one.
const archiveFileAtMost = 256 << 20

// errNoArchive is said where the ledger has archived payments, or is to archive
// some, and was told of no folder.
var errNoArchive = fmt.Errorf("%w: no folder is named, set retention.archive.folder in the configuration", gateway.ErrArchive)

// archivist writes and reads the files of the archive. A file has one writer for
// ever: what another process has begun is not gone on with, so that two of them
// never write in one place, and what a dead one left at an end harms nobody.
type archivist struct {
	folder string
	// reading has a place for each file that is read at the moment.
	reading chan struct{}

	// moving is held from when payments are gathered until the ledger leads to what
	// was written, and while records are taken out: one that nothing leads to yet is
	// not blanked, and one that was gathered before an erasure is not written after
	// it. It is taken before keeping.
	moving sync.Mutex

	// keeping is held until the ledger knows of what was written: of two sums of
	// one file the later has to be the last that it is told.
	keeping sync.Mutex

	mu   sync.Mutex
	file *archiveWriter // nil when none is open
}

func newArchivist(folder string) *archivist {
	return &archivist{folder: folder, reading: make(chan struct{}, readingAtOnce)}
}

// archiveWriter is the file that is being written.
type archiveWriter struct {
	gateway.ArchiveFile
	to  *os.File
	sum hash.Hash
}

// add writes records behind each other, each a gzip member by itself, and
// returns their places when they are on the disk, with the file as it is then.
// After an error the file is left as it is, and the next one is begun.
func (a *archivist) add(records [][]byte, at time.Time) (places []archivePlace, _ gateway.ArchiveFile, err error) {
	if a.folder == "" {
		return nil, gateway.ArchiveFile{}, errNoArchive
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	defer func() {
		if err != nil {
			a.giveUp()
		}
	}()
	w, err := a.writer(at)
	if err != nil {
		return nil, gateway.ArchiveFile{}, err
	}
	var packed bytes.Buffer
	for _, record := range records {
		start := packed.Len()
		if err := pack(&packed, record); err != nil {
			return nil, gateway.ArchiveFile{}, err
		}
		member := packed.Bytes()[start:]
		places = append(places, archivePlace{
			file: w.Name, offset: w.Size + int64(start), length: int64(len(member)), sum: sha256.Sum256(member),
		})
	}
	if _, err := w.to.Write(packed.Bytes()); err != nil {
		return nil, gateway.ArchiveFile{}, err
	}
	if err := w.to.Sync(); err != nil {
		return nil, gateway.ArchiveFile{}, err
	}
	if err := w.inPlace(a.folder); err != nil {
		return nil, gateway.ArchiveFile{}, err
	}
	w.sum.Write(packed.Bytes())
	w.Size += int64(packed.Len())
	w.Records += len(records)
	w.SHA256, w.UpdatedAt = hex.EncodeToString(w.sum.Sum(nil)), at
	return places, w.ArchiveFile, nil
}

// packers are used again: each has 800 KB of tables, which a step of a hundred
// records would else leave to the garbage collector a hundred times.
var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func pack(to *bytes.Buffer, record []byte) error {
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(to)
	_, err := z.Write(append(record, '\n'))
	return errors.Join(err, z.Close())
}

// writer is the open file, or a new one when it is full or of another day.
func (a *archivist) writer(at time.Time) (*archiveWriter, error) {
	day := at.UTC().Format("20060102")
	if a.file != nil && (a.file.Size >= archiveFileAtMost || !strings.HasPrefix(a.file.Name, "payments-"+day)) {
		a.leave()
	}
	if a.file != nil {
		return a.file, nil
	}
	if err := os.MkdirAll(a.folder, 0o700); err != nil {
		return nil, err
	}
	var random [5]byte
	rand.Read(random[:])
	name := "payments-" + day + "-" + strings.ToLower(base32.StdEncoding.EncodeToString(random[:])) + ".ndjson.gz"
	file, err := os.OpenFile(filepath.Join(a.folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	a.file = &archiveWriter{to: file, ArchiveFile: gateway.ArchiveFile{Name: name, CreatedAt: at}, sum: sha256.New()}
	return a.file, syncFolder(a.folder)
}

// leave begins a new file with the next record.
func (a *archivist) leave() {
	if a.file != nil {
		_ = a.file.to.Close() // what counts of it was synced
		a.file = nil
	}
}

// giveUp leaves the file without what does not count of it: a full disk would
// else be kept full by what could not be written to it.
func (a *archivist) giveUp() {
	if a.file == nil {
		return
	}
	if a.file.Size > 0 {
		_ = a.file.to.Truncate(a.file.Size)
	} else {
		_ = os.Remove(filepath.Join(a.folder, a.file.Name))
	}
	a.leave()
}

// inPlace says whether the file that was written is the one that will be read:
// a folder can be moved away, or a share be mounted over it, under an open file.
func (w *archiveWriter) inPlace(folder string) error {
	open, err := w.to.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(filepath.Join(folder, w.Name))
	if err != nil {
		return fmt.Errorf("the folder was changed while %s was written: %w", w.Name, err)
	}
	if !os.SameFile(open, named) {
		return fmt.Errorf("the folder was changed while %s was written: another file has its name now", w.Name)
	}
	return nil
}

// Close implements io.Closer.
func (a *archivist) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leave()
	return nil
}

// readingAtOnce bounds the files that are read at a time, those among them of
// which a network share will never say anything.
const readingAtOnce = 32

// read returns a record as it was added. A share that is away can keep whoever
// reads from it for ever, and is left to itself when ctx ends.
func (a *archivist) read(ctx context.Context, p archivePlace) ([]byte, error) {
	if a.folder == "" {
		return nil, errNoArchive
	}
	away := func() error {
		if errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %s does not answer in time, is its share away? %w", gateway.ErrArchive, a.folder, ctx.Err())
	}
	select {
	case a.reading <- struct{}{}:
	case <-ctx.Done():
		return nil, away()
	}
	type found struct {
		record []byte
		err    error
	}
	answer := make(chan found, 1)
	go func() {
		defer func() { <-a.reading }()
		record, err := a.readFile(p)
		answer <- found{record, err}
	}()
	select {
	case f := <-answer:
		return f.record, f.err
	case <-ctx.Done():
		return nil, away()
	}
}

func (a *archivist) readFile(p archivePlace) ([]byte, error) {
	fault := func(what string, err error) error {
		return fmt.Errorf("%w: %s, at byte %d, %s: %w", gateway.ErrArchive, filepath.Join(a.folder, p.file), p.offset, what, err)
	}
	file, err := os.Open(filepath.Join(a.folder, p.file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault("is missing; restore it from a backup, or name the folder where it is", fs.ErrNotExist)
	}
	if err != nil {
		return nil, fault("cannot be opened", err)
	}
	defer file.Close()
	packed := make([]byte, p.length)
	if _, err := file.ReadAt(packed, p.offset); err != nil {
		return nil, fault("is shorter than it was, restore it from a backup", err)
	}
	if sha256.Sum256(packed) != p.sum {
		return nil, fault("is damaged, restore it from a backup", errSum)
	}
	record, err := unpack(packed)
	if err != nil {
		return nil, fault("cannot be unpacked", err)
	}
	return record, nil
}

var errSum = errors.New("its sum is not what it was when it was written")

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, recordAtMost))
}

// missing says whether a file is away, or shorter than what counts of it.
func (a *archivist) missing(f gateway.ArchiveFile) (bool, error) {
	if a.folder == "" {
		return true, nil
	}
	info, err := os.Stat(filepath.Join(a.folder, f.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return err == nil && info.Size() < f.Size, err
}

// verify reads all of a file that counts.
func (a *archivist) verify(f gateway.ArchiveFile) error {
	file, err := os.Open(filepath.Join(a.folder, f.Name))
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(file, f.Size))
	switch {
	case err != nil:
		return err
	case n < f.Size:
		return fmt.Errorf("it has %d bytes of %d", n, f.Size)
	case hex.EncodeToString(sum.Sum(nil)) != f.SHA256:
		return errSum
	}
	return nil
}
