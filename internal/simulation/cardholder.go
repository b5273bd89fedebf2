package simulation

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"paytrace-gateway/internal/simulation/history"
)

// cardholder is a shopper with an account in the shop, whose cards are kept.
type cardholder struct {
	*shopper
	customer string
	// methods are those that the shop believes to be stored.
	methods []string
	// keyed are the requests that brought a card, to be repeated later.
	keyed []ask
	made  int
}

// firstHolder is the number of the first one: nobody else's keys are theirs.
const firstHolder = 500

func (w *world) cardholder(number int) *cardholder {
	number += firstHolder
	s := &shopper{world: w, random: w.of("cardholder", number), number: number, intent: "sale"}
	s.amount = pick(s.random, amounts...)
	return &cardholder{shopper: s, customer: fmt.Sprintf("c%d", number)}
}

// The cards that shoppers enter.
const visaCard = `{"cardNumber":"4012000098765439","csc":"999","expirationMonth":"12","expirationYear":"2030"}`

var cards = []string{
	visaCard,
	`{"cardNumber":"4012000098765439","csc":"999","expirationMonth":"01","expirationYear":"2032"}`,
	`{"cardNumber":"5499740000000057","csc":"998","expirationMonth":"07","expirationYear":"2031"}`,
	`{"cardNumber":"6011000993026909","csc":"996","expirationMonth":"03","expirationYear":"2029"}`,
}

// entered is a card as the shopper has just typed it in: good once.
func (h *cardholder) entered() string {
	token, key, err := h.world.payTrace.hostedFields(pick(h.random, cards...))
	if err != nil {
		panic(err) // the cards are the sandbox's
	}
	return fmt.Sprintf(`{"hostedFields":{"hpfToken":%q,"encKey":%q}}`, token, key)
}

// next is a request under a key of its own.
func (h *cardholder) next(a ask) ask {
	h.made++
	a.key, a.customer = h.key(fmt.Sprintf("-%d", h.made)), h.customer
	a = h.ask(a)
	if a.verb != history.Pay {
		h.keyed = append(h.keyed, a)
	}
	return a
}

// plain is a request that needs no key.
func (h *cardholder) plain(verb, method string) ask {
	return h.ask(ask{verb: verb, customer: h.customer, method: method})
}

// encrypted is a card as a page encrypts it in the shopper's browser.
func (h *cardholder) encrypted() string {
	number, err := h.world.payTrace.encrypted(pick(h.random, "4012000098765439", "5499740000000057", "6011000993026909"))
	if err != nil {
		panic(err) // the key is the simulator's
	}
	return fmt.Sprintf(`{"encryptedCard":{"cardNumber":%q,"expirationMonth":"09","expirationYear":"2033"}}`, number)
}

func (h *cardholder) store() ask {
	return h.next(ask{verb: history.Store, enters: true, body: fmt.Sprintf(`{"customerId":%q,"paymentMethod":%s}`, h.customer, h.entered())})
}

func (h *cardholder) add(card string) ask {
	return h.next(ask{verb: history.Add, enters: strings.Contains(card, "hostedFields"), body: fmt.Sprintf(`{"paymentMethod":%s,"makeDefault":%t}`, card, h.random.IntN(2) == 0)})
}

// replace enters the other card as it has to be where cards are verified, which uses
// up what comes by hosted fields.
func (h *cardholder) replace(method string) ask {
	card := h.entered()
	if h.world.merchant.VerifyCards && h.random.IntN(4) > 0 {
		card = h.encrypted()
	}
	return h.next(ask{verb: history.Replace, method: method, enters: true, body: fmt.Sprintf(`{"paymentMethod":%s}`, card)})
}

// buyWith pays with a stored card, with the default one when none is named.
func (h *cardholder) buyWith(method string) ask {
	card := fmt.Sprintf(`"customerId":%q`, h.customer)
	if method != "" {
		card += fmt.Sprintf(`,"paymentMethodId":%q`, method)
	}
	order := fmt.Sprintf("o%d-%d", h.number, h.made+1)
	return h.next(ask{verb: history.Pay, order: order, body: fmt.Sprintf(
		`{"intent":"sale","amount":%q,"orderId":%q,"paymentMethod":{"vault":{%s}}}`, decimal(h.amount), order, card)})
}

// vaultPath is where a request about the vault goes.
func (a ask) vaultPath() (method, path string) {
	customers := "/api/v1/customer_vault"
	customer := customers + "/" + a.customer
	switch a.verb {
	case history.Store:
		return http.MethodPost, customers
	case history.Add:
		return http.MethodPost, customer + "/payments"
	case history.Replace:
		return http.MethodPatch, customer + "/payments/" + a.method
	case history.Prefer:
		return http.MethodPatch, customer
	case history.Remove:
		return http.MethodDelete, customer + "/payments/" + a.method
	}
	return http.MethodDelete, customer
}

// keeps remembers the method of a request that was answered as done.
func (h *cardholder) keeps(c history.Call) {
	if (c.Status == http.StatusOK || c.Status == http.StatusCreated) && c.Method != "" {
		h.methods = append(h.methods, c.Method)
	}
}

// any is one of the methods, also of those that are gone.
func (h *cardholder) any() string { return pick(h.random, h.methods...) }

// live is the whole story: a customer is made, and then whatever shoppers do.
func (h *cardholder) live() {
	first := h.store()
	if h.random.IntN(3) == 0 {
		h.count(StoresTwice)
		h.atOnce(first, elsewhere(first))
	}
	h.keeps(h.insist(first))
	deeds := []func(){
		h.adds, h.adds, h.addsTwice, h.keepsPaid, h.adopts,
		h.replaces, h.replaces, h.replacesAndRemoves, h.prefers, h.prefersAndRemoves,
		h.removes, h.removes, h.removesAndPays, h.pays, h.pays,
	}
	for range 2 + h.random.IntN(4) {
		h.takesItsTime()
		if len(h.methods) == 0 { // who is told that nothing is stored enters a card anew
			h.keeps(h.insist(h.store()))
			continue
		}
		deeds[h.random.IntN(len(deeds))]()
	}
	if h.random.IntN(5) == 0 {
		h.count(ForgetsCustomer)
		h.insist(h.plain(history.Forget, ""))
	}
}

// comesBack is what the shop does a day later: it repeats what it has asked.
func (h *cardholder) comesBack() {
	for _, a := range h.keyed {
		if h.world.record.isLeft(a.key) {
			continue
		}
		h.count(RepeatsAfterDays)
		h.again(a)
	}
}

func (h *cardholder) adds() { h.keeps(h.insist(h.add(h.entered()))) }

// addsTwice stores two cards of one customer at once, one of them twice.
func (h *cardholder) addsTwice() {
	h.count(StoresTwice)
	one, other := h.add(h.entered()), h.add(h.entered())
	h.atOnce(one, elsewhere(other), elsewhere(one))
	h.keeps(h.insist(one))
	h.keeps(h.insist(other))
}

// keepsPaid keeps the card of an earlier payment.
func (h *cardholder) keepsPaid() {
	paid := h.insist(h.buyWith(h.any()))
	if paid.Payment.TransactionID != "" {
		h.keeps(h.insist(h.add(fmt.Sprintf(`{"earlierPayment":{"transactionId":%q}}`, paid.Payment.TransactionID))))
	}
}

// adopts takes a profile over that a clerk has made, under two keys at once.
func (h *cardholder) adopts() {
	profile, ok := h.world.desk(fmt.Sprintf("desk-%d-%d", h.number, h.made))
	if !ok {
		return
	}
	h.count(ClerkKeepsCard)
	one := h.add(fmt.Sprintf(`{"processorProfile":{"profileId":%q}}`, profile))
	other := h.add(fmt.Sprintf(`{"processorProfile":{"profileId":%q}}`, profile))
	h.atOnce(one, elsewhere(other))
	h.keeps(h.insist(one))
	h.keeps(h.insist(other))
}

func (h *cardholder) replaces() { h.insist(h.replace(h.any())) }

func (h *cardholder) replacesAndRemoves() {
	h.count(ReplacesAndRemoves)
	method := h.any()
	replace, remove := h.replace(method), h.plain(history.Remove, method)
	h.atOnce(replace, elsewhere(remove))
	h.insist(replace)
	h.insist(remove)
}

func (h *cardholder) prefer(method string) ask {
	a := h.plain(history.Prefer, "")
	a.body = fmt.Sprintf(`{"defaultPaymentMethodId":%q}`, method)
	return a
}

func (h *cardholder) prefers() { h.insist(h.prefer(h.any())) }

func (h *cardholder) prefersAndRemoves() {
	h.count(PrefersAndRemoves)
	prefer, remove := h.prefer(h.any()), h.plain(history.Remove, h.any())
	h.atOnce(prefer, elsewhere(remove))
	h.insist(prefer)
	h.insist(remove)
}

// removes takes a card away, and tries to pay with it then.
func (h *cardholder) removes() {
	h.count(PaysWithRemoved)
	method := h.any()
	h.insist(h.plain(history.Remove, method))
	h.rest(0, 3*time.Second)
	h.insist(h.buyWith(method))
}

func (h *cardholder) removesAndPays() {
	h.count(RemovesAndPays)
	method := h.any()
	pay, remove := h.buyWith(method), h.plain(history.Remove, method)
	h.atOnce(pay, elsewhere(remove))
	h.insist(remove)
	h.insist(pay)
}

func (h *cardholder) pays() { h.insist(h.buyWith(pick(h.random, "", h.any()))) }
