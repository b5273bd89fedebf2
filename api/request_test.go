package api

import (
	"reflect"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// A tag that is misspelt, or does not fit its field, panics when the first
// request comes. Every body is checked here once, with every member set.
func TestTheRulesOfEveryBodyAreWellFormed(t *testing.T) {
	for _, body := range []any{
		createPaymentRequest{}, amountRequest{}, noMembers{}, resolveRequest{},
		createCustomerRequest{}, updateCustomerRequest{}, addMethodRequest{}, updateMethodRequest{},
	} {
		full := reflect.New(reflect.TypeOf(body)).Elem()
		fill(full)
		for name, value := range map[string]any{"empty": body, "full": full.Interface()} {
			if err := check(value); err != nil && problemOf(err).Code != codeInvalidRequest {
				t.Errorf("%T, %s: %v", body, name, err)
			}
		}
		everyRuleHasWords(t, full.Type())
	}
}

func TestNoNameInAPathIsMoreThanALedgerTakes(t *testing.T) {
	for name, want := range map[string]string{
		"pay_1": "pay_1", "Zoë": "Zoë", "pay_\x00": "pay_" + nobodys, "\xff": nobodys, "a\xc3": "a" + nobodys, "": "",
	} {
		if got := nameable(name); got != want {
			t.Errorf("%q is asked for as %q, want %q", name, got, want)
		}
	}
}

// fill sets every member, so that every rule is looked at.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("a")
	case reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// everyRuleHasWords holds the tags against the table of what to tell callers.
func everyRuleHasWords(t *testing.T, of reflect.Type) {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return
	}
	for i := range of.NumField() {
		field := of.Field(i)
		if !field.IsExported() {
			continue
		}
		if field.Tag.Get("json") == "" {
			t.Errorf("%s.%s has no name in JSON", of, field.Name)
		}
		for rule := range strings.SplitSeq(field.Tag.Get("validate"), ",") {
			name, _, _ := strings.Cut(rule, "=")
			if !strings.Contains(" - omitempty dive keys endkeys ", " "+name+" ") && name != "" && expected[name] == "" {
				t.Errorf("%s.%s: the rule %s has no words for callers", of, field.Name, name)
			}
		}
		everyRuleHasWords(t, field.Type)
	}
}

func TestFieldsAreNamedAsTheContractNamesThem(t *testing.T) {
	for pointer, want := range map[string]string{
		"": "body", "/orderId": "orderId", "/billingAddress/street2": "billingAddress.street2", "/a/0/b": "a[0].b", "/a/12/3": "a[12][3]",
		"/0": "?", "/": "?", "//": "?.?", "/a/4111111111111111": "a.?", "/a~1b": "?", "/é": "?", "/a/1234": "a.?",
		"/" + strings.Repeat("a", 41): "?",
	} {
		if got := fieldName(jsonPointer(pointer)); got != want {
			t.Errorf("%s is named %s, want %s", pointer, got, want)
		}
	}
}

func TestEveryCodeHasAStatusOfItsOwnOrBreaksARule(t *testing.T) {
	for code, status := range statusOf {
		if p := problem(code, ""); p.Status != status || p.Title == "" {
			t.Errorf("%s is told as %d %s", code, p.Status, p.Title)
		}
	}
	if p := problem(gateway.CodeRefundExceeds, ""); p.Status != 422 {
		t.Errorf("a broken rule is told as %d", p.Status)
	}
}
