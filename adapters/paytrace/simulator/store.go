package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// minSaveInterval gathers the changes of a busy moment into one write.
const minSaveInterval = 200 * time.Millisecond

// snapshot is what the state file holds. Faults and history belong to a test
// run and are not in it.
type snapshot struct {
	Settings Settings
	Books    books
}

// changed asks for a write of the state file; it never waits.
func (s *Simulator) changed() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

// keepSaving writes the state after changes. It rests ten times as long as a
// write took, so that a large state does not slow the requests down.
func (s *Simulator) keepSaving() {
	defer close(s.serving.saving)
	for {
		select {
		case <-s.dirty:
		case <-s.closing:
			return
		}
		began := time.Now()
		if err := s.save(); err != nil {
			s.log.Error("simulator.save", "error", err.Error())
		}
		if !s.wait(max(minSaveInterval, 10*time.Since(began)).Seconds()) {
			return
		}
	}
}

// save writes beside the file and renames, so that a crash leaves the old state
// or the new one.
func (s *Simulator) save() error {
	s.mu.Lock()
	data, err := json.Marshal(snapshot{s.settings, s.books})
	s.mu.Unlock()
	if err != nil {
		return err
	}
	path := s.options.StateFile
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("cannot write the state file: %w", err)
	}
	defer os.Remove(file.Name()) // Fails once the file was renamed, as it should.
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return fmt.Errorf("cannot write the state file: %w", err)
	}
	return os.Rename(file.Name(), path)
}

// Load continues from the state file, if there is one. Serve does so by itself;
// calling Load before shows a damaged file before anything listens.
func (s *Simulator) Load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded || s.options.StateFile == "" {
		return nil
	}
	data, err := os.ReadFile(s.options.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		s.loaded = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the state file: %w", err)
	}
	state := snapshot{Settings: s.settings, Books: newBooks(s.books.NextID)}
	if err := json.Unmarshal(data, &state); err != nil {
		return fmt.Errorf("the state file %s is damaged (%w); delete it to start afresh", s.options.StateFile, err)
	}
	state.Books.NextID = max(state.Books.NextID, s.books.NextID)
	s.settings, s.books, s.loaded = state.Settings, state.Books, true
	s.indexes = newIndexes(&s.books)
	if s.options.DemoCustomers {
		s.addDemoCustomers()
	}
	return nil
}
