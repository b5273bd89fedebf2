package egress

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// names is a DNS server in memory: each name's answers, one look-up after the
// other, the last one for good.
type names struct {
	mu      sync.Mutex
	answers map[string][]string
}

func (n *names) resolver(t *testing.T) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { theirs.Close() })
		go n.serve(theirs)
		return ours, nil
	}}
}

// serve answers questions as DNS over TCP has them: behind their length.
func (n *names) serve(c net.Conn) {
	defer c.Close()
	for {
		var length uint16
		if binary.Read(c, binary.BigEndian, &length) != nil {
			return
		}
		question := make([]byte, length)
		if _, err := io.ReadFull(c, question); err != nil {
			return
		}
		answer := n.answer(question)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

const (
	dnsHeader = 12
	typeA     = 1
	typeAAAA  = 28
)

func (n *names) answer(question []byte) []byte {
	var labels []string
	at := dnsHeader
	for question[at] != 0 {
		labels = append(labels, string(question[at+1:at+1+int(question[at])]))
		at += 1 + int(question[at])
	}
	kind := binary.BigEndian.Uint16(question[at+1:])
	asked := question[dnsHeader : at+5]

	found := n.look(strings.Join(labels, "."), kind)
	answer := append([]byte{}, question[:2]...)
	answer = append(answer, 0x81, 0x80, 0, 1, 0, byte(len(found)), 0, 0, 0, 0)
	answer = append(answer, asked...)
	for _, a := range found {
		raw := a.AsSlice()
		answer = append(answer, 0xc0, dnsHeader, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(raw)))
		answer = append(answer, raw...)
	}
	return answer
}

func (n *names) look(name string, kind uint16) []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	name = strings.ToLower(name)
	answers := n.answers[name]
	if len(answers) == 0 {
		return nil
	}
	var found []netip.Addr
	for _, text := range strings.Fields(answers[0]) {
		if a := netip.MustParseAddr(text); a.Is4() && kind == typeA || a.Is6() && kind == typeAAAA {
			found = append(found, a)
		}
	}
	if len(answers) > 1 && kind == typeA {
		n.answers[name] = answers[1:]
	}
	return found
}
