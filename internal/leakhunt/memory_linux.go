package leakhunt

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// Memory searches the writable memory of a running process, and says how much
// that was. Of a process that was not paused, what moves meanwhile may be missed.
func (s *Scanner) Memory(place string, pid int) ([]Hit, int64, error) {
	regions, err := writable(pid)
	if err != nil {
		return nil, 0, err
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, 0, err
	}
	defer memory.Close()
	var all []Hit
	var size int64
	for _, r := range regions {
		f := findingsOf(place + ", " + r.name)
		// The kernel lends some regions to nobody, and takes others away meanwhile.
		n, _ := s.read(f, io.NewSectionReader(memory, r.from, r.to-r.from), r.from)
		all, size = append(all, f.list()...), size+n
	}
	return all, size, nil
}

type region struct {
	from, to int64
	name     string
}

// writable reads which memory a process can write into.
func writable(pid int) ([]region, error) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	defer maps.Close()
	var all []region
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "rw") {
			continue
		}
		r := region{name: "the heap and the stacks"}
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &r.from, &r.to); err != nil {
			return nil, fmt.Errorf("a line of the maps cannot be read: %w", err)
		}
		if len(fields) > 5 {
			r.name = fields[5]
		}
		all = append(all, r)
	}
	return all, lines.Err()
}
