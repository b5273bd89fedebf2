package paytrace

import (
	"context"
	"net/http"
	"testing"

	"paytrace-gateway/gateway"
)

// What it costs to read and judge the answer to a sale.
func BenchmarkAnswer(b *testing.B) {
	r := reply{left: true, status: 200, body: []byte(goodSale), secrets: []string{"p&ss=word", "token-of-the-test"}}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := readAnswer(r.body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("judge", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if got := result(asked{verb: charging}, r); got.Outcome != gateway.Approved {
				b.Fatal(got.Detail)
			}
		}
	})
}

// What a sale costs from its call to its result, with the fake's share: both
// ends of the connection are in this process.
func BenchmarkCharge(b *testing.B) {
	f := newFake(b, always(http.StatusOK, goodSale))
	c := f.client(b)
	b.ReportAllocs()
	for b.Loop() {
		if got := c.Charge(context.Background(), sale()); got.Outcome != gateway.Approved {
			b.Fatal(got.Detail)
		}
	}
}
