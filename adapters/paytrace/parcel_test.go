package paytrace

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

const cardNumber = "4012000098765439"

// keyedSale is a sale by a card in the clear, long enough for its digits to lie
// behind all that a shorter request puts over it.
func keyedSale(t *testing.T) gateway.Charge {
	t.Helper()
	charge := sale()
	charge.CustomerID, charge.Method = "", gateway.PaymentMethod{Card: rawCard(t, "999")}
	charge.Billing = &gateway.Address{Name: strings.Repeat("Ada ", 12), Street: strings.Repeat("Street ", 7), City: strings.Repeat("City ", 10)}
	return charge
}

func TestAKeyedSaleIsWrittenAsPayTraceTakesIt(t *testing.T) {
	charge := keyedSale(t)
	charge.Billing = nil
	f := newFake(t, always(200, goodSale))
	mustBe(t, f.client(t).Charge(context.Background(), charge), gateway.Approved)
	got := f.seen()[0]
	const want = `{"integrator_id":"integr","amount":"25.00","invoice_id":"100000042","customer_reference_id":"ABCDEFGHIJKLMNOP",` +
		`"credit_card":{"number":"4012000098765439","expiration_month":"12","expiration_year":"2026"},"csc":"999"}`
	if got.path != "/v1/transactions/sale/keyed" || got.body != want {
		t.Errorf("%s\ngot  %s\nwant %s", got.path, got.body, want)
	}
}

// heard is a connection that remembers which memory was written from.
type heard struct {
	net.Conn
	mu      *sync.Mutex
	written *[][]byte
}

func (h heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	*h.written = append(*h.written, p)
	h.mu.Unlock()
	return h.Conn.Write(p)
}

// The buffer of a connection is net/http's, and lives for as long as it does.
func TestTheConnectionKeepsNothingOfACard(t *testing.T) {
	var mu sync.Mutex
	var written [][]byte
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int) {
		say(200, []string{goodSale, `{"success":true,"response_code":109,"transaction_id":7}`}[n-1])(w, r)
	})
	c := f.client(t, func(config *Config) {
		config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			plain, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return heard{plain, &mu, &written}, err
		}
	})
	mustBe(t, c.Charge(context.Background(), keyedSale(t)), gateway.Approved)
	// Whoever writes again has ended what was to do after the first write.
	mustBe(t, c.Void(context.Background(), gateway.Void{TransactionID: "7", SendBefore: soon()}), gateway.Approved)
	if len(f.seen()) != 2 || !strings.Contains(f.seen()[0].body, cardNumber) {
		t.Fatalf("what arrived: %v", f.seen())
	}
	mu.Lock()
	defer mu.Unlock()
	shared := false
	for _, p := range written {
		shared = shared || bytes.Contains(p, []byte("/v1/transactions/void"))
		if bytes.Contains(p, []byte(cardNumber)) || bytes.Contains(p, []byte(`"csc":"999"`)) {
			t.Errorf("the buffer of the connection still holds the card")
		}
	}
	if !shared {
		t.Error("the second request used no memory of the first; this test sees nothing then")
	}
}

func TestACardIsSentWholeWhenATokenWasRefused(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			say(401, staleToken)(w, r)
			return
		}
		say(200, goodSale)(w, r)
	})
	mustBe(t, f.client(t).Charge(context.Background(), keyedSale(t)), gateway.Approved)
	if all := f.seen(); len(all) != 2 || all[0].body != all[1].body || !strings.Contains(all[1].body, cardNumber) {
		t.Errorf("got %v", all)
	}
}

func TestACardWhoseHeadAloneHasArrivedMayHaveLeft(t *testing.T) {
	f := newFake(t, nil)
	heads := 0
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == tokenPath {
			say(200, goodToken)(w, r)
			return
		}
		heads++
		panic(http.ErrAbortHandler) // without a look at the body
	})
	mustBe(t, f.client(t).Charge(context.Background(), keyedSale(t)), gateway.Unknown)
	f.Close()
	if heads != 1 {
		t.Errorf("%d heads arrived, want one", heads)
	}
}

// net/http may read a body after it has given up on its answer.
func TestAParcelIsWipedOnceNobodyReadsItAnyMore(t *testing.T) {
	p, opened := plainCard{card: rawCard(t, "999"), csc: true}.pack([]byte(`{"amount":1.00}`))
	if !opened || cap(p.bytes()) != len(p.bytes()) {
		t.Fatalf("opened %t; %d bytes in a buffer of %d", opened, len(p.bytes()), cap(p.bytes()))
	}
	first, second := p.open(), p.open()
	read, err := io.ReadAll(first)
	if err != nil || !bytes.Contains(read, []byte(cardNumber)) {
		t.Errorf("%s, %v", read, err)
	}
	for _, step := range []func(){
		func() { first.Close() }, func() { first.Close() }, p.release,
	} {
		step()
		if !bytes.Contains(p.bytes(), []byte(cardNumber)) {
			t.Fatal("wiped while somebody may still read it")
		}
	}
	second.Close()
	if len(bytes.Trim(p.bytes(), "\x00")) != 0 {
		t.Error("the parcel was not wiped")
	}
}

func TestTheBodyOfAKeyedSaleIsWiped(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request, int){
		"approved": always(200, goodSale),
		"cut off":  func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) },
	} {
		f := newFake(t, answer)
		c := f.client(t)
		p, _ := plainCard{card: rawCard(t, "999"), csc: true}.pack([]byte(`{}`))
		c.send(context.Background(), c.money, "/v1/transactions/sale/keyed", p, soon(), maxAnswer)
		c.money.close()
		// net/http closes the body in a goroutine of its own.
		for limit := time.After(time.Minute); p.readers.Load() > 1; runtime.Gosched() {
			select {
			case <-limit:
				t.Fatalf("%s: the body is never closed", name)
			default:
			}
		}
		p.release()
		if len(bytes.Trim(p.bytes(), "\x00")) != 0 {
			t.Errorf("%s: the body was not wiped", name)
		}
	}
}

func TestNoWayOfPrintingARequestShowsItsCard(t *testing.T) {
	p, _ := plainCard{card: rawCard(t, "999"), csc: true}.pack([]byte(`{"amount":1.00}`))
	asked := post{url: "https://api.example.com", body: p}
	request, err := asked.request(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	charge := keyedSale(t)
	for name, shape := range map[string]any{
		"parcel": p, "its pointer": &p, "reader": p.open(), "post": asked, "its pointer, post": &asked, "request": request, "body": request.Body,
		"charge": charge, "its pointer, charge": &charge,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			shown := fmt.Sprintf(verb, shape)
			for _, form := range []string{cardNumber, hex.EncodeToString([]byte(cardNumber)), strings.Trim(fmt.Sprint([]byte(cardNumber)), "[]")} {
				if strings.Contains(shown, form) {
					t.Errorf("%s under %s shows the card", name, verb)
				}
			}
		}
	}
}
