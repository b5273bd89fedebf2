package paytrace

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"unicode/utf8"

	"paytrace-gateway/gateway"
)

func TestAddressesAreWrittenAsPayTraceComparesThem(t *testing.T) {
	data, err := os.ReadFile("testdata/addresses.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name  string
		Given gateway.Address
		Sent  address
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			if got := theirAddress(&v.Given); !reflect.DeepEqual(*got, v.Sent) {
				t.Errorf("got %+v, want %+v", *got, v.Sent)
			}
		})
	}
	if theirAddress(nil) != nil || theirAddress(&gateway.Address{}) != nil {
		t.Error("no address is not sent")
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("1234 North Martin Luther King Junior Memorial Boulevard West", "", "US-CA", "902101234", "USA")
	f.Fuzz(func(t *testing.T, street, street2, state, zip, country string) {
		sent := theirAddress(&gateway.Address{Street: street, Street2: street2, State: state, PostalCode: zip, CountryCode: country})
		for _, line := range []string{sent.Street, sent.Street2, sent.State, sent.Zip} {
			if n := utf8.RuneCountInString(line); n > lineAtMost {
				t.Errorf("%q has %d characters", line, n)
			}
		}
	})
}
