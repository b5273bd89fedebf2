package ledger

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// searchedAtOnce bounds the packed bytes of one step.
const searchedAtOnce = 16 << 20

// A record that is erased is brought back into the ledger first, as it is by any
// change, and then blanked out of the file: as many bytes of white space take its
// place, so that every other record stays where the ledger says that it lies.
// Records that nothing leads to any more are found like the others, since the files
// are read and not the ledger. Who dies between the two finds the record again.

// eraseArchived searches the next part of a file. The place is the file and the
// byte behind which it goes on.
func (l *Ledger) eraseArchived(ctx context.Context, e gateway.Erasing, after string) (done gateway.Erased, next string, err error) {
	l.archive.moving.Lock()
	defer l.archive.moving.Unlock()
	name, at, _ := strings.Cut(after, ":")
	files, err := l.ArchiveFiles(ctx)
	if err != nil {
		return done, "", err
	}
	for _, f := range files {
		offset := int64(0)
		if f.Name == name {
			offset, _ = strconv.ParseInt(at, 10, 64)
		}
		switch {
		case f.Name < name || offset >= f.Size:
		case l.reads.dialect.shared && mayBeWritten(f.Name, e.At):
			done.Later++
		default:
			next, err := l.eraseIn(ctx, e, f, offset, &done)
			return done, f.Name + ":" + strconv.FormatInt(next, 10), err
		}
	}
	return done, "", nil
}

// mayBeWritten says that another gateway may have the file open, which nobody
// goes on with on another day.
func mayBeWritten(name string, now time.Time) bool {
	return name >= "payments-"+now.Add(-time.Hour).UTC().Format("20060102")
}

func (l *Ledger) eraseIn(ctx context.Context, e gateway.Erasing, f gateway.ArchiveFile, offset int64, done *gateway.Erased) (next int64, err error) {
	found, next, err := l.archive.search(f, offset, e)
	if err != nil {
		return 0, err
	}
	var blank []archivePlace
	for _, one := range found {
		err = nil
		if !e.DryRun {
			err = l.takeOut(ctx, e, one)
		}
		if errors.Is(err, gateway.ErrStale) {
			done.Open++
			continue
		}
		if err != nil {
			return 0, err
		}
		done.Archived++
		done.Answers += len(one.record.Keys)
		done.Events += len(one.record.Events)
		done.Deliveries += len(one.record.Deliveries)
		blank = append(blank, one.place)
	}
	if e.DryRun || len(blank) == 0 {
		return next, nil
	}
	l.archive.keeping.Lock()
	defer l.archive.keeping.Unlock()
	return next, l.archive.blank(f, blank, e.At, func(f gateway.ArchiveFile) error { return l.saveArchiveFile(ctx, f) })
}

// takeOut has nothing in the ledger lead to the record. What it says of payment and
// keys is written there, without the person; what was told is not.
func (l *Ledger) takeOut(ctx context.Context, e gateway.Erasing, one searched) error {
	p, err := decodePayment(string(one.record.Payment))
	if err != nil {
		return err
	}
	place := one.place.String()
	lies, err := l.liesAt(ctx, p, place, e)
	if err != nil {
		return err
	}
	change, err := encode(gateway.Change{Payment: erasedAt(p, e), Base: p.Version})
	if err != nil {
		return err
	}
	answers, err := erasedAnswers(one.record)
	if err != nil {
		return err
	}
	return l.write(ctx, change.place(), func(s *session) error {
		if lies {
			if err := change.write(s); err != nil {
				return err
			}
		}
		for i, k := range one.record.Keys {
			if err := s.put(eraseReplySQL, answers[i], p.MerchantID, k.Key, k.OperationID, place); err != nil {
				return err
			}
		}
		return nil
	})
}

// liesAt says whether the ledger has the payment at that place, and not in
// another file or whole. One that came back whole since its page was walked
// through, and names the customer, is stale: the next run takes it.
func (l *Ledger) liesAt(ctx context.Context, p gateway.Payment, place string, e gateway.Erasing) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	var body string
	err := l.reads.payment.QueryRowContext(ctx, p.ID, p.MerchantID).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil || isArchived(body) {
		return body == place, l.explain(err)
	}
	whole, err := decodePayment(body)
	if err == nil && whole.Names(e.CustomerID) {
		err = gateway.ErrStale
	}
	return false, err
}

// searched is a record that names the customer.
type searched struct {
	place  archivePlace
	record archiveRecord
}

// search reads a part of a file, record by record.
func (a *archivist) search(f gateway.ArchiveFile, offset int64, e gateway.Erasing) (found []searched, next int64, err error) {
	if a.folder == "" {
		return nil, 0, errNoArchive
	}
	fault := func(err error) error {
		return fmt.Errorf("%w: %s, at byte %d, cannot be searched, restore it from a backup: %w", gateway.ErrArchive, f.Name, next, err)
	}
	file, err := os.Open(filepath.Join(a.folder, f.Name))
	if err != nil {
		return nil, 0, fault(err)
	}
	defer file.Close()
	name, err := json.Marshal(e.CustomerID)
	if err != nil {
		return nil, 0, err
	}
	members := &members{from: bufio.NewReaderSize(io.NewSectionReader(file, offset, f.Size-offset), 64<<10)}
	for next = offset; next < f.Size && next-offset < searchedAtOnce; {
		start := next
		line, sum, err := members.read()
		if err != nil {
			return nil, 0, fault(err)
		}
		next = offset + members.at
		if !bytes.Contains(line, name) {
			continue
		}
		r, err := decodeArchiveRecord(line)
		if err != nil {
			return nil, 0, err
		}
		p, err := decodePayment(string(r.Payment))
		if err != nil {
			return nil, 0, err
		}
		if p.MerchantID == e.MerchantID && p.LiveMode == e.LiveMode && p.Names(e.CustomerID) {
			found = append(found, searched{archivePlace{file: f.Name, offset: start, length: next - start, sum: sum}, r})
		}
	}
	return found, next, nil
}

// members reads gzip members one after another and counts their bytes. It is a
// ByteReader, so that nothing is read beyond a member's end.
type members struct {
	from   *bufio.Reader
	at     int64
	packed bytes.Buffer
	unzip  *gzip.Reader
}

func (m *members) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.at += int64(n)
	m.packed.Write(p[:n])
	return n, err
}

func (m *members) ReadByte() (byte, error) {
	b, err := m.from.ReadByte()
	if err == nil {
		m.at++
		m.packed.WriteByte(b)
	}
	return b, err
}

func (m *members) read() (line []byte, sum [sha256.Size]byte, err error) {
	m.packed.Reset()
	if m.unzip == nil {
		m.unzip, err = gzip.NewReader(m)
	} else {
		err = m.unzip.Reset(m)
	}
	if err != nil {
		return nil, sum, err
	}
	m.unzip.Multistream(false)
	line, err = io.ReadAll(io.LimitReader(m.unzip, recordAtMost))
	return line, sha256.Sum256(m.packed.Bytes()), err
}

// blank writes the file anew with white space in those places. The ledger is told
// of its sum before it takes the old one's place: who dies between has a file
// whose sum is wrong, in which the records are found again.
func (a *archivist) blank(f gateway.ArchiveFile, places []archivePlace, at time.Time, known func(gateway.ArchiveFile) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file != nil && a.file.Name == f.Name {
		f = a.file.ArchiveFile // with what was added since it was read
		a.leave()
	}
	path := filepath.Join(a.folder, f.Name)
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path+".erasing", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(to.Name())
	sum := sha256.New()
	err = errors.Join(copyBlanked(io.MultiWriter(to, sum), from, f.Size, places), to.Sync(), to.Close())
	if err != nil {
		return err
	}
	f.SHA256, f.UpdatedAt = hex.EncodeToString(sum.Sum(nil)), at
	if err := known(f); err != nil {
		return err
	}
	return errors.Join(os.Rename(to.Name(), path), syncFolder(a.folder))
}

func copyBlanked(to io.Writer, from io.ReadSeeker, size int64, places []archivePlace) error {
	slices.SortFunc(places, func(a, b archivePlace) int { return cmp.Compare(a.offset, b.offset) })
	at := int64(0)
	for _, p := range places {
		if _, err := io.CopyN(to, from, p.offset-at); err != nil {
			return err
		}
		space, err := whiteSpace(p.length)
		if err != nil {
			return err
		}
		if _, err := to.Write(space); err != nil {
			return err
		}
		if _, err := from.Seek(p.length, io.SeekCurrent); err != nil {
			return err
		}
		at = p.offset + p.length
	}
	_, err := io.CopyN(to, from, size-at)
	return err
}

// A gzip member is its header, blocks and its end; a stored block is its own
// header and at most 65535 bytes as they are (RFC 1951 and 1952).
const (
	memberFrame = 10 + 8
	blockFrame  = 5
	blockAtMost = blockFrame + 65535
)

// whiteSpace is a gzip member of exactly that length, of a line without words.
func whiteSpace(length int64) ([]byte, error) {
	left := length - memberFrame
	if left <= blockFrame {
		return nil, fmt.Errorf("a record of %d bytes is too short to be one", length)
	}
	member := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
	sum, said := crc32.NewIEEE(), uint32(0)
	for left > 0 {
		block := min(left, blockAtMost)
		if rest := left - block; rest > 0 && rest <= blockFrame {
			block -= blockFrame // which leaves the last block a byte
		}
		left -= block
		text := bytes.Repeat([]byte(" "), int(block-blockFrame))
		final := byte(0)
		if left == 0 {
			final, text[len(text)-1] = 1, '\n'
		}
		member = append(member, final)
		member = binary.LittleEndian.AppendUint16(member, uint16(len(text)))
		member = binary.LittleEndian.AppendUint16(member, ^uint16(len(text)))
		member = append(member, text...)
		sum.Write(text)
		said += uint32(len(text))
	}
	member = binary.LittleEndian.AppendUint32(member, sum.Sum32())
	return binary.LittleEndian.AppendUint32(member, said), nil
}
