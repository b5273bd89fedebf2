package api

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// A request that is printed by mistake, in whatever way, shows no card.
func TestNoWayOfPrintingARequestShowsItsCard(t *testing.T) {
	const number = "4012000098765439"
	var request createPaymentRequest
	body := `{"amount":"1.00","orderId":"1","paymentMethod":{"card":{"cardNumber":"` + number + `","csc":"973","expirationMonth":"12","expirationYear":"2031"}}}`
	if err := decodeStrict([]byte(body), &request); err != nil {
		t.Fatal(err)
	}
	if err := check(request); err != nil {
		t.Fatal(err)
	}
	card, err := request.card().Card()
	if err != nil {
		t.Fatal(err)
	}
	cmd := request.command()
	cmd.Method.Card = card
	var mistyped createPaymentRequest
	if err := decodeStrict([]byte(strings.Replace(body, number, "4012000098765438", 1)), &mistyped); err != nil {
		t.Fatal(err)
	}
	_, faults := mistyped.card().Card()
	if faults == nil {
		t.Fatal("a mistyped number is taken")
	}
	for name, shape := range map[string]any{
		"request": request, "its pointer": &request, "method": request.PaymentMethod, "card": request.card(),
		"command": cmd, "its pointer, command": &cmd, "faults": faults, "problem": digitsProblem("card", faults),
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			fmt.Fprintf(&out, verb, shape)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("request", "is", shape)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("request", "is", shape)
		written, _ := json.Marshal(shape)
		out.Write(written)
		for _, form := range []string{number[:15], hex.EncodeToString([]byte(number[:15])), strings.Trim(fmt.Sprint([]byte(number[:15])), "[]")} {
			if strings.Contains(strings.ToLower(out.String()), form) {
				t.Errorf("%s shows card data", name)
			}
		}
	}
}
