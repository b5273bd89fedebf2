package simulator

import "strings"

// address is a billing or shipping address in a request. Only shipping
// addresses have a county.
type address struct {
	Name           text `json:"name"`
	StreetAddress  text `json:"street_address"`
	StreetAddress2 text `json:"street_address2"`
	City           text `json:"city"`
	County         text `json:"county,omitempty"`
	State          text `json:"state"`
	Zip            text `json:"zip"`
	Country        text `json:"country"`
}

// The sandbox's matching address: a street that starts with this number, and
// this ZIP code.
const (
	matchingStreet = "8320"
	matchingZip    = "85284"
)

// avsVerdict is avs_response and the front of approval_message; the approval
// code stands in the message only when no address was sent.
func avsVerdict(a address, approvalCode string, settings *Settings) (avs, message string) {
	street, zip := strings.TrimSpace(string(a.StreetAddress)), strings.TrimSpace(string(a.Zip))
	if street == "" && zip == "" {
		return "0", "APPROVAL " + approvalCode + "  - Approved and completed"
	}
	number, _, _ := strings.Cut(street, " ")
	streetMatches, zipMatches := number == matchingStreet, strings.HasPrefix(zip, matchingZip)
	switch {
	case streetMatches && zipMatches:
		return "Full Exact Match", "EXACT MATCH - Approved and completed"
	case streetMatches && settings.PartialAVS:
		return "Address Match Only", "ADDRESS MATCH - Approved and completed"
	case zipMatches && settings.PartialAVS:
		return "Zip Match Only", "  ZIP MATCH - Approved and completed"
	}
	return "No Match", "  NO  MATCH - Approved and completed"
}

// declinedAVS fits every recorded decline: "0" for a matching address and for
// none, "No Match" for one that does not match.
func declinedAVS(avs string) string {
	if avs == "No Match" {
		return avs
	}
	return "0"
}
