package tokenization

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// holder has a card in every kind of place. Package fmt calls no methods of what
// stands in the unexported fields.
type holder struct {
	value    Card
	pointer  *Card
	port     gateway.Card
	anything any
	list     []Card
	byName   map[string]Card
	Public   *Card
	Method   gateway.PaymentMethod
}

func holderOf(c *Card) holder {
	return holder{*c, c, c, *c, []Card{*c}, map[string]Card{"c": *c}, c, gateway.PaymentMethod{Card: c}}
}

// shapes are the values that a careless line of code may print.
func shapes(t *testing.T) map[string]any {
	c := visaCard(t)
	h := holderOf(c)
	e := entryOf(t, visaNumber, visaCSC, "12", "2031")
	b := bankAccount(t)
	return map[string]any{
		"account": b, "account's value": *b, "account's port": gateway.BankAccount(b), "held account": struct{ account BankAccount }{*b},
		"account's method": gateway.PaymentMethod{BankAccount: b}, "account's error": fmt.Errorf("charging %v", b),
		"entry": *e, "entry's pointer": e, "digits": e.CardNumber, "digits' pointer": &e.CardNumber,
		"held entry": struct{ entry Entry }{*e}, "request": struct{ Card *Entry }{e}, "faulty digits": fmt.Errorf("reading %v", e.CSC),
		"pointer": c, "value": *c, "port": gateway.Card(c), "list": []*Card{c}, "map": map[string]Card{"c": *c},
		"holder": h, "holder's pointer": &h, "method": h.Method, "error": fmt.Errorf("charging %v", c),
	}
}

// assertDiscreet fails if output holds the digits of the card or of the account,
// or the CSC, as text, in hex or as a list of byte values.
func assertDiscreet(t *testing.T, way, output string) {
	t.Helper()
	for _, secret := range []string{visaNumber, visaCSC, accountNumber, routingNumber} {
		bytesOf := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
		for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), bytesOf, strings.ReplaceAll(bytesOf, " ", ", ")} {
			// Three digits turn up in a pointer's address by chance.
			if len(form) > 3 && strings.Contains(strings.ToLower(output), form) {
				t.Errorf("%s shows card data: %s", way, output)
				return
			}
		}
	}
}

func TestPrintingShowsBrandAndLastFourOnly(t *testing.T) {
	verbs := strings.Fields("%v %+v %#v %s %q %x %X %#x %d %o %b %c %U %t %e %g %p %T %99z")
	for name, shape := range shapes(t) {
		for _, verb := range verbs {
			assertDiscreet(t, name+" under "+verb, fmt.Sprintf(verb, shape))
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, entryOf(t, visaNumber, visaCSC, "12", "2031").CardNumber); got != shown {
			t.Errorf("%s of digits: %s", verb, got)
		}
		for _, c := range []any{visaCard(t), *visaCard(t)} {
			if got := fmt.Sprintf(verb, c); got != "visa ****5439" {
				t.Errorf("%s of %T: %s", verb, c, got)
			}
		}
	}
}

func TestLoggingShowsBrandAndLastFourOnly(t *testing.T) {
	var out bytes.Buffer
	for name, shape := range shapes(t) {
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			out.Reset()
			slog.New(handler).Info("sale", "card", shape, slog.Group("g", slog.Any("card", shape)))
			assertDiscreet(t, fmt.Sprintf("%T of %s", handler, name), out.String())
		}
		out.Reset()
		log.New(&out, "", 0).Println(shape)
		assertDiscreet(t, "log of "+name, out.String())
	}
	out.Reset()
	slog.New(slog.NewTextHandler(&out, nil)).Info("sale", "card", visaCard(t))
	if !strings.Contains(out.String(), "card.brand=visa card.lastFour=5439") {
		t.Errorf("slog: %s", &out)
	}
}

func TestMarshallingShowsBrandAndLastFourOnly(t *testing.T) {
	for name, shape := range shapes(t) {
		body, err := json.Marshal(shape)
		assertDiscreet(t, "JSON of "+name, fmt.Sprint(string(body), err))
		body, err = xml.Marshal(shape)
		assertDiscreet(t, "XML of "+name, fmt.Sprint(string(body), err))
	}
	body, err := json.Marshal(struct{ Card *Card }{visaCard(t)})
	if want := `{"Card":{"brand":"visa","lastFour":"5439"}}`; err != nil || string(body) != want {
		t.Errorf("JSON %s, %v; want %s", body, err, want)
	}
	text, err := visaCard(t).MarshalText()
	if err != nil || string(text) != "visa ****5439" {
		t.Errorf("text %s, %v", text, err)
	}
}

func TestGobIsRefused(t *testing.T) {
	for _, shape := range []any{visaCard(t), *visaCard(t), bankAccount(t), *bankAccount(t), struct{ Card *Card }{visaCard(t)}, entryOf(t, visaNumber, visaCSC, "12", "2031")} {
		var out bytes.Buffer
		if err := gob.NewEncoder(&out).Encode(shape); err == nil {
			t.Errorf("gob encoded %T", shape)
		}
		assertDiscreet(t, "gob", out.String())
	}
}

// A panic that nobody recovers is printed by the runtime, not by package fmt,
// so that it takes a process of its own to see what it shows.
func TestPanicShowsBrandAndLastFourOnly(t *testing.T) {
	const variable = "TOKENIZATION_TEST_PANIC"
	if name := os.Getenv(variable); name != "" {
		panic(shapes(t)[name])
	}
	for name := range shapes(t) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPanicShows")
		cmd.Env = append(os.Environ(), variable+"="+name, "GOTRACEBACK=all")
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !strings.Contains(string(out), "panic: ") {
			t.Errorf("%s: no panic: %v %s", name, err, out)
		}
		assertDiscreet(t, "panic with "+name, string(out))
	}
}
