package tokenization

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/gateway"
)

const (
	accountNumber = "90571348206"
	routingNumber = "325070760"
)

var details = BankDetails{RoutingNumber: routingNumber, AccountType: gateway.Checking, HolderType: gateway.Business, HolderName: "Ann Example"}

func bankAccount(t *testing.T) *BankAccount {
	t.Helper()
	account, err := NewBankAccount(accountNumber, details)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// At least four digits stay hidden, however short the number is.
func TestASummaryLeavesFourDigitsHidden(t *testing.T) {
	for number, shown := range map[string]string{
		"1234": "", "12345": "5", "123456": "56", "1234567": "567", "12345678": "5678", "12345678901234567": "4567",
	} {
		account, err := NewBankAccount(number, details)
		if err != nil {
			t.Errorf("%s: %v", number, err)
			continue
		}
		if got, want := account.Summary(), (gateway.BankSummary{LastFour: shown, AccountType: gateway.Checking, HolderType: gateway.Business}); got != want {
			t.Errorf("%s: %+v, want %+v", number, got, want)
		}
	}
}

func TestNewBankAccountNamesEveryFault(t *testing.T) {
	for name, tc := range map[string]struct {
		account, routing string
		fields           string
	}{
		"all empty":           {"", "", "accountNumber routingNumber"},
		"three digits":        {"123", routingNumber, "accountNumber"},
		"eighteen digits":     {"123456789012345678", routingNumber, "accountNumber"},
		"a dash":              {"9057-1348", routingNumber, "accountNumber"},
		"a letter":            {"9057134x", routingNumber, "accountNumber"},
		"full-width digits":   {"９０５７１３４８", routingNumber, "accountNumber"},
		"too long by far":     {strings.Repeat("9", 10_000), routingNumber, "accountNumber"},
		"routing of eight":    {accountNumber, "32507076", "routingNumber"},
		"routing of ten":      {accountNumber, "3250707600", "routingNumber"},
		"routing with letter": {accountNumber, "32507076o", "routingNumber"},
		"both":                {"9", "1", "accountNumber routingNumber"},
	} {
		t.Run(name, func(t *testing.T) {
			account, err := NewBankAccount(tc.account, BankDetails{RoutingNumber: tc.routing})
			var faults FieldErrors
			if !errors.As(err, &faults) || account != nil {
				t.Fatalf("account %v, error %v; want none and FieldErrors", account, err)
			}
			var fields []string
			for _, f := range faults {
				fields = append(fields, strings.TrimPrefix(f.Field, "paymentMethod.bankAccount."))
			}
			if got := strings.Join(fields, " "); got != tc.fields {
				t.Errorf("faults in %s; want %s", got, tc.fields)
			}
			if len(tc.account) > 3 && strings.Contains(err.Error(), tc.account) {
				t.Errorf("the error quotes the number: %v", err)
			}
		})
	}
}

// Routing numbers of banks, and what becomes of them when one digit is mistyped
// or two neighbours change places.
func TestTheCheckDigitFindsMistypedRoutingNumbers(t *testing.T) {
	for _, number := range []string{routingNumber, "021000021", "011401533", "091000019", "122105155", "322271627"} {
		if !RoutingNumber(number) {
			t.Errorf("%s is a bank's", number)
		}
		for i := range number {
			for d := byte('0'); d <= '9'; d++ {
				mistyped := number[:i] + string(d) + number[i+1:]
				if mistyped != number && RoutingNumber(mistyped) {
					t.Errorf("%s passes for %s", mistyped, number)
				}
			}
			if i == 0 {
				continue
			}
			swapped := number[:i-1] + string(number[i]) + string(number[i-1]) + number[i+1:]
			// The weights differ by 4, 6 and 2, so digits that are five apart look alike.
			if apart := int(number[i]) - int(number[i-1]); apart%5 != 0 && RoutingNumber(swapped) {
				t.Errorf("%s passes for %s", swapped, number)
			}
		}
	}
	if RoutingNumber("000000000") {
		t.Error("nothing but zeros passes")
	}
}

func TestTheFingerprintOfAnAccountIsOfAllOfItUnderAKey(t *testing.T) {
	key := []byte("a key of thirty-two random bytes")
	first := bankAccount(t).Fingerprint(key)
	if !bytes.Equal(first, bankAccount(t).Fingerprint(key)) {
		t.Error("the same account has two fingerprints")
	}
	make := func(number string, change func(*BankDetails)) []byte {
		d := details
		change(&d)
		account, err := NewBankAccount(number, d)
		if err != nil {
			t.Fatal(err)
		}
		return account.Fingerprint(key)
	}
	for name, other := range map[string][]byte{
		"number":  make("90571348207", func(*BankDetails) {}),
		"routing": make(accountNumber, func(d *BankDetails) { d.RoutingNumber = "021000021" }),
		"type":    make(accountNumber, func(d *BankDetails) { d.AccountType = gateway.Savings }),
		"holder":  make(accountNumber, func(d *BankDetails) { d.HolderType = gateway.Personal }),
		"name":    make(accountNumber, func(d *BankDetails) { d.HolderName = "Bea" }),
		"key":     bankAccount(t).Fingerprint([]byte("another key of thirty-two bytes.")),
	} {
		if bytes.Equal(first, other) {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}

func TestWipeOverwritesAnAccount(t *testing.T) {
	account := bankAccount(t)
	duplicate := *account
	var kept []byte
	account.Open(func(number []byte, with BankDetails) {
		if kept = number; string(number) != accountNumber || with != details {
			t.Errorf("lent %+v", with)
		}
	})
	account.Wipe()
	account.Wipe()
	if !bytes.Equal(kept, make([]byte, len(accountNumber))) {
		t.Error("digits remain in memory")
	}
	for _, a := range []*BankAccount{account, &duplicate} {
		a.Open(func([]byte, BankDetails) { t.Error("a wiped account was opened") })
		if a.Fingerprint([]byte("key")) != nil {
			t.Error("a wiped account has a fingerprint")
		}
		if got := a.Summary(); got.LastFour != "8206" {
			t.Errorf("summary after Wipe: %+v", got)
		}
	}
}

func TestWipeWaitsForAnOpenAccount(t *testing.T) {
	account := bankAccount(t)
	var done sync.WaitGroup
	account.Open(func(number []byte, _ BankDetails) {
		done.Go(account.Wipe)
		if string(number) != accountNumber {
			t.Error("wiped while open")
		}
	})
	done.Wait()
	account.Open(func([]byte, BankDetails) { t.Error("not wiped after Open had returned") })
}

func TestAnAccountShowsItsTypeAndLastDigitsOnly(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, a := range []any{bankAccount(t), *bankAccount(t)} {
			if got := fmt.Sprintf(verb, a); got != "checking ****8206" {
				t.Errorf("%s of %T: %s", verb, a, got)
			}
		}
	}
	body, err := json.Marshal(struct{ Account *BankAccount }{bankAccount(t)})
	if want := `{"Account":{"lastFour":"8206","accountType":"checking","holderType":"business"}}`; err != nil || string(body) != want {
		t.Errorf("JSON %s, %v; want %s", body, err, want)
	}
}

func TestDigitsOfARequestBecomeAnAccount(t *testing.T) {
	for text, want := range map[string]string{
		`"90571348206"`:           "",
		`90571348206`:             fieldAccount + " must be a text of digits, in quotes",
		`["90571348206"]`:         fieldAccount + " must be a text of digits, in quotes",
		`null`:                    fieldAccount + " is required",
		`""`:                      fieldAccount + " is required",
		`"\u0039057134820\u0036"`: fieldAccount + " must be digits only, without spaces or dashes",
	} {
		var d Digits
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		if given := d.Given(); given != (text != "null") {
			t.Errorf("%s: given %v", text, given)
		}
		account, err := d.BankAccount(details)
		if got := fmt.Sprint(err); (want == "") != (err == nil) || (want != "" && got != want) {
			t.Errorf("%s: %v, %v; want %q", text, account, err, want)
		}
		if err == nil {
			d.Wipe()
			account.Open(func(number []byte, _ BankDetails) {
				if string(number) != accountNumber {
					t.Error("the account was wiped with what it came from")
				}
			})
		}
	}
}
