package tokenization

import (
	"strings"

	"paytrace-gateway/gateway"
)

// The members of the contract's paymentMethod.card.
const (
	fieldNumber = "paymentMethod.card.cardNumber"
	fieldCSC    = "paymentMethod.card.csc"
	fieldMonth  = "paymentMethod.card.expirationMonth"
	fieldYear   = "paymentMethod.card.expirationYear"
)

// FieldError says what is wrong with one member, without quoting it.
type FieldError struct{ Field, Message string }

// FieldErrors are all the faults of one card.
type FieldErrors []FieldError

func (e FieldErrors) Error() string {
	var b strings.Builder
	for i, f := range e {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.Field + " " + f.Message)
	}
	return b.String()
}

func validate[T text](number, csc, month, year T) (gateway.Brand, FieldErrors) {
	var errs FieldErrors
	add := func(field, message string) {
		if message != "" {
			errs = append(errs, FieldError{field, message})
		}
	}
	brand, _ := brandOf(number)
	add(fieldNumber, numberFault(number, brand))
	add(fieldCSC, cscFault(csc, brand))
	if !isMonth(month) {
		add(fieldMonth, `must be "01" to "12"`)
	}
	if len(year) != 4 || !allDigits(year) {
		add(fieldYear, "must be four digits")
	}
	return brand, errs
}

// isMonth looks at the digits themselves, so that it judges bytes and strings.
func isMonth[T text](month T) bool {
	if len(month) != 2 || !allDigits(month) {
		return false
	}
	m := 10*int(month[0]-'0') + int(month[1]-'0')
	return 1 <= m && m <= 12
}

func numberFault[T text](number T, brand gateway.Brand) string {
	switch {
	case len(number) == 0:
		return "is required"
	case !allDigits(number):
		return "must be digits only, without spaces or dashes"
	case brand == "":
		return "is not a number of a card brand that is taken here, or has too few or too many digits"
	case !luhn(number):
		return "is mistyped: its check digit does not match"
	}
	return ""
}

func cscFault[T text](csc T, brand gateway.Brand) string {
	switch {
	case len(csc) == 0:
		return "is required"
	case !allDigits(csc) || len(csc) < 3 || len(csc) > 4:
		return "must be 3 or 4 digits"
	case brand == gateway.Amex && len(csc) != 4:
		return "must be the 4 digits on the front of an American Express card"
	}
	return ""
}
