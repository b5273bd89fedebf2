package api_test

import (
	"encoding/json"
	"strings"
)

// payment is the body of a good payment with some members replaced: dotted
// name, JSON text, dotted name, JSON text … An empty text leaves a member out.
func payment(members ...string) string {
	tree := map[string]any{}
	put(tree, "amount", `"19.99"`)
	put(tree, "orderId", `"100000001"`)
	put(tree, "paymentMethod.hostedFields.hpfToken", `"hpf-token"`)
	put(tree, "paymentMethod.hostedFields.encKey", `"enc-key"`)
	for i := 0; i+1 < len(members); i += 2 {
		put(tree, members[i], members[i+1])
	}
	return encode(tree)
}

// paidBy is a good payment by another method.
func paidBy(method string, members ...string) string {
	return payment(append([]string{"paymentMethod", "{}", "paymentMethod." + method, methods[method]}, members...)...)
}

// methods are good payment methods, as JSON.
var methods = map[string]string{
	"hostedFields":  `{"hpfToken":"hpf-token","encKey":"enc-key"}`,
	"encryptedCard": `{"cardNumber":"` + ciphertext + `","csc":"` + ciphertext + `","expirationMonth":"12","expirationYear":"2031"}`,
	"vault":         `{"customerId":"demo-visa"}`,
}

// ciphertext has the form of what PayTrace's browser encryption gives.
var ciphertext = strings.Repeat("QUJDREVGR0hJSktMTU5PUFFSU1RVVldY", 10) + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"[:24]

func put(tree map[string]any, path, text string) {
	first, rest, deeper := strings.Cut(path, ".")
	switch {
	case deeper:
		below, ok := tree[first].(map[string]any)
		if !ok {
			below = map[string]any{}
			tree[first] = below
		}
		put(below, rest, text)
	case text == "":
		delete(tree, first)
	case strings.HasPrefix(text, "{"):
		var below map[string]any
		if err := json.Unmarshal([]byte(text), &below); err != nil {
			panic(err)
		}
		tree[first] = below
	default:
		tree[first] = json.RawMessage(text)
	}
}

func encode(tree map[string]any) string {
	text, err := json.Marshal(tree)
	if err != nil {
		panic(err)
	}
	return string(text)
}
