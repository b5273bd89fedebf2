package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/api"
)

// accountRun is a bank account in the clear. Its digits may stand in no answer and
// in no line of the log.
const accountRun = "90571348206"

// account is a bank account, with some members replaced, as payment does it.
func account(members ...string) string {
	tree := map[string]any{}
	for _, pair := range [][2]string{
		{"routingNumber", `"325070760"`}, {"accountType", `"checking"`}, {"holderType", `"business"`}, {"holderName", `"Ann Example"`},
	} {
		put(tree, pair[0], pair[1])
	}
	for i := 0; i+1 < len(members); i += 2 {
		put(tree, members[i], members[i+1])
	}
	return encode(tree)
}

func enteredAccount(number string, more ...string) string {
	return account(append([]string{"accountNumber", `"` + number + `"`}, more...)...)
}

func encryptedAccount(more ...string) string {
	return account(append([]string{"encryptedAccountNumber", `"` + strings.Repeat("QUJD", 86) + `"`}, more...)...)
}

func paidByAccount(account string, more ...string) string {
	return payment(append([]string{"paymentMethod", `{"bankAccount":` + account + `}`}, more...)...)
}

// mainTakesAccounts is a house whose merchant main takes bank accounts, and no
// cards, in the clear.
func mainTakesAccounts(t *testing.T) *house {
	return newHouse(t, func(c *api.Config) {
		c.RawAccounts = func(merchantID string) bool { return merchantID == "main" }
	})
}

func TestAnAccountInTheClearPaysOnTheListenerForCardsAlone(t *testing.T) {
	h := mainTakesAccounts(t)
	body := paidByAccount(enteredAccount(accountRun))
	a := h.do(call{cards: true, path: payments, key: "ach-1", body: body}).tellsNothingOf(accountRun, "325070760", "Ann Example")
	a.expect(http.StatusCreated, "status", "accepted", "bankAccount.last4Digits", "8206", "bankAccount.accountType", "checking", "bankAccount.holderType", "business")
	if !strings.HasPrefix(a.at("transactionId"), "chk_") {
		t.Errorf("the transaction is %s", a.at("transactionId"))
	}
	h.do(call{path: payments + "/" + a.at("paymentId")}).tellsNothingOf(accountRun, "325070760", "Ann Example").
		expect(http.StatusOK, "status", "accepted", "bankAccount.last4Digits", "8206", "last4Digits", "", "cardType", "")
	h.do(call{path: "/api/v1/transactions/" + a.at("transactionId")}).expect(http.StatusOK, "paymentId", a.at("paymentId"))
	if log := h.log.String(); strings.Contains(log, accountRun) || strings.Contains(log, "Ann Example") {
		t.Error("the log holds the account")
	}

	refused := func(c call) {
		t.Helper()
		h.do(c).tellsNothingOf(accountRun).refused(http.StatusUnprocessableEntity, "raw_bank_account_not_allowed", "paymentMethod.bankAccount.accountNumber")
	}
	refused(call{path: payments, key: "public", body: body})
	refused(call{cards: true, as: rival, path: payments, key: "without-the-switch", body: body})
	refused(call{path: payments, as: rival, key: "without-either", body: paidByAccount(enteredAccount("zqmarker7", "holderName", ""))})
	h.do(call{cards: true, path: payments, key: "card", body: paidByCard(entered(cardRun, "973"))}).
		refused(http.StatusUnprocessableEntity, "raw_card_not_allowed", "paymentMethod.card")
	h.expectCharges(1)
}

func TestAnEncryptedAccountPaysEverywhere(t *testing.T) {
	h := newHouse(t)
	for i, cards := range []bool{false, true} {
		h.do(call{cards: cards, path: payments, key: fmt.Sprintf("ach-%d", i), body: paidByAccount(encryptedAccount())}).
			expect(http.StatusCreated, "status", "accepted", "bankAccount.last4Digits", "", "bankAccount.accountType", "checking")
	}
	h.do(call{path: payments, key: "held", body: paidByAccount(encryptedAccount(), "intent", `"authorize"`)}).expect(http.StatusCreated, "status", "authorized")
}

// The key is what makes a repeat, and every member of the account is part of it.
func TestAnAccountIsNotSentAgainByARepeat(t *testing.T) {
	h := mainTakesAccounts(t)
	pay := func(account string) answer {
		return h.do(call{cards: true, path: payments, key: "ach-1", body: paidByAccount(account)}).tellsNothingOf(accountRun)
	}
	first := pay(enteredAccount(accountRun)).expect(http.StatusCreated, "idempotentReplay", "")
	pay(enteredAccount(accountRun)).expect(http.StatusCreated, "idempotentReplay", "true", "paymentId", first.at("paymentId"))
	for _, other := range []string{
		enteredAccount("90571348207"), enteredAccount(accountRun, "routingNumber", `"021000021"`), enteredAccount(accountRun, "accountType", `"savings"`),
		enteredAccount(accountRun, "holderType", `"personal"`), enteredAccount(accountRun, "holderName", `"Bea"`), encryptedAccount(),
	} {
		pay(other).refused(http.StatusUnprocessableEntity, "idempotency_key_reused", "")
	}
	h.expectCharges(1)
}

func TestAnAccountThatCannotBeOneNamesItsMembers(t *testing.T) {
	const at = "paymentMethod.bankAccount."
	h := mainTakesAccounts(t)
	for i, row := range []struct{ account, fields string }{
		{enteredAccount("123"), at + "accountNumber"},
		{enteredAccount("123456789012345678"), at + "accountNumber"},
		{enteredAccount("9057-1348"), at + "accountNumber"},
		{enteredAccount("zqmarker7"), at + "accountNumber"},
		{account("accountNumber", accountRun), at + "accountNumber"},
		{account("accountNumber", `["`+accountRun+`"]`), at + "accountNumber"},
		{enteredAccount(accountRun, "routingNumber", `"325070761"`), at + "routingNumber"},
		{enteredAccount(accountRun, "routingNumber", `"zqmarker7"`), at + "routingNumber"},
		{enteredAccount(accountRun, "routingNumber", ""), at + "routingNumber"},
		{enteredAccount(accountRun, "routingNumber", "325070760"), at + "routingNumber"},
		{enteredAccount(accountRun, "accountType", `"zqmarker7"`), at + "accountType"},
		{enteredAccount(accountRun, "accountType", ""), at + "accountType"},
		{enteredAccount(accountRun, "holderType", `"zqmarker7"`), at + "holderType"},
		{enteredAccount(accountRun, "holderName", ""), at + "holderName"},
		{enteredAccount(accountRun, "holderName", `"zqmarker7\u0007"`), at + "holderName"},
		{enteredAccount(accountRun, "pin", `"1"`), at + "pin"},
		{account(), "paymentMethod.bankAccount"},
		{account("accountNumber", "null"), "paymentMethod.bankAccount"},
		{encryptedAccount("accountNumber", `"`+accountRun+`"`), "paymentMethod.bankAccount"},
		{account("encryptedAccountNumber", `"`+accountRun+`"`), at + "encryptedAccountNumber"},
		{account("encryptedAccountNumber", `"`+strings.Repeat("zqmarker7!", 34)+`"`), at + "encryptedAccountNumber"},
	} {
		h.do(call{cards: true, path: payments, key: fmt.Sprintf("bad-%d", i), body: paidByAccount(row.account)}).
			tellsNothingOf(accountRun, "123456789012345678", "9057-1348", marker, "325070761").
			refused(http.StatusBadRequest, "invalid_request", row.fields)
	}
	two := payment("paymentMethod", `{"bankAccount":`+encryptedAccount()+`,"vault":{"customerId":"c"}}`)
	h.do(call{path: payments, key: "two", body: two}).refused(http.StatusBadRequest, "invalid_request", "paymentMethod")
	h.do(call{path: payments, key: "a-card", body: paidByAccount(encryptedAccount("holderName", `"`+cardRun+`"`))}).
		refused(http.StatusUnprocessableEntity, "card_number_refused", "paymentMethod.bankAccount.holderName")
	h.expectCharges(0)
}

// A number that could be a card's may be an account's all the same.
func TestAnAccountMayLookLikeACard(t *testing.T) {
	h := mainTakesAccounts(t)
	h.do(call{cards: true, path: payments, key: "ach", body: paidByAccount(enteredAccount(cardRun))}).tellsNothingOf(cardRun).
		expect(http.StatusCreated, "bankAccount.last4Digits", "1111")
}

func TestAPersonEntersAReturn(t *testing.T) {
	h := newHouse(t)
	made := h.do(call{path: payments, key: "k", body: paidByAccount(encryptedAccount())}).expect(http.StatusCreated)
	path := "/api/v1/transactions/" + made.at("transactionId") + "/return"
	enter := func(members ...string) answer {
		tree := map[string]any{}
		for i := 0; i+1 < len(members); i += 2 {
			put(tree, members[i], members[i+1])
		}
		return h.do(call{as: chief, method: http.MethodPost, path: path, body: encode(tree)})
	}
	enter("decidedBy", `"Ada Byron"`).refused(http.StatusBadRequest, "invalid_request", "returnCode")
	enter("returnCode", `"R01"`).refused(http.StatusBadRequest, "invalid_request", "decidedBy")
	enter("returnCode", `"R01"`, "decidedBy", `"Ada Byron"`, "returnedAt", `"yesterday"`).refused(http.StatusBadRequest, "invalid_request", "returnedAt")
	enter("returnCode", `"R86"`, "decidedBy", `"Ada Byron"`).refused(http.StatusUnprocessableEntity, "not_returnable", "returnCode")
	enter("returnCode", `"R01"`, "decidedBy", `"Ada Byron"`, "returnedAt", `"2126-01-01T00:00:00Z"`).refused(http.StatusUnprocessableEntity, "not_returnable", "returnedAt")
	good := []string{"returnCode", `"R01"`, "decidedBy", `"Ada Byron"`, "note", `"report of today"`}
	enter(good...).expect(http.StatusOK, "status", "returned", "idempotentReplay", "", "operation.bankReturn.returnCode", "R01",
		"operation.bankReturn.enteredBy", "Ada Byron (chief)", "operation.bankReturn.note", "report of today", "operation.operationKind", "sale").golden("returned")
	enter(good...).expect(http.StatusOK, "status", "returned", "idempotentReplay", "true")
	enter("returnCode", `"R01"`, "decidedBy", `"Bob Boole"`, "note", `"report of yesterday"`).expect(http.StatusOK, "status", "returned", "idempotentReplay", "",
		"operation.bankReturn.enteredBy", "Bob Boole (chief)", "operation.bankReturn.note", "report of yesterday")
	enter("returnCode", `"R02"`, "decidedBy", `"Ada Byron"`).refused(http.StatusUnprocessableEntity, "not_returnable", "returnCode")
	h.do(call{as: shop, method: http.MethodPost, path: path, body: `{"returnCode":"R01","decidedBy":"x"}`}).refused(http.StatusForbidden, "insufficient_scope", "")
	card := h.create("card", sale("1.00"))
	h.do(call{as: chief, method: http.MethodPost, path: "/api/v1/transactions/" + card.at("transactionId") + "/return", body: `{"returnCode":"R01","decidedBy":"x"}`}).
		refused(http.StatusUnprocessableEntity, "not_returnable", "")
	h.do(call{as: lord, method: http.MethodPost, path: "/api/v1/transactions/chk_1/return", body: `{"returnCode":"R01","decidedBy":"x"}`}).
		refused(http.StatusNotFound, "not_found", "")
}

// What is said of a card in TestAConnectionKeepsNothingOfACard holds for an account.
func TestAConnectionKeepsNothingOfAnAccount(t *testing.T) {
	h := mainTakesAccounts(t)
	public, cards := watch(h, h.server.Serve), watch(h, h.server.ServeCards)
	for i, row := range []struct {
		name, body, status string
		to                 *watched
	}{
		{"taken", paidByAccount(enteredAccount(accountRun)), "201", cards},
		{"refused by its number", paidByAccount(enteredAccount(accountRun + "x")), "400", cards},
		{"refused by the listener", paidByAccount(enteredAccount(accountRun)), "422", public},
		{"refused by another member", paidByAccount(enteredAccount(accountRun, "holderName", "")), "422", public},
	} {
		if answer, closed := row.to.send(h, fmt.Sprintf("kept-%d", i), row.body, 3); !strings.HasPrefix(answer, row.status) || !closed {
			t.Errorf("%s: closed %t, %s", row.name, closed, answer)
		}
		if row.to.holds(accountRun) {
			t.Errorf("%s: the connection still holds the account", row.name)
		}
	}
}

func TestABankAccountIsStoredChargedAndReplaced(t *testing.T) {
	h := newHouse(t)
	made := h.do(call{path: vault, key: "c", body: `{"customerId":"c","paymentMethod":{"bankAccount":` + encryptedAccount() + `}}`}).
		tellsNothingOf("325070760", "Ann Example").expect(http.StatusCreated)
	h.hidesProfiles(made)
	method := vault + "/c/payments/" + methodOf(made, 0)
	h.do(call{path: method}).expect(http.StatusOK, "bankAccount.last4Digits", "7766", "bankAccount.holderType", "business", "cardType", "", "isDefault", "true")
	h.do(call{path: payments, key: "p", body: paidBy("vault", "paymentMethod.vault", `{"customerId":"c"}`)}).
		expect(http.StatusCreated, "status", "accepted", "bankAccount.last4Digits", "7766", "customerVaultId", "c")
	h.do(call{method: http.MethodPatch, path: method, key: "r", body: `{"paymentMethod":{"bankAccount":` + encryptedAccount("holderName", `"Bea"`) + `}}`}).
		expect(http.StatusOK, "operation.operationKind", "replace", "bankAccount.last4Digits", "7766")
	h.do(call{method: http.MethodPatch, path: method, key: "r2", body: card(hpfToken, fresh("r2"))}).
		refused(http.StatusUnprocessableEntity, "payment_method_of_other_kind", "paymentMethod")
	raw := `{"paymentMethod":{"bankAccount":` + enteredAccount(accountRun) + `}}`
	for key, c := range map[string]call{
		"v1": {path: vault, body: raw}, "v2": {path: vault + "/c/payments", body: raw}, "v3": {method: http.MethodPatch, path: method, body: raw},
	} {
		c.key = key
		h.do(c).tellsNothingOf(accountRun).refused(http.StatusUnprocessableEntity, "raw_bank_account_not_allowed", "paymentMethod.bankAccount.accountNumber")
	}
}
