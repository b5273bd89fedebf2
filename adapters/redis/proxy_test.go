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
	// Replies go back in the order of their commands, the proxy's own among them:
	// a client that sends many at once tells them apart by nothing else.
	asked, gone := make(chan action), make(chan struct{})
	go func() {
		defer close(gone)
		defer client.Close()
		answer(client, bufio.NewReader(server), asked)
	}()
	p.commands(bufio.NewReader(client), server, asked, gone)
	server.Close()
	close(asked)
	<-gone
}

// commands is the client's side of a connection. It returns when the client has
// gone, or its connection was ended.
func (p *proxy) commands(from *bufio.Reader, server io.Writer, asked chan<- action, gone <-chan struct{}) {
	for {
		command, raw, err := readCommand(from)
		if err != nil {
			return
		}
		what := p.act(command)
		if what.answer == "" && !what.silent {
			if _, err := server.Write(raw); err != nil {
				return
			}
		}
		select {
		case asked <- what:
		case <-gone:
			return
		}
	}
}

// answer is the server's side. It returns when there is nothing more to answer,
// or nobody to answer it.
func answer(client io.Writer, server *bufio.Reader, asked <-chan action) {
	for what := range asked {
		reply, err := []byte(what.answer), error(nil)
		if what.answer == "" && !what.silent {
			reply, err = readReply(server)
		}
		if err != nil || what.loseReply {
			return
		}
		if _, err := client.Write(reply); err != nil {
			return
		}
	}
}

// readReply reads one reply as it was written.
func readReply(from *bufio.Reader) ([]byte, error) {
	raw, err := from.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(strings.TrimSpace(string(raw[1:])))
	switch kind := raw[0]; {
	case strings.ContainsRune("$=!", rune(kind)) && err == nil && length >= 0:
		text := make([]byte, length+2)
		_, err = io.ReadFull(from, text)
		return append(raw, text...), err
	case strings.ContainsRune("*~>%", rune(kind)) && err == nil:
		if kind == '%' {
			length *= 2
		}
		for range length {
			part, err := readReply(from)
			if err != nil {
				return nil, err
			}
			raw = append(raw, part...)
		}
	}
	return raw, nil
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
