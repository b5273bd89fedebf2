package leakhunt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A merchant that takes cards, or bank accounts, in the clear has them in memory
// while they go to PayTrace. Whatever becomes of them, nobody but PayTrace may be told them and
// nothing may be written; what is left in memory is measured, and told.
func TestARawCardIsStoredAndToldNowhere(t *testing.T) {
	t.Parallel()
	wholeHunt(t)
	onEveryLedger(t, (*town).takeCards, func(t *testing.T, w *town) {
		w.cardsAreKeyed()
		w.residue("charged on the listener for cards", toBeCharged+", on good days", mostCharged)
		w.cardsAreWrong()
		w.residue("refused on the listener for cards", "mistyped", mostRefused)
		w.cardsAreShouted()
		w.residue("sent to it as what is no HTTP", "unreadable", mostQuoted)
		w.cardsMeetBadDays()
		w.residue("charged while PayTrace fails", toBeCharged+", on bad days", mostRefused)
		w.payTraceQuotes("/transactions/sale", "card", w.chargedCard)
		w.residue("that PayTrace has quoted", toBeCharged+", quoted", mostQuoted)
		w.accountsAreEntered()
		w.residue("of bank accounts, charged on the listener for cards", anAccount+", on good days", mostCharged)
		w.accountsAreWrong()
		w.residue("of bank accounts, refused on it", "mistyped account", mostRefused)
		w.accountsMeetBadDays()
		w.residue("of bank accounts, charged while PayTrace fails", anAccount+", on bad days", mostRefused)
		w.payTraceQuotes("/checks/sale", "account", w.chargedAccount)
		w.residue("of bank accounts that PayTrace has quoted", anAccount+", quoted", mostQuoted)
		w.accountsAreKilled()
		w.cardsAreKilled()
		w.commands()
		w.findTheLost()
		wantNothing(t, w.search())
	})
}

// keyed is how many cards are answered before the memory is looked at.
const keyed = 60

// takeCards opens the listener for card data, and lets the merchant use it.
func (w *town) takeCards() {
	w.t.Helper()
	content, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.cards = freeAddress(w.t)
	text := strings.Replace(string(content), "dataDir: data", "dataDir: data\ncardListener: {listen: '"+w.cards+"', "+w.certificate()+"}", 1)
	w.write(w.config, strings.Replace(text, "- id: main", "- id: main\n    rawCards: true\n    rawBankAccounts: true", 1))
}

// certificate makes one for the listener, and trusts it.
func (w *town) certificate() string {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		w.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		w.t.Fatal(err)
	}
	folder := w.t.TempDir()
	certFile, keyFile := filepath.Join(folder, "cards.crt"), filepath.Join(folder, "cards.key")
	w.write(certFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public})))
	w.write(keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	leaf, err := x509.ParseCertificate(public)
	if err != nil {
		w.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	w.trust = &tls.Config{RootCAs: roots}
	w.cardClient = &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: w.trust}}
	return "certFile: " + certFile + ", keyFile: " + keyFile
}

// rawCard is a card in the clear that PayTrace may be sent.
func (w *town) rawCard(label string) string {
	return fmt.Sprintf(`{"card":{"cardNumber":%q,"csc":%q,"expirationMonth":"12","expirationYear":"2031"}}`, w.cage.Visa(label), w.cage.CSC(label))
}

// key asks for a payment on the listener for cards.
func key(key, body string) call {
	c := paying(key, body)
	c.cards = true
	c.header["X-Request-Timeout-Ms"] = "1000"
	return c
}

// cardsAreKeyed are payments as they should be: approved, declined, held,
// repeated.
func (w *town) cardsAreKeyed() {
	w.t.Helper()
	for i := range keyed {
		name := fmt.Sprintf("keyed-%d", i)
		body := w.place(name, w.rawCard(fmt.Sprintf("%s, on good days, %d", toBeCharged, i)))
		switch i % 4 {
		case 1:
			body = strings.Replace(body, "19.99", "1.12", 1)
		case 2:
			body = strings.Replace(body, `"sale"`, `"authorize"`, 1)
		}
		w.must("a card in the clear", http.StatusCreated, key(name, body))
		if i%4 == 3 {
			w.must("its repetition", http.StatusCreated, key(name, body))
		}
	}
}

// cardsAreWrong sends what is no good card, no good request and no HTTP.
func (w *town) cardsAreWrong() {
	w.t.Helper()
	n := 0
	send := func(how string, change func(body string) string) {
		n++
		name := fmt.Sprintf("mistyped-%d", n)
		body := payment("sale", name, w.rawCard("mistyped, "+how))
		w.send(key(name, change(body)))
	}
	for range 4 {
		for from, to := range map[string]string{
			`"csc":"`: `"csc":"x`, `"expirationMonth":"12"`: `"expirationMonth":"13"`, `"expirationYear":"2031"`: `"expirationYear":"99999"`,
			`"cardNumber":"4`: `"cardNumber":"04`, `"cardNumber":`: `"number":`, `"cardNumber":"`: `"cardNumber":"  `, `"amount":"19.99"`: `"amount":"-1"`,
			`{"intent"`: `["intent"`, `"po"`: `"po":1,"po"`, `{"card":`: `{"card":{},"card":`, `"csc"`: `"csc":"1","csc"`,
		} {
			send(from+" is "+to, func(body string) string { return strings.Replace(body, from, to, 1) })
		}
		send("a torn body", func(body string) string { return body[:len(body)-3] })
		send("something behind", func(body string) string { return body + "x" })
		send("an order that is a card", func(body string) string {
			return strings.Replace(body, `"orderId":"`, `"orderId":"`+w.cage.Card("mistyped, an order")+" ", 1)
		})
		send("a name that is a card", func(body string) string {
			return strings.Replace(body, `"metadata":{"po"`, `"metadata":{"`+w.cage.Card("mistyped, a name")+`"`, 1)
		})
	}
	body := payment("sale", "elsewhere", w.rawCard("mistyped, on the ordinary listener"))
	w.pay("elsewhere", body)
	c := key("no-token", payment("sale", "no-token", w.rawCard("mistyped, without a token")))
	c.header["Authorization"] = ""
	w.send(c)
	c = key("another-path", payment("sale", "another-path", w.rawCard("mistyped, on another path")))
	c.path = vaultPath
	w.send(c)
}

// cardsAreShouted sends requests that end, or break off, before they are one.
func (w *town) cardsAreShouted() {
	w.t.Helper()
	head := "POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + w.token + "\r\nIdempotency-Key: shouted\r\nContent-Type: application/json\r\n"
	for how, form := range map[string]string{
		"broken off": head + "Content-Length: 9000\r\n\r\n%s", "in torn chunks": head + "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s0\r\n\r\n",
		"a chunk broken off": head + "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s", "a header that is none": head + "no\r\nContent-Length: %d\r\n\r\n%s",
		"no HTTP": "%s\r\n\r\n", "too short": head + "Content-Length: 200\r\n\r\n%s",
	} {
		for range 4 {
			body := payment("sale", "shouted", w.rawCard("unreadable, "+how))
			text := strings.Replace(form, "%s", body, 1)
			text = strings.Replace(strings.Replace(text, "%x", fmt.Sprintf("%x", len(body)), 1), "%d", fmt.Sprint(len(body)), 1)
			w.whisper(text)
		}
	}
}

// whisper is shout on the listener for cards.
func (w *town) whisper(text string) {
	connection, err := tls.Dial("tcp", w.cards, w.trust)
	if err != nil {
		w.t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(connection, text)
	_ = connection.CloseWrite()
	said, _ := io.ReadAll(connection)
	w.records.note(answered, string(said))
}

// cardsMeetBadDays let PayTrace fail and hang.
func (w *town) cardsMeetBadDays() {
	w.t.Helper()
	w.meetBadDays("sale", "card", w.chargedCard,
		`"delay","seconds":2`, `"reset_before"`, `"reset_after"`, `"late_action","seconds":1`, `"status","status":503`, `"status_after","status":502`,
		`"html","status":200`, `"denied"`, `"unauthorized"`, `"slow_bytes","seconds":0.01`, `"truncated_body"`,
		`"redirect","location":"http://127.0.0.1:1/elsewhere"`)
}

// chargedCard is a card that PayTrace may be sent.
func (w *town) chargedCard(when string) string { return w.rawCard(toBeCharged + when) }

// meetBadDays sends what is paid with while PayTrace has each of the faults, and
// then some on good days.
func (w *town) meetBadDays(operation, what string, pay func(when string) string, faults ...string) {
	w.t.Helper()
	for i, fault := range faults {
		w.misbehave(fmt.Sprintf(`{"operation":%q,"count":1,"kind":%s}`, operation, fault))
		name := fmt.Sprintf("bad-%s-%d", what, i)
		body := w.place(name, pay(", on bad days, "+fault))
		for range 2 {
			w.send(key(name, body))
		}
		w.misbehave()
		w.betweenBadDays(fmt.Sprintf("good-%s-%d", what, i), pay)
	}
}

func (w *town) betweenBadDays(name string, pay func(when string) string) {
	w.t.Helper()
	for i := range 2 {
		good := fmt.Sprintf("%s-%d", name, i)
		w.send(key(good, w.place(good, pay(", between bad days"))))
	}
}

// payTraceQuotes has PayTrace answer with what it was sent.
func (w *town) payTraceQuotes(path, what string, pay func(when string) string) {
	w.t.Helper()
	for i, e := range garbled {
		w.paytrace.instead(path, 1, func(answer http.ResponseWriter, r *http.Request) {
			sent, _ := io.ReadAll(r.Body)
			e.answer(strings.Map(printable, string(sent)))(answer, r)
		})
		name := fmt.Sprintf("echo-%s-%d", what, i)
		w.send(key(name, w.place(name, pay(", quoted in "+e.name))))
		w.paytrace.peace()
		w.betweenBadDays(fmt.Sprintf("after-%s-%d", what, i), pay)
	}
}

// printable keeps what may stand in a quotation.
func printable(r rune) rune {
	if r == '"' || r == '\\' || r < ' ' {
		return ' '
	}
	return r
}

// cardsAreKilled kills the gateway while PayTrace has cards from it.
func (w *town) cardsAreKilled() {
	w.t.Helper()
	w.misbehave(`{"operation":"sale","kind":"delay","seconds":1,"count":4}`)
	sales := w.paytrace.calls("/sale")
	var calls []call
	for i := range 4 {
		name := fmt.Sprintf("killed-%d", i)
		calls = append(calls, key(name, w.place(name, w.rawCard(toBeCharged+", killed"))))
	}
	w.killWhile(calls, func() bool { return w.paytrace.calls("/sale") >= sales+4 })
	w.misbehave()
	w.timePasses()
	w.start()
}
