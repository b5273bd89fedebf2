package services

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
)

func TestMain(m *testing.M) { Main(m) }

// TestKilledTests is the process that is killed.
func TestKilledTests(t *testing.T) {
	switch os.Getenv("SERVICES_KILLED") {
	case "postgres":
		fmt.Println("URL", PostgresServer(t).URL)
	case "redis":
		r := RedisServer(t)
		r.Pause()
		fmt.Println("URL", r.Addr)
	default:
		t.Skip("runs as a child of the tests that kill it")
	}
	select {} // until it is killed
}

// killable is a server of tests that run elsewhere, and what kills these.
func killable(t *testing.T, service string) (url string, kill func()) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process with its parent")
	}
	folder, err := os.MkdirTemp("", "killed")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKilledTests$")
	child.Env = append(os.Environ(), "SERVICES_KILLED="+service, "TMPDIR="+folder)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}
	t.Cleanup(kill)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if url, found := strings.CutPrefix(lines.Text(), "URL "); found {
			return url, kill
		}
	}
	t.Fatal("the tests that are to be killed start no server")
	return "", nil
}

func TestAPortThatIsTakenIsFollowedByAnother(t *testing.T) {
	var tried []int
	err := onFreePort(func(port int) error {
		if tried = append(tried, port); len(tried) == 1 {
			return errors.New("taken")
		}
		return nil
	})
	if err != nil || len(tried) != 2 {
		t.Errorf("tried %v, %v", tried, err)
	}
}

func TestAServerThatStartsNowhereSaysWhy(t *testing.T) {
	tried := 0
	err := onFreePort(func(int) error { tried++; return net.ErrClosed })
	if !errors.Is(err, net.ErrClosed) || tried != portTries {
		t.Errorf("error = %v after %d tries", err, tried)
	}
}

func TestPatienceEndsWithTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		last := errors.New("not yet")
		if err := until(func() error { return last }); err != last {
			t.Errorf("error = %v, want the last answer", err)
		}
		asked := 0
		err := until(func() error {
			if asked++; asked < 3 {
				return last
			}
			return nil
		})
		if err != nil || asked != 3 {
			t.Errorf("error = %v after %d questions", err, asked)
		}
	})
}
