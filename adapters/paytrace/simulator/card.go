package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// card is what the simulator keeps of a card: enough for masks, brands and the
// filters that compare cards, never the number itself.
type card struct {
	Brand       string
	First6      string
	Last4       string
	Length      int
	Month, Year int
	Fingerprint string
}

// The brands of PayTrace's batch break-down.
const (
	brandVisa       = "visa"
	brandMasterCard = "mastercard"
	brandAmEx       = "amex"
	brandDiscover   = "discover"
	brandDiners     = "diners"
	brandJCB        = "jcb"
	brandPrivate    = "private"
)

var brands = []string{brandVisa, brandMasterCard, brandAmEx, brandDiscover, brandDiners, brandJCB, brandPrivate}

// sandboxCSC is the right CSC of each brand's sandbox test card.
var sandboxCSC = map[string]string{
	brandVisa: "999", brandMasterCard: "998", brandDiscover: "996", brandAmEx: "9997",
}

// sandboxCards are the test cards that the demo customers and the clerk use.
var sandboxCards = map[string]string{
	brandVisa:       "4012000098765439",
	brandMasterCard: "5499740000000057",
	brandDiscover:   "6011000993026909",
	brandAmEx:       "371449635392376",
}

// newCard judges a card as PayTrace's validation does and keeps its summary.
// A year in the past is no error: the recorded validation says nothing about it.
func newCard(number, month, year string, key []byte, settings *Settings) (card, problems) {
	var found problems
	if !validNumber(number) {
		found = append(found, errCardNumber)
	}
	m, err := strconv.Atoi(month)
	if err != nil || m < 1 || m > 12 {
		found = append(found, errExpirationMonth)
	}
	y, ok := parseYear(year)
	if !ok {
		found = append(found, settings.Errors.ExpirationYear)
	}
	if len(found) > 0 {
		return card{}, found
	}
	return card{
		Brand: brandOf(number), First6: number[:6], Last4: number[len(number)-4:], Length: len(number),
		Month: m, Year: y, Fingerprint: fingerprint(key, number),
	}, nil
}

func parseYear(s string) (int, bool) {
	if !isDigits(s) || (len(s) != 2 && len(s) != 4) {
		return 0, false
	}
	y, _ := strconv.Atoi(s)
	if len(s) == 2 {
		y += 2000
	}
	return y, true
}

// validNumber asks for 13 to 19 digits that pass the Luhn check.
func validNumber(number string) bool {
	if len(number) < 13 || len(number) > 19 || !isDigits(number) {
		return false
	}
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func brandOf(number string) string {
	two, _ := strconv.Atoi(number[:2])
	four, _ := strconv.Atoi(number[:4])
	switch {
	case number[0] == '4':
		return brandVisa
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return brandMasterCard
	case two == 34, two == 37:
		return brandAmEx
	case four == 6011, two == 65, four >= 6440 && four <= 6499:
		return brandDiscover
	case two == 36, two == 38, two == 39, four >= 3000 && four <= 3059:
		return brandDiners
	case four >= 3528 && four <= 3589:
		return brandJCB
	}
	return brandPrivate
}

// fingerprint lets the duplicate and phishing filters compare cards without
// keeping their numbers.
func fingerprint(key []byte, number string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(number))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// mask is the form of sale answers: xxxxxxxxxxxx5439.
func (c card) mask() string {
	return strings.Repeat("x", max(c.Length-4, 0)) + c.Last4
}

// exportMask is the form of exports: ************5439, or the first six digits
// as well when the export asks for them.
func (c card) exportMask(includeBIN bool) string {
	if includeBIN && c.Length > 10 {
		return c.First6 + strings.Repeat("*", c.Length-10) + c.Last4
	}
	return strings.Repeat("*", max(c.Length-4, 0)) + c.Last4
}

// expiredAt says whether the card's last month is over.
func (c card) expiredAt(now time.Time) bool {
	return !now.Before(time.Date(c.Year, time.Month(c.Month)+1, 1, 0, 0, 0, 0, pacific))
}

// cscVerdict is csc_response: empty when none was sent, "Match" for the sandbox
// card's own CSC. What a wrong one answers, and AmEx at all, are settings.
func cscVerdict(brand, csc string, settings *Settings) string {
	switch {
	case csc == "" || brand == brandJCB:
		return ""
	case brand == brandAmEx && csc == sandboxCSC[brand]:
		return settings.AmExCSC
	case csc == sandboxCSC[brand]:
		return "Match"
	}
	return settings.WrongCSC
}
