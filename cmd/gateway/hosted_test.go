package main

import (
	"math/rand/v2"
	"testing"

	"paytrace-gateway/internal/leakhunt"
)

// The whole way of a card: from the shopper's fingers to PayTrace, and past
// everybody else.
func TestACardTypedIntoTheHostedFieldsIsPaidAndIsNowhereInTheGateway(t *testing.T) {
	b := openBrowser(t)
	d := startDemo(t)
	cage := leakhunt.NewCage(rand.Uint64()) // no other test, and no page, has heard of its cards
	card := cage.Visa("the fields")
	cards := leakhunt.NewScanner(cage.Canaries())
	b.visit("http://" + d.front + "/")
	b.entersCard(card, "12/30", "123")
	if inputs := b.says("return [...document.querySelectorAll('input')].map(i => i.id).join()"); inputs != `"amount"` {
		t.Errorf("the shop's page has the inputs %s", inputs)
	}
	if inside := b.says("return document.getElementById('hpf_casper').contentDocument"); inside != "null" {
		t.Errorf("the shop's page sees into the frame: %s", inside)
	}
	b.click("#buy")
	b.reads("#said", "Payment approved")
	b.reads("#salesforce", "Completed", card[12:])

	// Gateway and shop are one process of the demo, the simulated PayTrace another.
	cage.Keep("the payment's id", d.page().Orders[0].Payment.PaymentID)
	ids := leakhunt.NewScanner(cage.Canaries(leakhunt.Secret))
	if held(t, ids, d.cmd.Process.Pid) == 0 {
		t.Error("not even the payment's id is in the memory of the gateway: this test sees nothing")
	}
	if n := held(t, cards, d.cmd.Process.Pid); n != 0 {
		t.Errorf("the card's digits stand %d times in the memory of the gateway and its shop", n)
	}
	if held(t, cards, childOf(t, d.cmd.Process.Pid)) == 0 {
		t.Error("the card's digits are not even in PayTrace's memory: this test sees nothing")
	}
	d.stop()
}

// refused has PayTrace refuse what its fields had found good.
const refused = `const process = PTPayment.process;
PTPayment.process = () => Promise.reject({ success: false, message: "x", reason: [{ responseCode: "35", description: "That is no card." }] });
return checkout.pay({}).catch(e => e.message).finally(() => { PTPayment.process = process; })`

const pressedTwice = `const details = { amount: "19.99", intent: "sale" };
return Promise.all([checkout.pay(details), checkout.pay(details)]).then(told => told.map(t => t.message).join())`

// cutOff has the shop's server not answer five times, and the page not wait.
const cutOff = `const { fetch, setTimeout } = window;
let left = 5;
window.fetch = (path, request) => path === "/buy" && left-- > 0 ? Promise.reject(new TypeError("cut off")) : fetch(path, request);
window.setTimeout = (then, wait) => setTimeout(then, wait === 2000 ? 1 : wait)`

// forged has the page claim that PayTrace has taken a card, while the fields are
// empty.
const forged = `const token = PTPayment.process();
window.postMessage({ eventName: "HostedPaymentCreated", data: { hpf_token: "forged", enc_key: "forged" } }, "*");
return token.then(r => r.message.hpf_token, why => why.reason.length ? "refused" : why.message)`

func TestWhatGoesWrongInTheHostedFieldsIsSaidAndCostsNothing(t *testing.T) {
	b := openBrowser(t)
	d := startDemo(t)
	b.visit("http://" + d.front + "/")
	b.present("#buy:enabled")
	if got := b.says(forged); got != `"refused"` {
		t.Errorf("the script takes a message that is not its frame's: %s", got)
	}

	b.entersCard("4012000098765438", "13/30", "9")
	b.click("#buy")
	b.reads("#said", "valid Credit Card Number", "valid Expiration Month", "valid CSC")
	b.entersCard("4012000098765439", "12/30", "999")
	if got := b.says(refused); got != `"That is no card."` {
		t.Errorf("a card that PayTrace refuses: %s", got)
	}
	d.processor().ask("POST", "/clock", `{"advanceSeconds":3600}`, nil)
	b.click("#buy")
	b.reads("#said", "The card form had expired")
	if n := d.processor().charged("sale"); n != 0 {
		t.Fatalf("%d sales before a card was taken", n)
	}

	b.entersCard("4012000098765439", "12/30", "999")
	b.types("#amount", "1.12")
	b.click("#buy")
	b.reads("#said", "did not approve")
	b.entersCard("4012000098765439", "12/30", "999")
	b.types("#amount", "19.99")
	if got := b.says(pressedTwice); got != `"Payment approved,Payment approved"` {
		t.Errorf("pressed twice: %s", got)
	}
	if n := d.processor().charged("sale"); n != 2 {
		t.Errorf("%d sales, want the declined one and one that was pressed for twice", n)
	}
	d.stop()
}

// Nobody knows whether the first request has come, so nothing of it may change.
func TestAPageThatGotNoAnswerSendsTheSameRequestAgain(t *testing.T) {
	b := openBrowser(t)
	d := startDemo(t)
	b.visit("http://" + d.front + "/")
	b.entersCard("4012000098765439", "12/30", "999")
	b.says(cutOff)
	b.click("#buy")
	b.reads("#said", "press the button again")
	b.types("#amount", "5.00")
	b.click("#buy")
	b.reads("#said", "Payment approved")
	b.reads("#orders", "19.99")
	if n := d.processor().charged("sale"); n != 1 {
		t.Errorf("%d sales, want 1", n)
	}
	d.stop()
}
