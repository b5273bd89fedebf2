package simulator

import "errors"

// maxHostedFields bounds the tokens that nobody has used.
const maxHostedFields = 100_000

// createClientKey opens the hosted fields in a shopper's browser. Only
// clientKey is known of its answer.
func createClientKey(s *Simulator, _ *call) answer {
	return answer{status: 200, acted: true, body: struct {
		ClientKey string `json:"clientKey"`
	}{randomToken(32)}}
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
