package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// Every text that a body can hold is looked at for card numbers.

// bodies are those of all calls.
var bodies = []any{
	createPaymentRequest{}, amountRequest{}, noMembers{}, resolveRequest{}, returnRequest{}, personRequest{}, skipRequest{}, leftoversRequest{}, replayRequest{},
	createCustomerRequest{}, updateCustomerRequest{}, addMethodRequest{}, updateMethodRequest{},
	eraseRequest{},
	secretsRequest{},
	addClientRequest{}, rotateRequest{}, logInRequest{}, addOperatorRequest{}, assignRequest{},
}

// places are the JSON pointers of all members of a type, with what is chosen by
// the caller under a name of ours.
func places(of reflect.Type, at string, each func(place string)) {
	switch of.Kind() {
	case reflect.Pointer:
		places(of.Elem(), at, each)
		return
	case reflect.Map:
		places(of.Elem(), at+"/note", each)
		return
	case reflect.Struct:
		for i := range of.NumField() {
			if name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ","); name != "" && of.Field(i).IsExported() {
				places(of.Field(i).Type, at+"/"+name, each)
			}
		}
	}
	if at != "" {
		each(at)
	}
}

// bodyWith is a body that has nothing but this text at that place.
func bodyWith(place string, text any) []byte {
	names := strings.Split(place, "/")
	for i := len(names) - 1; i > 0; i-- {
		text = map[string]any{names[i]: text}
	}
	body, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return body
}

func TestEveryMemberOfEveryBodyIsLookedAtForCardNumbers(t *testing.T) {
	looked := 0
	for _, body := range bodies {
		places(reflect.TypeOf(body), "", func(place string) {
			looked++
			for _, number := range []string{"4111111111111111", "4111-1111-1111-1111", "paid by 3714 496353 92376, thanks"} {
				for how, text := range map[string]any{
					"text": number, "in a list": []any{1, number}, "in an object": map[string]any{"x": number}, "a name": map[string]any{number: 1},
				} {
					into := reflect.New(reflect.TypeOf(body)).Interface()
					err := decodeStrict(bodyWith(place, text), into)
					mustBeRefused(t, fmt.Sprintf("%T%s, %s", body, place, how), err, place)
				}
			}
		})
	}
	if looked < 50 {
		t.Errorf("%d places were looked at, want at least 50", looked)
	}
}

// mustBeRefused wants the guard's own code, but in a card or a ciphertext, which
// have rules of their own.
func mustBeRefused(t *testing.T, what string, err error, place string) {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) {
		for _, member := range cardsOwn {
			if strings.HasPrefix(place, member) {
				return
			}
		}
		t.Fatalf("%s is taken: %v", what, err)
	}
	guarded := p.Code == codeCardNumber || p.Code == codeOrderNumber
	for _, member := range cardsOwn {
		guarded = guarded || strings.HasPrefix(place+"/", member)
	}
	if !guarded {
		t.Errorf("%s is refused with %s", what, p.Code)
	}
	text, _ := json.Marshal(p)
	if strings.Contains(string(text), "4111") && !strings.Contains(string(text), "ORD-4111") || strings.Contains(string(text), "3714") {
		t.Errorf("%s: the refusal quotes it: %s", what, text)
	}
}

// An order number has a code of its own, and ways out that its message names.
func TestAnOrderNumberThatCouldBeACardHasAWayOut(t *testing.T) {
	for number, code := range map[string]string{
		"4111111111111111":     string(codeOrderNumber),
		"4111 1111 1111 1111":  string(codeOrderNumber),
		"#4111111111111111":    string(codeOrderNumber),
		"ORD-4111111111111111": "", "4111111111111111-1": "", "W4111111111111111": "", "4111111111111111A": "",
		"100000042": "", "4006381333931": "", "4222222222222": string(codeOrderNumber),
	} {
		var request createPaymentRequest
		err := decodeStrict(bodyWith("/orderId", number), &request)
		got := ""
		var p *Problem
		if errors.As(err, &p) {
			got = string(p.Code)
		}
		if got != code {
			t.Errorf("%s: %q, want %q", number, got, code)
		}
	}
}
