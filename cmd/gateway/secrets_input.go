package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// maxInput bounds what is read for all values of a command.
const maxInput = 64 << 10

// readValues reads a value for each name: from a file each, from a prompt that
// shows nothing, or from standard input. One value is all that stands there,
// several are a line each. A line break at the end is dropped.
func readValues(cmd *cobra.Command, names, files []string) ([]string, error) {
	switch in, ok := cmd.InOrStdin().(*os.File); {
	case len(files) > 0:
		return fromFiles(names, files)
	case ok && term.IsTerminal(int(in.Fd())):
		return fromPrompt(cmd.ErrOrStderr(), in, names)
	default:
		return fromInput(cmd.InOrStdin(), names)
	}
}

func fromFiles(names, files []string) (values []string, err error) {
	if len(files) != len(names) {
		return nil, fmt.Errorf("--file: there are %d secrets and %d files; expected one each, in their order", len(names), len(files))
	}
	for _, file := range files {
		opened, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("--file: %w", err)
		}
		value, err := readBounded(opened)
		opened.Close()
		if err != nil {
			return nil, fmt.Errorf("--file: %s: %w", file, err)
		}
		values = append(values, trimmed(value))
	}
	return values, nil
}

func fromPrompt(w io.Writer, in *os.File, names []string) (values []string, err error) {
	for _, name := range names {
		fmt.Fprintf(w, "the value of %s, which is not shown: ", name)
		value, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(w)
		if err != nil {
			return nil, err
		}
		values = append(values, string(value))
	}
	return values, nil
}

func fromInput(in io.Reader, names []string) (values []string, err error) {
	text, err := readBounded(in)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	if len(names) == 1 {
		return []string{trimmed(text)}, nil
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, maxInput)
	for lines.Scan() {
		values = append(values, trimmed(lines.Text()))
	}
	if lines.Err() != nil || len(values) != len(names) {
		return nil, fmt.Errorf("standard input: there are %d secrets and %d lines; expected a line each, in their order", len(names), len(values))
	}
	return values, nil
}

func readBounded(in io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = errors.New("it has more than 64 KiB")
	}
	return string(text), err
}

func trimmed(text string) string { return strings.TrimRight(text, "\r\n") }
