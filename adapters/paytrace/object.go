package paytrace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// errNotJSON keeps a body that cannot be read out of every message.
var errNotJSON = errors.New("the answer is not PayTrace's JSON")

// strictly is a decoder that refuses a body which two readers could read in two
// ways: no member may stand twice, however deep it lies. Bytes that are no UTF-8
// are left to encoding/json, as its sign for what cannot be read.
func strictly(body []byte) *jsontext.Decoder {
	// The decoder reads a bytes.Buffer in place, so that it keeps no copy.
	return jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowInvalidUTF8(true))
}

// readObject reads one object, with nothing behind it. member tells where the value
// under a name belongs, nil when nobody wants it.
//
// The body is gone through once. To check it, to walk it for members that stand
// twice, to take it to pieces and to decode each took 25 us and 177 allocations for
// the answer to a sale; this takes 3 us and 21 (BenchmarkAnswer).
func readObject(body []byte, member func(name []byte) any) error {
	decoder := strictly(body)
	if opening, err := decoder.ReadToken(); err != nil || opening.Kind() != '{' {
		return errNotJSON
	}
	var mistyped error // of less weight than a body that ends badly
	for decoder.PeekKind() != '}' {
		quoted, err := decoder.ReadValue()
		if err != nil {
			return unreadable(err)
		}
		into := member(unquoted(quoted))
		value, err := decoder.ReadValue()
		if err != nil {
			return unreadable(err)
		}
		if into != nil && take(value, into) != nil {
			mistyped = fmt.Errorf("%w: a member is of the wrong type", errNotJSON)
		}
	}
	if _, err := decoder.ReadToken(); err != nil {
		return unreadable(err)
	}
	if _, err := decoder.ReadToken(); err != io.EOF {
		return errNotJSON
	}
	return mistyped
}

// unambiguous says that the body is one JSON value that all readers read alike.
func unambiguous(body []byte) bool {
	decoder := strictly(body)
	if decoder.SkipValue() != nil {
		return false
	}
	_, err := decoder.ReadToken()
	return err == io.EOF
}

func unreadable(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return fmt.Errorf("%w: it has a member twice", errNotJSON)
	}
	return errNotJSON
}

func unquoted(name jsontext.Value) []byte {
	if bytes.IndexByte(name, '\\') < 0 {
		return name[1 : len(name)-1]
	}
	// Where the bytes are no UTF-8 the name is none of ours anyway.
	plain, _ := jsontext.AppendUnquote(nil, name)
	return plain
}

// take reads a value into its target, as encoding/json does. What nearly all of an
// answer consists of is read by hand: encoding/json needs two allocations to say
// that a string is the string that it is.
func take(value jsontext.Value, target any) error {
	switch target := target.(type) {
	case *string:
		if text, plain := plainText(value); plain {
			*target = text
			return nil
		}
	case *int:
		if n, err := strconv.Atoi(string(value)); err == nil {
			*target = n
			return nil
		}
	case *int64:
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			*target = n
			return nil
		}
	case *bool:
		if kind := value.Kind(); kind == 't' || kind == 'f' {
			*target = kind == 't'
			return nil
		}
	}
	return json.Unmarshal(value, target)
}

// plainText is the text of a JSON string, if it has neither escapes nor anything
// beyond ASCII.
func plainText(value jsontext.Value) (text string, plain bool) {
	if value.Kind() != '"' {
		return "", false
	}
	inner := value[1 : len(value)-1]
	for _, b := range inner {
		if b == '\\' || b >= 0x80 {
			return "", false
		}
	}
	return string(inner), true
}
