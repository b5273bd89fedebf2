package leakhunt

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// shortest is what a pattern has at least: the eight bytes that are looked at
// together.
const shortest = 8

// chunk is what is read of a place at a time.
const chunk = 4 << 20

// Hit says that a canary was found, without showing it.
type Hit struct {
	Place  string
	Canary string
	Form   string
	// Offset is where it stands first, Count how often it stands there.
	Offset int64
	Count  int
}

func (h Hit) String() string {
	return fmt.Sprintf("%s: %s, %s, %d times, first at byte %d", h.Place, h.Canary, h.Form, h.Count, h.Offset)
}

type pattern struct {
	text         []byte
	canary, form string
}

// Scanner searches for many canaries at once. It reads a place once, and asks
// at every byte whether the eight that begin there begin a pattern: a sieve of
// bits answers nearly all of these questions. It may be used concurrently.
type Scanner struct {
	patterns []pattern
	first    map[uint64][]int
	sieve    []uint64
	longest  int
}

const sieveBits = 20

func sieveAt(v uint64) uint64 { return v * 0x9E3779B97F4A7C15 >> (64 - sieveBits) }

// NewScanner makes a scanner for canaries in all their forms.
func NewScanner(canaries []Canary) *Scanner {
	s := &Scanner{first: map[uint64][]int{}, sieve: make([]uint64, 1<<(sieveBits-6))}
	for _, c := range canaries {
		for _, spelling := range c.spellings {
			for _, f := range forms(spelling) {
				s.add(pattern{f.text, c.String(), f.name})
			}
		}
	}
	return s
}

func (s *Scanner) add(p pattern) {
	v := binary.LittleEndian.Uint64(p.text)
	s.first[v] = append(s.first[v], len(s.patterns))
	h := sieveAt(v)
	s.sieve[h/64] |= 1 << (h % 64)
	s.patterns = append(s.patterns, p)
	s.longest = max(s.longest, len(p.text))
}

// candidates are the offsets in b at which a pattern may begin. The race
// detector would make it ten times slower, and has nothing to see in it.
//
//go:norace
func (s *Scanner) candidates(b []byte, into []int) []int {
	for i := 0; i+shortest <= len(b); i++ {
		v := uint64(b[i]) | uint64(b[i+1])<<8 | uint64(b[i+2])<<16 | uint64(b[i+3])<<24 |
			uint64(b[i+4])<<32 | uint64(b[i+5])<<40 | uint64(b[i+6])<<48 | uint64(b[i+7])<<56
		h := v * 0x9E3779B97F4A7C15 >> (64 - sieveBits)
		if s.sieve[h/64]>>(h%64)&1 != 0 {
			into = append(into, i)
		}
	}
	return into
}

// findings gathers the hits of one place.
type findings struct {
	place string
	hits  map[[2]string]*Hit
}

func (f *findings) add(p pattern, at int64) {
	key := [2]string{p.canary, p.form}
	if h := f.hits[key]; h != nil {
		h.Count++
		return
	}
	f.hits[key] = &Hit{Place: f.place, Canary: p.canary, Form: p.form, Offset: at, Count: 1}
}

func (f *findings) list() []Hit {
	var all []Hit
	for _, h := range f.hits {
		all = append(all, *h)
	}
	slices.SortFunc(all, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Canary, b.Canary), cmp.Compare(a.Form, b.Form))
	})
	return all
}

// search finds what begins in the first n bytes of b, which begins at base.
func (s *Scanner) search(f *findings, b []byte, n int, base int64) {
	for _, at := range s.candidates(b, nil) {
		if at >= n {
			return
		}
		for _, i := range s.first[binary.LittleEndian.Uint64(b[at:])] {
			if p := s.patterns[i]; bytes.HasPrefix(b[at:], p.text) {
				f.add(p, base+int64(at))
			}
		}
	}
}

func findingsOf(place string) *findings { return &findings{place, map[[2]string]*Hit{}} }

// Bytes searches b.
func (s *Scanner) Bytes(place string, b []byte) []Hit {
	f := findingsOf(place)
	s.search(f, b, len(b), 0)
	return f.list()
}

// Read searches all that r has, and says how much that was.
func (s *Scanner) Read(place string, r io.Reader) ([]Hit, int64, error) {
	f := findingsOf(place)
	size, err := s.read(f, r, 0)
	return f.list(), size, err
}

// read keeps the end of each chunk for the next, so that nothing is missed that
// lies across.
func (s *Scanner) read(f *findings, r io.Reader, base int64) (int64, error) {
	buffer := make([]byte, chunk+s.longest)
	kept, size := 0, int64(0)
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		size += int64(n)
		have := kept + n
		ends := err != nil
		search := have
		if !ends {
			search = max(0, have-s.longest+1)
		}
		s.search(f, buffer[:have], search, base)
		if ends {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil
			}
			return size, err
		}
		base += int64(search)
		kept = copy(buffer, buffer[search:have])
	}
}

// Folder searches every file below root, and the files' names. A file that goes
// away meanwhile is passed over.
func (s *Scanner) Folder(place, root string) ([]Hit, int64, error) {
	var all []Hit
	var size int64
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return passOver(err)
		}
		all = append(all, s.Bytes(place+", a file's name", []byte(filepath.Base(path)))...)
		if !entry.Type().IsRegular() {
			return nil
		}
		file, err := os.Open(path)
		if err != nil {
			return passOver(err)
		}
		defer file.Close()
		hits, n, err := s.Read(place+", "+filepath.Base(path), file)
		all, size = append(all, hits...), size+n
		return err
	})
	return all, size, err
}

func passOver(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
