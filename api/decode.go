package api

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"paytrace-gateway/tokenization"
)

// decodeStrict reads one JSON object and nothing else: unknown and duplicate
// members, wrong types and trailing data are refused with the member's name. A
// member that is null counts as absent, since Apex writes what is unset so.
func decodeStrict(body []byte, into any) error {
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		return decodeProblem(err)
	}
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return notAnObject() // a bare null would pass for an object without members
	}
	return refuseCardNumbers(body)
}

func decodeProblem(err error) *Problem {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		field := fieldName(semantic.JSONPointer)
		switch {
		case errors.Is(err, json.ErrUnknownName):
			return fieldProblem(codeInvalidRequest, field, "the contract has no such member")
		case isMoney(semantic):
			return fieldProblem(codeInvalidRequest, field,
				`expected a decimal amount with at most two decimals, such as "19.99"`)
		default:
			return fieldProblem(codeInvalidRequest, field, "this member has the wrong type; see /openapi.yaml")
		}
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return fieldProblem(codeInvalidRequest, fieldName(syntactic.JSONPointer), "this member stands twice")
		}
		if field := fieldName(syntactic.JSONPointer); field != "body" {
			return fieldProblem(codeInvalidRequest, field, "the JSON is malformed here")
		}
	}
	return notAnObject()
}

func notAnObject() *Problem {
	return fieldProblem(codeInvalidRequest, "body", "expected one JSON object")
}

func isMoney(e *json.SemanticError) bool {
	return e.GoType != nil && (e.GoType == moneyType || e.GoType.Kind().String() == "ptr" && e.GoType.Elem() == moneyType)
}

// plainName is what a member's name must look like to be told back: a name
// can be anything, a card number too.
var plainName = regexp.MustCompile(`^([A-Za-z][A-Za-z_]{0,39}|street2)$`)

// index is a place in an array.
var index = regexp.MustCompile(`^[0-9]{1,3}$`)

// fieldName writes a JSON pointer as the contract names fields, with dots.
func fieldName(p jsontext.Pointer) string {
	if p == "" {
		return "body"
	}
	var names []string
	for token := range p.Tokens() {
		switch {
		case plainName.MatchString(token):
			names = append(names, token)
		case len(names) > 0 && index.MatchString(token):
			names[len(names)-1] += "[" + token + "]"
		default:
			names = append(names, "?")
		}
	}
	return strings.Join(names, ".")
}

// cardMembers are the methods whose members the guard leaves out: ciphertexts,
// which have a rule of their own, and the plain card, which has one too.
var cardMembers = []string{"/paymentMethod/encryptedCard/", "/paymentMethod/card/"}

// refuseCardNumbers looks through every name and every string of a body for a
// card number.
func refuseCardNumbers(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return decodeProblem(err)
		}
		if token.Kind() != '"' || !tokenization.FindCardNumber(token.String()) {
			continue
		}
		at := d.StackPointer()
		if !slices.ContainsFunc(cardMembers, func(in string) bool { return strings.HasPrefix(string(at), in) }) {
			return cardNumberProblem(fieldName(at))
		}
	}
}

func cardNumberProblem(field string) *Problem {
	return fieldProblem(codeCardNumber, field,
		"this looks like a card number, which may stand nowhere but in a payment method; nothing was stored")
}

// bodyOf decodes a body that may be left out.
func bodyOf[T any](body []byte) (T, error) {
	var into T
	if len(bytes.TrimSpace(body)) == 0 {
		return into, nil
	}
	err := decodeStrict(body, &into)
	return into, err
}
