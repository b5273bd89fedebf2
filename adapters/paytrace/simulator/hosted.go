package simulator

import (
	"errors"
	"strings"
	"time"
)

const (
	// maxHostedFields bounds the tokens that nobody has used.
	maxHostedFields = 100_000
	// maxClientKeys bounds the keys that browsers may still use.
	maxClientKeys = 10_000
)

// createClientKey opens the hosted fields in a shopper's browser. Only
// clientKey is known of its answer.
func createClientKey(s *Simulator, _ *call) answer {
	now := s.now()
	forget(s.books.ClientKeys, maxClientKeys, now)
	key := randomToken(32)
	s.books.ClientKeys[key] = now.Add(time.Duration(s.settings.ClientKeyLifetimeSeconds) * time.Second)
	s.changed()
	return answer{status: 200, acted: true, body: struct {
		ClientKey string `json:"clientKey"`
	}{key}}
}

// tokenize is what PayTrace's script does with a card: the shop gets a token
// and a key that work once.
func (s *Simulator) tokenize(number, csc, month, year string) (token string, h hostedFields, err error) {
	if len(s.books.HostedFields) >= maxHostedFields {
		return "", hostedFields{}, errors.New("too many hosted fields are unused; POST /reset forgets them")
	}
	c, wrong := newCard(number, month, year, s.books.FingerprintKey, &s.settings)
	if len(wrong) > 0 {
		return "", hostedFields{}, wrong
	}
	token = newUUID()
	h = hostedFields{EncKey: randomToken(32), Card: c, CSC: cscVerdict(c.Brand, csc, &s.settings)}
	s.books.HostedFields[token] = h
	s.changed()
	return token, h, nil
}

// typedCard is what stands in the fields of the frame.
type typedCard struct {
	Number       string `json:"number"`
	Expiration   string `json:"expiration"` // MM/YY or MM/YYYY
	SecurityCode string `json:"securityCode"`
}

func (t typedCard) digits() string { return strings.NewReplacer(" ", "", "-", "").Replace(t.Number) }

func (t typedCard) date() (month, year string) {
	month, year, _ = strings.Cut(strings.ReplaceAll(t.Expiration, " ", ""), "/")
	return month, year
}

// fieldError is an error as PayTrace's script hands it to a page. Public code
// decides by the codes 35, 43 and 148.
type fieldError struct {
	ResponseCode string `json:"responseCode"`
	Description  string `json:"description"`
}

// errSecurityCode has a number that public code takes for this field; its text
// is a guess.
var errSecurityCode = NumberedError{"148", "Please provide a valid CSC."}

// judge is what the hosted fields say of a card before it is sent anywhere.
func (s *Simulator) judge(t typedCard) []fieldError {
	month, year := t.date()
	c, wrong := newCard(t.digits(), month, year, s.books.FingerprintKey, &s.settings)
	if len(wrong) == 0 && c.expiredAt(s.now()) {
		wrong = append(wrong, s.settings.Errors.ExpirationYear)
	}
	if n := len(t.SecurityCode); n < 3 || n > 4 || !isDigits(t.SecurityCode) {
		wrong = append(wrong, errSecurityCode)
	}
	found := []fieldError{}
	for _, e := range wrong {
		found = append(found, fieldError{e.Code, e.Text})
	}
	return found
}

func postValidate(s *Simulator, body []byte) (any, error) {
	var given struct {
		Card typedCard `json:"card"`
	}
	if err := readStrictly(body, &given); err != nil {
		return nil, err
	}
	return map[string]any{"errors": s.judge(given.Card)}, nil
}

// fieldsRefused says why there is no token.
type fieldsRefused struct {
	Message string       `json:"message"`
	Errors  []fieldError `json:"errors"`
}

func postTokenize(s *Simulator, body []byte) (any, error) {
	var given struct {
		ClientKey string    `json:"clientKey"`
		Card      typedCard `json:"card"`
	}
	if err := readStrictly(body, &given); err != nil {
		return nil, err
	}
	if expires, known := s.books.ClientKeys[given.ClientKey]; !known || !s.now().Before(expires) {
		return fieldsRefused{Message: "The client key is not valid or has expired.", Errors: []fieldError{}}, nil
	}
	if wrong := s.judge(given.Card); len(wrong) > 0 {
		return fieldsRefused{Message: "Some of the fields are not valid.", Errors: wrong}, nil
	}
	month, year := given.Card.date()
	token, fields, err := s.tokenize(given.Card.digits(), given.Card.SecurityCode, month, year)
	if err != nil {
		return nil, err
	}
	return map[string]string{"hpf_token": token, "enc_key": fields.EncKey}, nil
}
