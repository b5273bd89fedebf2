package paytrace

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"paytrace-gateway/gateway"
)

// verb is the operation that an answer is to.
type verb string

const (
	charging  verb = "charge"
	capturing verb = "capture"
	voiding   verb = "void"
	refunding verb = "refund"
	creating  verb = "profile's creation"
	updating  verb = "profile's update"
	deleting  verb = "profile's deletion"
	drawing   verb = "bank payment"
	managing  verb = "bank payment's funding or void"
	crediting verb = "bank payment's refund"
	enhancing verb = "charge's enhanced data"
)

// asked is what must be known of a request to read its answer.
type asked struct {
	verb verb
	// transactionID is the one that a capture or a void must echo.
	transactionID string
	// profileID is the one that whatever is done to a profile must echo.
	profileID string
	method    gateway.MethodKind
	// encrypted says that a bank account was told encrypted.
	encrypted bool
	live      bool
	// amount is that of a charge; the fields are where its answer tells how much of
	// it was approved, and what is left on the card.
	amount                      gateway.Money
	approvedField, balanceField string
}

// result is what a reply means. Approved, Declined and Rejected need an answer
// without contradiction; whatever else came after a byte had left is Unknown.
func result(q asked, r reply) gateway.Result {
	switch {
	case r.err != nil && errors.Is(r.err, errCredentials):
		return rejected("invalid_grant", rowOf(oauthError, "invalid_grant"), "", r.err.Error())
	case r.err != nil && !r.left:
		return gateway.Result{Outcome: gateway.NotSent, Detail: r.err.Error()}
	case r.err != nil:
		return unknown("%s", r.err.Error())
	case r.refusesToken():
		row := rowOf(oauthError, invalidToken)
		return rejected(invalidToken, row, "", "PayTrace answered "+invalidToken+" ("+row.meaning+")")
	}
	a, err := r.read()
	a.bank = q.bank()
	if err != nil {
		return unknown("HTTP %d: %s", r.status, err)
	}
	if r.status < 200 || (r.status >= 300 && r.status < 400) || serverFault(r.status) {
		return unknown("HTTP %d is no status to believe an answer with; it said %s", r.status, a.summary())
	}
	judged := q.withAmounts(judge(q, a), r.body)
	judged.Answered = judged.Outcome == gateway.Unknown && a.complete()
	return judged
}

// judge decides on success and response code together.
func judge(q asked, a answer) gateway.Result {
	switch {
	case !a.complete():
		return unknown("the answer has no success or no response_code: %s", a.summary())
	case a.mentionsDuplicate():
		return unknown("PayTrace may have taken this for a duplicate: %s", a.summary())
	case !a.Success && a.ResponseCode == 1 && q.verb == enhancing && len(a.Errors) > 0:
		// Whatever the number: it moves no money, and PayTrace says that it failed.
		number := a.errorNumbers()[0]
		return rejected(number, errorRow(number, a.Errors[number]), "", "PayTrace answered "+a.summary())
	case !a.Success && a.ResponseCode == 1:
		return judgeErrors(q, a)
	case len(a.Errors) > 0 || a.OAuthError != "":
		return unknown("PayTrace's answer contradicts itself: %s", a.summary())
	}
	row := rowOf(responseCode, strconv.Itoa(a.ResponseCode))
	switch {
	case row.of != q.verb:
		return unknown("the answer is not to a %s: %s", q.verb, a.summary())
	case !row.success.allows(a.Success):
		return unknown("PayTrace's answer contradicts itself: %s", a.summary())
	case row.test && q.live:
		return unknown("PayTrace answered with a TEST code in live mode: %s", a.summary())
	case row.outcome == gateway.Declined:
		return declined(q, a, row)
	case q.profileID != "":
		return profileDone(q, a)
	case q.verb == enhancing:
		return gateway.Result{Outcome: gateway.Approved, TransactionID: q.transactionID, Detail: "PayTrace answered " + a.summary()}
	}
	return approved(q, a)
}

// judgeErrors is a rejection only when every single error is known to mean
// that nothing was done.
func judgeErrors(q asked, a answer) gateway.Result {
	numbers := a.errorNumbers()
	rows := make([]verdict, len(numbers))
	known, open := len(numbers) > 0, false
	for i, number := range numbers {
		rows[i] = errorRow(number, a.Errors[number])
		known = known && (rows[i].outcome == gateway.Rejected || rows[i].contested)
		open = open || rows[i].contested
	}
	switch {
	case !known || a.TransactionID != 0 || a.CheckID != 0:
		return unknown("PayTrace's errors do not say for certain that nothing was done: %s", a.summary())
	case open:
		r := unknown("the transaction's state forbids the %s: %s", q.verb, a.summary())
		r.Contested = true
		return r
	}
	first := leading(rows)
	lead := rows[first]
	// Beside another error the log-in was not all that stood in the way.
	lead.again = !slices.ContainsFunc(rows, func(v verdict) bool { return !v.again })
	return rejected(numbers[first], lead, q.contractField(lead.field), "PayTrace answered "+a.summary())
}

// leading is the error to name when there are several: the operator's first,
// since the caller can do nothing before it is mended.
func leading(rows []verdict) int {
	return max(0, slices.IndexFunc(rows, func(v verdict) bool { return v.credentials }))
}

func approved(q asked, a answer) gateway.Result {
	id := a.idOf(q)
	switch {
	case id == "":
		return unknown("approved without a transaction id: %s", a.summary())
	case (q.verb == capturing || q.verb == voiding || q.verb == managing) && id != q.transactionID:
		return unknown("the answer is about another transaction: %s", a.summary())
	}
	return gateway.Result{
		Outcome: gateway.Approved, TransactionID: id,
		ApprovalCode: a.clean(a.ApprovalCode), AVS: a.clean(a.AVS), CSC: a.clean(a.CSC),
		Card: a.card(), Detail: "PayTrace answered " + a.summary(),
	}
}

func declined(q asked, a answer, row verdict) gateway.Result {
	r := gateway.Result{
		Outcome: gateway.Declined, TransactionID: a.idOf(q),
		AVS: a.clean(a.AVS), CSC: a.clean(a.CSC), Card: a.card(),
		Detail: "PayTrace answered " + a.summary(),
	}
	decline := gateway.Decline{
		Code: strconv.Itoa(a.ResponseCode), Message: row.shopper, Category: row.category, Retryable: row.retryable,
	}
	for _, bank := range bankWords {
		if row.category == generic && strings.Contains(strings.ToLower(a.ApprovalMessage), bank.contains) {
			decline.Category, decline.Retryable, decline.Message = bank.category, bank.retryable, bank.shopper
		}
	}
	r.Decline = &decline
	return r
}

func rejected(number string, row verdict, field, detail string) gateway.Result {
	return gateway.Result{
		Outcome: gateway.Rejected, Detail: detail,
		Rejection: &gateway.Rejection{Code: number, Message: row.shopper, Field: field, Credentials: row.credentials, Again: row.again},
	}
}

func unknown(format string, args ...any) gateway.Result {
	return gateway.Result{Outcome: gateway.Unknown, Detail: fmt.Sprintf(format, args...)}
}

// contractField names the field as the caller knows it. Nobody outside knows
// the id of a profile, so nothing that a caller sent is wrong with it.
func (q asked) contractField(field string) string {
	switch field {
	case cardNumberField, expirationMonthField, expirationYearField:
		if q.method == gateway.ByCard || q.method == gateway.ByEncryptedCard {
			return "paymentMethod." + string(q.method) + "." + field
		}
		return "paymentMethod"
	case accountNumberField:
		if q.encrypted {
			return "paymentMethod.bankAccount.encryptedAccountNumber"
		}
	case storedCardField, customerIDField:
		if q.profileID != "" {
			return ""
		}
	}
	return field
}

// bank says that the request is about a bank account, whose number PayTrace may
// quote.
func (q asked) bank() bool {
	return q.ofCheck() || q.method == gateway.ByBankAccount
}

// ofCheck says that the request is about a bank payment.
func (q asked) ofCheck() bool {
	return q.verb == drawing || q.verb == managing || q.verb == crediting
}

// idOf is the id of what was asked for, as everybody outside knows it.
func (a answer) idOf(q asked) string {
	if !q.ofCheck() {
		return a.id()
	}
	if a.CheckID <= 0 {
		return ""
	}
	return gateway.CheckPrefix + strconv.FormatInt(a.CheckID, 10)
}

func (a answer) id() string {
	if a.TransactionID <= 0 {
		return ""
	}
	return strconv.FormatInt(a.TransactionID, 10)
}

func (a answer) card() gateway.CardSummary {
	return gateway.CardSummary{Brand: brandOf(a.MaskedCardNumber), LastFour: lastFour(a.MaskedCardNumber)}
}

// errorNumbers are sorted by value, so that the same answer always gives the
// same words.
func (a answer) errorNumbers() []string {
	numbers := make([]string, 0, len(a.Errors))
	for number := range a.Errors {
		numbers = append(numbers, number)
	}
	slices.SortFunc(numbers, func(x, y string) int {
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
	return numbers
}

func (a answer) mentionsDuplicate() bool {
	said := []string{a.StatusMessage, a.ApprovalMessage, a.ACHMessage}
	for _, texts := range a.Errors {
		said = append(said, texts...)
	}
	return slices.ContainsFunc(said, func(s string) bool { return strings.Contains(strings.ToLower(s), "duplicate") })
}

// maxNamedErrors bounds how many errors one detail tells of.
const maxNamedErrors = 8

// summary is the answer in words for an operator.
func (a answer) summary() string {
	if a.OAuthError != "" {
		return "error " + a.clean(a.OAuthError)
	}
	said := []string{fmt.Sprintf("%d (success %t): %s", a.ResponseCode, a.Success, a.clean(nameless(a.StatusMessage)))}
	if id := a.id(); id != "" {
		said = append(said, "transaction "+id)
	}
	if a.CheckID > 0 {
		said = append(said, "check "+strconv.FormatInt(a.CheckID, 10))
	}
	if message := a.clean(a.ApprovalMessage); message != "" {
		said = append(said, message)
	}
	if code, message := a.clean(string(a.ACHCode)), a.clean(a.ACHMessage); code+message != "" {
		said = append(said, strings.TrimSpace("ACH "+code+" "+message))
	}
	numbers := a.errorNumbers()
	for _, number := range numbers[:min(len(numbers), maxNamedErrors)] {
		said = append(said, "error "+a.clean(number)+": "+a.clean(strings.Join(a.Errors[number], " ")))
	}
	return strings.Join(said, "; ")
}

// holder is the name in PayTrace's words about a profile.
var holder = regexp.MustCompile(`^(` + holderBegins + `[^/]*)/.*( was successfully [a-z]+\.)$`)

const holderBegins = "The customer profile for "

// nameless keeps the shopper's name out of logs and ledger.
func nameless(status string) string {
	status = strings.TrimSpace(status)
	if !strings.HasPrefix(status, holderBegins) {
		return status
	}
	return holder.ReplaceAllString(status, "$1$2")
}

// clean makes one of the answer's texts safe to keep.
func (a answer) clean(s string) string {
	s = hide(strings.TrimSpace(s), a.secrets)
	if a.bank {
		s = accountLike.ReplaceAllString(s, "[digits]")
	}
	return scrub(s)
}

// hide replaces our own secrets, which an answer has no business to quote.
func hide(s string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "[secret]")
		}
	}
	return s
}

// maxWords bounds a text of PayTrace's in our details.
const maxWords = 200

// cardLike is a run of digits long enough to be a card number, also when
// grouped; accountLike one long enough to be that of a bank account, which nothing
// but its length tells from an amount or a year; codeLike a card's security code beside its name, since three digits
// alone may be anything; blob a token or a ciphertext.
var (
	cardLike    = regexp.MustCompile(`\d(?:[ .\-]?\d){11,}`)
	accountLike = regexp.MustCompile(`\d(?:[ .\-]?\d){3,}`)
	codeLike    = regexp.MustCompile(`(?i)(csc|cvv2?|cvc2?|cid|security\W{0,3}code)\W{0,5}\d{3,4}`)
	blob        = regexp.MustCompile(`[A-Za-z0-9+/=_\-:]{33,}`)
)

// scrub makes a text from outside safe to keep: no card numbers, no tokens, no
// control characters, of bounded length. It is a second fence: PayTrace is not
// known to echo card data.
func scrub(s string) string {
	if harmless(s) {
		return s
	}
	return scoured(s)
}

func scoured(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	s = cardLike.ReplaceAllString(s, "[digits]")
	s = codeLike.ReplaceAllString(s, "$1 [code]")
	s = blob.ReplaceAllString(s, "[token]")
	if runes := []rune(s); len(runes) > maxWords {
		s = string(runes[:maxWords]) + "…"
	}
	return s
}

// harmless says of nearly every text of PayTrace's that scrub has nothing to do: it
// is short printable ASCII with too few digits for cardLike, no three digits with a
// c for codeLike, whose every word has one, and no run that is long enough for blob.
// The expressions took 16 us and 41 allocations for the texts of one sale; this takes
// less than half a microsecond (BenchmarkAnswer).
func harmless(s string) bool {
	digits, digitRun, blobRun := 0, 0, 0
	threeDigits, hasC := false, false
	for i := range len(s) {
		b := s[i]
		if b < ' ' || b >= 0x7f {
			return false
		}
		digit := '0' <= b && b <= '9'
		if digit {
			digits++
			digitRun++
		} else {
			digitRun = 0
		}
		if digit || 'a' <= b|0x20 && b|0x20 <= 'z' || strings.IndexByte("+/=_-:", b) >= 0 {
			blobRun++
		} else {
			blobRun = 0
		}
		threeDigits = threeDigits || digitRun == 3
		hasC = hasC || b|0x20 == 'c'
		if blobRun > 32 || digits > 11 || threeDigits && hasC {
			return false
		}
	}
	return len(s) <= maxWords
}

// unmask takes PayTrace's mask to pieces. It is of x in answers and of asterisks in
// exports, and shows the first six digits when they were asked for.
func unmask(mask string) (firstSix, lastFour string, ok bool) {
	mask = strings.TrimSpace(mask)
	hidden := strings.Trim(mask, "0123456789")
	firstSix, lastFour, ok = strings.Cut(mask, hidden)
	ok = ok && hidden != "" && strings.Trim(hidden, "xX*") == "" && len(lastFour) == 4 && (firstSix == "" || len(firstSix) == 6)
	return firstSix, lastFour, ok
}

func lastFour(mask string) string {
	if _, last, ok := unmask(mask); ok {
		return last
	}
	return ""
}

// brandOf reads the brand from the first six digits, where a mask shows them.
func brandOf(mask string) gateway.Brand {
	firstSix, _, ok := unmask(mask)
	if !ok || firstSix == "" {
		return ""
	}
	bin, _ := strconv.Atoi(firstSix)
	for _, r := range brands {
		if r.from <= bin && bin <= r.to {
			return r.brand
		}
	}
	return ""
}

// brands are the ranges of the first six digits.
var brands = []struct {
	from, to int
	brand    gateway.Brand
}{
	{400000, 499999, gateway.Visa},
	{510000, 559999, gateway.Mastercard}, {222100, 272099, gateway.Mastercard},
	{340000, 349999, gateway.Amex}, {370000, 379999, gateway.Amex},
	{601100, 601199, gateway.Discover}, {622126, 622925, gateway.Discover}, {644000, 659999, gateway.Discover},
	{300000, 305999, gateway.Diners}, {360000, 369999, gateway.Diners}, {380000, 399999, gateway.Diners},
	{352800, 358999, gateway.JCB},
}
