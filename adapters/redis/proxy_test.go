package redis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// action is what the proxy does with one command.
type action struct {
	// loseReply lets the command through, and ends the connection instead of
	// passing the reply on.
	loseReply bool
	// answer, if any, is given without asking the server.
	answer string
	// silent keeps the command, and never answers it.
	silent bool
}

var (
	pass      = action{}
	loseReply = action{loseReply: true}
	silence   = action{silent: true}
)

func answerWith(reply string) action { return action{answer: reply} }

// proxy stands between a client and its server.
type proxy struct {
	addr   string
	server string

	mu    sync.Mutex
	judge func(command []string) action
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: listener.Addr().String(), server: server}
	var open sync.WaitGroup
	t.Cleanup(func() { listener.Close(); open.Wait() })
	open.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.serve(client) })
		}
	})
	return p
}

// config leads to the server by way of the proxy.
func (p *proxy) config(c Config) Config {
	c.Addrs = []string{p.addr}
	return c
}

// on says what happens to commands from now on.
func (p *proxy) on(judge func(command []string) action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.judge = judge
}

func (p *proxy) act(command []string) action {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.judge == nil {
		return pass
	}
	return p.judge(command)
}

// clusterOfOne tells the client of a Cluster that all slots are behind the proxy.
func (p *proxy) clusterOfOne(command []string) action {
	if !strings.EqualFold(command[0], "cluster") {
		return pass
	}
	host, port, _ := net.SplitHostPort(p.addr)
	return answerWith(fmt.Sprintf("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$%d\r\n%s\r\n:%s\r\n", len(host), host, port))
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	var losing atomic.Bool
	var replies sync.WaitGroup
	replies.Go(func() {
		defer client.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if err != nil || losing.Load() {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	defer replies.Wait()
	defer server.Close()
	p.commands(bufio.NewReader(client), client, server, &losing)
	if losing.Load() {
		replies.Wait()
	}
}

// commands is the client's side of a connection. It returns when the client has
// gone, or when a reply is to be lost.
func (p *proxy) commands(from *bufio.Reader, client, server net.Conn, losing *atomic.Bool) {
	for {
		command, raw, err := readCommand(from)
		if err != nil {
			return
		}
		what := p.act(command)
		if what.silent {
			continue
		}
		if what.answer != "" {
			if _, err := io.WriteString(client, what.answer); err != nil {
				return
			}
			continue
		}
		losing.Store(what.loseReply)
		if _, err := server.Write(raw); err != nil || what.loseReply {
			return
		}
	}
}

// readCommand reads an array of bulk strings, and keeps how it was written.
func readCommand(from *bufio.Reader) (command []string, raw []byte, err error) {
	count := func(kind byte) (int, error) {
		line, err := from.ReadString('\n')
		if err != nil {
			return 0, err
		}
		raw = append(raw, line...)
		if line[0] != kind {
			return 0, fmt.Errorf("%q where %q should be", line, kind)
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	words, err := count('*')
	for range words {
		length, err := count('$')
		if err != nil {
			return nil, nil, err
		}
		word := make([]byte, length+2)
		if _, err := io.ReadFull(from, word); err != nil {
			return nil, nil, err
		}
		raw = append(raw, word...)
		command = append(command, string(word[:length]))
	}
	return command, raw, err
}

// isClaim knows the command that Redis 7 has for a claim.
func isClaim(command []string) bool {
	return strings.EqualFold(command[0], "set") && slices.Contains(command, "get")
}

func isScript(command []string) bool { return strings.HasPrefix(strings.ToLower(command[0]), "eval") }
