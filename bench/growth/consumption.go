package main

import (
	"fmt"
	"os"
	"strings"
)

// consumption is what this process has taken of the machine: microseconds of
// its processors, and bytes that it has asked the system to read and to write.
type consumption struct{ cpu, read, written float64 }

func (c consumption) since(before consumption) consumption {
	return consumption{c.cpu - before.cpu, c.read - before.read, c.written - before.written}
}

// consumed says nothing of what the system does not tell.
func consumed() consumption {
	c := consumption{cpu: processorTime()}
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return c
	}
	for line := range strings.Lines(string(text)) {
		fmt.Sscanf(line, "rchar: %f", &c.read)
		fmt.Sscanf(line, "wchar: %f", &c.written)
	}
	return c
}
