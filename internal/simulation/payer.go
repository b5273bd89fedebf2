package simulation

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"time"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

// firstPayer is the number of the first one: nobody else's keys are theirs.
const firstPayer = 800

// payer is a shopper who pays by bank account: one whose number was encrypted in
// the browser, or one that is kept in the vault.
func (w *world) payer(number int, account string) *shopper {
	number += firstPayer
	s := &shopper{world: w, random: w.of("payer", number), number: number, intent: "sale"}
	s.amount = pick(s.random, amounts...)
	s.method = fmt.Sprintf(`{"bankAccount":{"encryptedAccountNumber":%q,"routingNumber":"325070760","accountType":%q,"holderType":%q,"holderName":"Ann Example"}}`,
		account, pick(s.random, "checking", "savings"), pick(s.random, "personal", "business"))
	if s.random.IntN(3) == 0 {
		s.method = fmt.Sprintf(`{"vault":{"customerId":%q,"paymentMethodId":%q}}`, customerID, accountMethod)
	}
	return s
}

// gatherPayers adds those who pay by bank account.
func (w *world) gatherPayers(c *crowd) error {
	account, err := w.payTrace.encrypted("90571348206")
	if err != nil {
		return err
	}
	if err := w.keepAccount(account); err != nil {
		return err
	}
	random := w.of("payers")
	for number := range 2 + random.IntN(4) {
		s := w.payer(number, account)
		c.all = append(c.all, s)
		arrives := between(random, 0, restless-30*time.Second)
		c.work.Go(func() {
			time.Sleep(arrives)
			s.count(PaysByAccount)
			s.paysByAccount()
		})
	}
	return nil
}

// paysByAccount is a payer's whole story.
func (s *shopper) paysByAccount() {
	stories := []func(){
		func() { s.buy() },
		s.submitsTwice, s.reusesKey,
		s.cancelsBefore, s.cancelsDuring, s.cancelsDuring, s.cancelsAfter,
		s.captures, s.captures, s.capturesTwice,
		s.voids, s.voids, s.voidsAndRefunds,
		s.refundsAtOnce, s.refundsAtOnce, s.refundsLater,
	}
	stories[s.random.IntN(len(stories))]()
}

// encrypted is what a page does in a shopper's browser with an account number.
func (p *payTrace) encrypted(account string) (string, error) {
	a := &answerInMemory{header: http.Header{}}
	request, err := http.NewRequest(http.MethodGet, "/encryption_key", http.NoBody)
	if err != nil {
		return "", err
	}
	p.sim.Control().ServeHTTP(a, request)
	block, _ := pem.Decode([]byte(a.body.String()))
	if block == nil {
		return "", fmt.Errorf("the encryption key is %q", a.body.String())
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return "", err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return "", fmt.Errorf("the encryption key is a %T", parsed)
	}
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, key, []byte(account))
	return base64.StdEncoding.EncodeToString(sealed), err
}

// keepAccount stores the customer's bank account at PayTrace, as the gateway did
// before the run.
func (w *world) keepAccount(account string) error {
	client, err := paytrace.New(paytrace.Config{
		BaseURL: payTraceURL, Username: payTraceUser, Password: simulator.DefaultPassword, IntegratorID: simulator.DefaultIntegratorID,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return w.payTrace.network.dial(ctx) },
		Now:  time.Now, Log: w.log,
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	w.work.Go(func() { client.Run(ctx) })
	save := gateway.SaveProfile{ProfileID: accountProfile, SendBefore: time.Now().Add(time.Minute), Method: gateway.PaymentMethod{
		EncryptedBankAccount: &gateway.EncryptedBankAccount{
			AccountNumber: account, RoutingNumber: "325070760", AccountType: gateway.Checking, HolderType: gateway.Personal, HolderName: "Ann Example",
		},
	}}
	sent := saving(gateway.VaultAdd, save)
	sent.At = time.Now()
	w.record.intent(history.Intent{At: sent.At, Kind: sent.Kind, Subject: sent.Subject, SendBefore: sent.SendBefore})
	ended := w.record.send(sent)
	r := client.CreateProfile(ctx, save)
	if ended(string(r.Outcome)); r.Outcome != gateway.Approved {
		return fmt.Errorf("the account is not kept: %s %s", r.Outcome, r.Detail)
	}
	return nil
}
