//go:build unix

package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// fullPipe is a pipe that takes nothing until it is read, and what stands in it.
func fullPipe(t *testing.T) (reader, writer *os.File, stands int) {
	t.Helper()
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		t.Fatal(err)
	}
	for _, end := range ends {
		syscall.CloseOnExec(end)
	}
	if err := syscall.SetNonblock(ends[1], true); err != nil {
		t.Fatal(err)
	}
	for _, block := range [][]byte{make([]byte, 4096), {0}} {
		for {
			n, err := syscall.Write(ends[1], block)
			if err == syscall.EAGAIN {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			stands += n
		}
	}
	if err := syscall.SetNonblock(ends[1], false); err != nil {
		t.Fatal(err)
	}
	reader, writer = os.NewFile(uintptr(ends[0]), "reader"), os.NewFile(uintptr(ends[1]), "writer")
	t.Cleanup(func() { reader.Close(); writer.Close() })
	return reader, writer, stands
}

// startWithLog runs the gateway with every line of its log going to that file.
func (s *serving) startWithLog(to *os.File) {
	s.t.Helper()
	s.rewrite("log: {level: warn}", "log: {level: info}")
	cmd := command("gateway", "serve", "--config", s.config)
	cmd.Env = append(append(cmd.Env, shopEnvironment...), s.environment...)
	s.process = launchInto(s.t, cmd, to)
	s.ready("http://" + s.address + "/readyz")
}

func TestAPaymentIsChargedThoughNobodyReadsTheLog(t *testing.T) {
	t.Parallel()
	reader, writer, stands := fullPipe(t)
	paytrace := startProcessor(t)
	gateway := configure(t, paytrace.api)
	gateway.startWithLog(writer)
	shop := openShop(t, gateway.address, shopID, shopSecret)
	want(t, "a payment", shop.pay("sale", "unread", paytrace.hostedFields(), 0), "201 approved")
	want(t, "a payment that is not there", shop.byKey("never-used"), "404 not_found")

	// Whoever reads again finds all of it.
	if _, err := io.CopyN(io.Discard, reader, int64(stands)); err != nil {
		t.Fatal(err)
	}
	read := &output{}
	go func() { _, _ = io.Copy(read, reader) }()
	eventually(t, "the log tells of the payment and of what came behind it", func() bool {
		return strings.Contains(read.String(), `"msg":"payment.operation"`) && strings.Contains(read.String(), `"status":404`)
	})
	gateway.stop()
	eventually(t, "the log is written to its end", func() bool { return strings.Contains(read.String(), `"msg":"gateway.stopped"`) })
	for line := range strings.Lines(read.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("torn: %s", line)
		}
	}
	if lines := strings.SplitN(read.String(), "\n", 3); !strings.Contains(read.String(), `"msg":"gateway.started"`) || strings.Contains(read.String(), "log.lines_lost") {
		t.Errorf("the log begins with %q", lines)
	}
}

func TestAGatewayStopsThoughNobodyReadsTheLog(t *testing.T) {
	t.Parallel()
	_, writer, _ := fullPipe(t)
	paytrace := startProcessor(t)
	gateway := configure(t, paytrace.api)
	gateway.startWithLog(writer)
	gateway.stop()
}

// Nor does a reader who is gone take the gateway with him.
func TestAPaymentIsChargedThoughTheReaderOfTheLogIsGone(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	paytrace := startProcessor(t)
	gateway := configure(t, paytrace.api)
	gateway.startWithLog(writer)
	writer.Close()
	reader.Close()
	shop := openShop(t, gateway.address, shopID, shopSecret)
	want(t, "a payment", shop.pay("sale", "unread", paytrace.hostedFields(), 0), "201 approved")
	want(t, "its key", shop.byKey("unread"), "200 approved")
	gateway.stop()
}
