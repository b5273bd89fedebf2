package paytrace

import (
	"strings"
	"unicode"

	"golang.org/x/text/language"

	"paytrace-gateway/gateway"
)

// lineAtMost is the longest line of an address that PayTrace is known to take:
// docs/unconfirmed.md says why no more is sent. Only the beginnings of street and
// postal code are compared with the bank's, so that a cut costs nothing.
const lineAtMost = 50

// theirAddress writes an address as PayTrace compares it with the bank's: codes
// in place of names, postal codes in one form, lines of a length that is taken.
// A shopper's way of writing is no reason to refuse a payment.
func theirAddress(a *gateway.Address) *address {
	if a == nil || *a == (gateway.Address{}) {
		return nil
	}
	country := countryCode(a.CountryCode)
	street, street2 := streetLines(tidy(a.Street), tidy(a.Street2))
	return &address{
		Name: cut(tidy(a.Name)), Street: street, Street2: street2, City: cut(tidy(a.City)),
		State: cut(stateCode(a.State)), Zip: cut(postalCode(a.PostalCode, country)), Country: country,
	}
}

// tidy makes one blank of every run of blanks.
func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }

// cut keeps the beginning of a line, whole words where that loses little.
func cut(line string) string {
	head, _ := split(line)
	return head
}

// split parts a line that is too long, between two words if it can.
func split(line string) (head, rest string) {
	runes := []rune(line)
	if len(runes) <= lineAtMost {
		return line, ""
	}
	at := lineAtMost
	for i := lineAtMost; i > lineAtMost/2; i-- {
		if runes[i] == ' ' {
			at = i
			break
		}
	}
	return strings.TrimSpace(string(runes[:at])), strings.TrimSpace(string(runes[at:]))
}

// streetLines moves what the first line has no room for to the second, if that
// is free.
func streetLines(street, street2 string) (first, second string) {
	first, rest := split(street)
	if street2 == "" {
		return first, cut(rest)
	}
	return first, cut(street2)
}

// countryCode is the two letters of a country that was written with two or
// three. What is no country stays as it is, for PayTrace to judge.
func countryCode(s string) string {
	code := strings.ToUpper(strings.TrimSpace(s))
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() || len(code) == 2 {
		return code
	}
	return region.String()
}

// stateCode is the two letters of a state of the USA or a province of Canada.
// Other regions stay as they were written.
func stateCode(s string) string {
	name := tidy(s)
	if code, of := strings.CutPrefix(strings.ToUpper(name), "US-"); of {
		return code
	}
	if code, of := strings.CutPrefix(strings.ToUpper(name), "CA-"); of {
		return code
	}
	if code, known := states[lettersOf(name)]; known {
		return code
	}
	if len(name) == 2 {
		return strings.ToUpper(name)
	}
	return name
}

// lettersOf is what two spellings of one name share.
func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// postalCode brings the codes of the USA and Canada into the forms that were
// seen to be matched: 90210, 90210-1234, K1C2N6.
func postalCode(s, country string) string {
	code := strings.ToUpper(tidy(s))
	dense := strings.NewReplacer(" ", "", "-", "").Replace(code)
	switch {
	case country == "CA":
		return dense
	case country != "US" && country != "":
		return code
	case len(dense) == 9 && allDigits(dense):
		return dense[:5] + "-" + dense[5:]
	case len(dense) == 5 && allDigits(dense):
		return dense
	}
	return code
}

func allDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// states are those of the USA, with its territories and its posts abroad, and
// the provinces of Canada, by the letters of their names.
var states = map[string]string{
	"alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO", "connecticut": "CT",
	"delaware": "DE", "districtofcolumbia": "DC", "florida": "FL", "georgia": "GA", "hawaii": "HI", "idaho": "ID", "illinois": "IL",
	"indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA", "maine": "ME", "maryland": "MD",
	"massachusetts": "MA", "michigan": "MI", "minnesota": "MN", "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE",
	"nevada": "NV", "newhampshire": "NH", "newjersey": "NJ", "newmexico": "NM", "newyork": "NY", "northcarolina": "NC",
	"northdakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA", "rhodeisland": "RI",
	"southcarolina": "SC", "southdakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA",
	"washington": "WA", "westvirginia": "WV", "wisconsin": "WI", "wyoming": "WY",
	"americansamoa": "AS", "guam": "GU", "northernmarianaislands": "MP", "puertorico": "PR", "virginislands": "VI", "usvirginislands": "VI",
	"armedforcesamericas": "AA", "armedforceseurope": "AE", "armedforcespacific": "AP",
	"alberta": "AB", "britishcolumbia": "BC", "manitoba": "MB", "newbrunswick": "NB", "newfoundlandandlabrador": "NL", "novascotia": "NS",
	"northwestterritories": "NT", "nunavut": "NU", "ontario": "ON", "princeedwardisland": "PE", "quebec": "QC", "québec": "QC",
	"saskatchewan": "SK", "yukon": "YT", "yukonterritory": "YT",
}
