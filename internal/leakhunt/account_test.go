package leakhunt

import (
	"fmt"
	"net/http"
	"strings"
)

// anAccount begins the labels of bank accounts in the clear that PayTrace may be
// sent.
const anAccount = toBeCharged + ", an account"

// accountOf is a way to pay by bank account, with its number as the member has it.
func accountOf(member, number string) string {
	return fmt.Sprintf(`{"bankAccount":{%q:%q,"routingNumber":"325070760","accountType":"checking","holderType":"business","holderName":"Acme Inc."}}`, member, number)
}

func (w *town) rawAccount(label string) string {
	return accountOf("accountNumber", w.cage.Account(label))
}

func (w *town) encryptedAccount(label string) string {
	w.t.Helper()
	return accountOf("encryptedAccountNumber", w.encrypt("account, "+label, w.cage.Account(label)))
}

// accountDays are the whole lives of payments by bank account in the default mode,
// in which a browser encrypts the number.
func (w *town) accountDays() {
	w.t.Helper()
	sale := w.place("ach", w.encryptedAccount("an account"))
	paid := w.must("a sale by account", 201, paying("ach", sale))
	w.must("its repetition", 201, paying("ach", sale))
	w.must("a decline", 201, paying("ach-poor", strings.Replace(w.place("ach-poor", w.encryptedAccount("a declined account")), "19.99", "1.12", 1)))
	held := w.must("a hold", 201, paying("ach-held", payment("authorize", "ach-held", w.encryptedAccount("a held account"))))
	w.must("its funding", 201, changing("capture", held.PaymentID, "ach-capture", `{"amount":"10.00"}`))
	w.must("its void", 201, changing("void", held.PaymentID, "ach-void", ""))
	w.must("a return", 200, call{method: http.MethodPost, path: "/api/v1/transactions/" + paid.PaymentID + "/return",
		body: `{"returnCode":"R01","decidedBy":"Ada Byron"}`, header: map[string]string{"Authorization": "Bearer " + w.operatorToken()}})
	stored := w.store("acme", w.encryptedAccount("a stored account"))
	w.must("a sale by the vault", 201, paying("ach-vault", w.place("ach-vault", `{"vault":{"customerId":"acme"}}`)))
	w.must("another account in its place", 200, call{method: http.MethodPatch, path: vaultPath + "/acme/payments/" + stored.method(),
		body: fmt.Sprintf(`{"paymentMethod":%s}`, w.encryptedAccount("an account in another's place"))})
}

// accountsAreRefused sends accounts in the clear to the ordinary listener, which
// takes them from nobody. It is not among the days of the default mode: what is
// refused may leave a trace in memory, where those days must leave none.
func (w *town) accountsAreRefused() {
	w.t.Helper()
	for _, body := range []string{
		payment("sale", "ach-raw", w.rawAccount("an account in the clear")), `{"paymentMethod":` + w.rawAccount("an account in the clear, to be stored") + `}`,
	} {
		w.send(call{method: http.MethodPost, path: vaultPath, body: body})
		w.send(paying("ach-raw", body))
	}
}

// accountsAreEntered are payments on the listener for cards as they should be.
func (w *town) accountsAreEntered() {
	w.t.Helper()
	for i := range keyed {
		name := fmt.Sprintf("entered-%d", i)
		body := w.place(name, w.rawAccount(fmt.Sprintf("%s, on good days, %d", anAccount, i)))
		switch i % 4 {
		case 1:
			body = strings.Replace(body, "19.99", "1.12", 1)
		case 2:
			body = strings.Replace(body, `"sale"`, `"authorize"`, 1)
		}
		w.must("an account in the clear", http.StatusCreated, key(name, body))
		if i%4 == 3 {
			w.must("its repetition", http.StatusCreated, key(name, body))
		}
	}
}

// accountsAreWrong sends what is no good account and no good request.
func (w *town) accountsAreWrong() {
	w.t.Helper()
	n := 0
	for range 3 {
		for from, to := range map[string]string{
			`"accountNumber":"7`: `"accountNumber":"00007`, `"accountNumber":"`: `"accountNumber":"  `, `"accountNumber":`: `"number":`, `325070760`: `325070761`,
			`"checking"`: `"cheque"`, `"business"`: `""`, `"Acme Inc."`: `7`, `"amount":"19.99"`: `"amount":"-1"`, `{"intent"`: `["intent"`,
			`{"bankAccount":`: `{"bankAccount":{},"bankAccount":`, `"routingNumber"`: `"accountNumber":"1","routingNumber"`, `}}`: `}`,
		} {
			n++
			name := fmt.Sprintf("wrong-%d", n)
			w.send(key(name, strings.Replace(payment("sale", name, w.rawAccount("mistyped account, "+from+" is "+to)), from, to, 1)))
		}
	}
	body := payment("sale", "account-elsewhere", w.rawAccount("mistyped account, on the ordinary listener"))
	w.pay("account-elsewhere", body)
	c := key("account-no-token", payment("sale", "no-token", w.rawAccount("mistyped account, without a token")))
	c.header["Authorization"] = ""
	w.send(c)
}

// accountsMeetBadDays let PayTrace fail and hang.
func (w *town) accountsMeetBadDays() {
	w.t.Helper()
	w.meetBadDays("check_sale", "account", w.chargedAccount,
		`"delay","seconds":2`, `"reset_before"`, `"reset_after"`, `"late_action","seconds":1`, `"status","status":503`, `"html","status":200`, `"denied"`,
		`"unauthorized"`, `"truncated_body"`)
}

// chargedAccount is an account that PayTrace may be sent.
func (w *town) chargedAccount(when string) string { return w.rawAccount(anAccount + when) }

// accountsAreKilled kills the gateway while PayTrace has accounts from it.
func (w *town) accountsAreKilled() {
	w.t.Helper()
	w.misbehave(`{"operation":"check_sale","kind":"delay","seconds":1,"count":3}`)
	sales := w.paytrace.calls("/checks/sale")
	var calls []call
	for i := range 3 {
		name := fmt.Sprintf("killed-account-%d", i)
		calls = append(calls, key(name, w.place(name, w.rawAccount(anAccount+", killed"))))
	}
	w.killWhile(calls, func() bool { return w.paytrace.calls("/checks/sale") >= sales+3 })
	w.misbehave()
	w.timePasses()
	w.start()
}
