package sealing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

const (
	// commandPatience is how long a command has to give the key, and waitDelay how
	// long it may hold its output open after its end.
	commandPatience = 20 * time.Second
	waitDelay       = time.Second
	// maxOutput is what is read of it. A key has 44 characters.
	maxOutput = 4 << 10
)

// KeyFrom runs a command that prints the master key, such as one that has a key
// management service open it. What the command says is shown nowhere: it may be
// the key.
func KeyFrom(ctx context.Context, command []string) (Key, error) {
	if len(command) == 0 {
		return Key{}, errors.New("there is no command")
	}
	within, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	var out bounded
	run := exec.CommandContext(within, command[0], command[1:]...)
	run.Stdout, run.WaitDelay = &out, waitDelay
	err := run.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		// Who asks has given up; the command was not slower than it may be.
		return Key{}, fmt.Errorf("%s was ended: %w", command[0], ctx.Err())
	case within.Err() != nil:
		return Key{}, fmt.Errorf("%s has not given the key within %s", command[0], commandPatience)
	case out.full:
		return Key{}, fmt.Errorf("%s says more than a key", command[0])
	case errors.As(err, &exit):
		return Key{}, fmt.Errorf("%s failed (%s); run it by hand to see why, its words are not shown here", command[0], exit)
	case err != nil:
		return Key{}, fmt.Errorf("%s cannot be run: %w", command[0], err)
	}
	key, err := ParseKey(out.kept.String())
	if err != nil {
		return Key{}, fmt.Errorf("what %s prints is no key: %w", command[0], err)
	}
	return key, nil
}

// bounded keeps the beginning of what is written, and ends a command that says
// too much. The buffer is no embedded one, whose ReadFrom would know no bound.
type bounded struct {
	kept bytes.Buffer
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.kept.Len()+len(p) > maxOutput {
		b.full = true
		return 0, io.ErrShortWrite
	}
	return b.kept.Write(p)
}
