package tokenization

import "paytrace-gateway/gateway"

// testNumbers are the sandbox's and the brands' own test cards.
var testNumbers = map[string]gateway.Brand{
	"4012000098765439":    gateway.Visa,
	"4111111111111111":    gateway.Visa,
	"4222222222222":       gateway.Visa,
	"4000000000000000006": gateway.Visa,
	"5499740000000057":    gateway.Mastercard,
	"5105105105105100":    gateway.Mastercard,
	"2223000048400011":    gateway.Mastercard,
	"371449635392376":     gateway.Amex,
	"340000000000009":     gateway.Amex,
	"6011000993026909":    gateway.Discover,
	"6440000000000005":    gateway.Discover,
	"6500000000000002":    gateway.Discover,
	"6221260000000000":    gateway.Discover,
	"30569309025904":      gateway.Diners,
	"36000000000008":      gateway.Diners,
	"38520000023237":      gateway.Diners,
	"3530111333300000":    gateway.JCB,
	"3566002020360505":    gateway.JCB,
}
