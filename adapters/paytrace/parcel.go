package paytrace

import (
	"bytes"
	"io"
	"sync/atomic"

	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

// parcel is the body of a request. One that holds a card or an account in the clear is
// overwritten when nobody can read it any more: net/http may go on reading a
// body after it has given up on its answer, until it closes it.
//
// A function leads to the bytes, so that no way of printing a parcel, or what
// holds it, shows them.
type parcel struct {
	bytes   func() []byte
	readers *atomic.Int64 // who may still read, its owner included; nil without a card and an account
}

func plainBody(body []byte) parcel { return parcel{bytes: func() []byte { return body }} }

// plainCard is a card in the clear that a request may have to tell, and whether
// its security code goes with it; or else a bank account.
type plainCard struct {
	card    gateway.Card // nil: none
	csc     bool
	account gateway.BankAccount // nil: none
}

// pack puts the card, or the account, into the JSON of a request. The digits go
// from there into these bytes and nowhere else: this is the one place that reads
// them. It fails when they were wiped.
func (c plainCard) pack(request []byte) (p parcel, ok bool) {
	if account, told := c.account.(*tokenization.BankAccount); told {
		account.Open(func(number []byte, with tokenization.BankDetails) {
			p, ok = secretBody([][]byte{
				request[:len(request)-1], // without its closing brace
				[]byte(`,"check":{"account_number":"`), number,
				[]byte(`","routing_number":"` + with.RoutingNumber + `"}}`),
			}), true
		})
		return p, ok
	}
	card, keyed := c.card.(*tokenization.Card)
	if !keyed {
		return plainBody(request), true
	}
	card.Open(func(number, csc []byte, month, year string) {
		parts := [][]byte{
			request[:len(request)-1], // without its closing brace
			[]byte(`,"credit_card":{"number":"`), number,
			[]byte(`","expiration_month":"` + month + `","expiration_year":"` + year + `"}`),
		}
		if c.csc {
			parts = append(parts, []byte(`,"csc":"`), csc, []byte(`"`))
		}
		p, ok = secretBody(append(parts, []byte("}"))), true
	})
	return p, ok
}

// secretBody is a parcel that is overwritten at its end.
func secretBody(parts [][]byte) parcel {
	p := plainBody(joined(parts))
	p.readers = &atomic.Int64{}
	p.readers.Add(1)
	return p
}

// joined is of its full size at once: a buffer that grows leaves its bytes
// behind.
func joined(parts [][]byte) []byte {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	whole := make([]byte, 0, size)
	for _, part := range parts {
		whole = append(whole, part...)
	}
	return whole
}

// secret says that the parcel holds a card or an account in the clear.
func (p parcel) secret() bool { return p.readers != nil }

// release is called once by the parcel's owner, and by each reader's Close.
func (p parcel) release() {
	if p.secret() && p.readers.Add(-1) == 0 {
		clear(p.bytes())
	}
}

// open is the body for one request, which has to close it. One without a card is
// of a type that net/http knows to be in memory, so that head and body leave as
// one write. One with a card leaves as two; what is cut off between them counts as
// having left, as with every body that is too long for one write.
func (p parcel) open() io.ReadCloser {
	if !p.secret() {
		return io.NopCloser(bytes.NewReader(p.bytes()))
	}
	p.readers.Add(1)
	unread := p.bytes()
	return &parcelReader{of: p, read: func(into []byte) (int, error) {
		if len(unread) == 0 {
			return 0, io.EOF
		}
		n := copy(into, unread)
		unread = unread[n:]
		return n, nil
	}}
}

// parcelReader hands out copies alone: what is written to a connection may be
// overwritten there, and the parcel may have to be sent once more.
type parcelReader struct {
	read   func([]byte) (int, error)
	of     parcel
	closed atomic.Bool
}

func (r *parcelReader) Read(p []byte) (int, error) { return r.read(p) }

func (r *parcelReader) Close() error {
	if !r.closed.Swap(true) {
		r.of.release()
	}
	return nil
}
