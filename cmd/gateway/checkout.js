// A shop's card form. The card is typed into PayTrace's hosted fields; this page
// gets a token for it, and posts the token alone to the shop's own server.
//
// One showing of the form is one attempt to pay: one client key, one token, one
// Idempotency-Key. However often it is sent, it charges at most once.
"use strict";
const checkout = (() => {
  let attempt, paying;

  async function post(path, body) {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const told = await answer.json().catch(() => null); // a proxy's page, or an answer that broke off
    return told ? { status: answer.status, told } : { status: 0, told: {} };
  }

  function load(url) {
    if (window.PTPayment) return Promise.resolve();
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = url;
      script.onload = done;
      script.onerror = () => failed(new Error("The card form cannot be loaded. Please try again later."));
      document.head.append(script);
    });
  }

  // open shows an empty form, for a new attempt.
  async function open() {
    const { status, told } = await post("/client-key", {});
    if (status !== 201) throw new Error(told.message || "Cards cannot be taken at the moment. Please try again later.");
    await load(told.scriptUrl);
    await PTPayment.setup({ styles: {}, authorization: { clientKey: told.clientKey } });
    attempt = { name: told.attempt };
  }

  // tokenize asks the hosted fields for the token. It works once.
  async function tokenize() {
    const wrong = await new Promise(answer => PTPayment.validate(answer));
    if (typeof wrong === "string") throw new Error("The card form does not answer. Please try again.");
    if (wrong.length) throw new Error(wrong.map(field => field.description).join(" "));
    try {
      const { message } = await PTPayment.process();
      return { hpfToken: message.hpf_token, encKey: message.enc_key };
    } catch (why) {
      if (typeof why === "string") throw new Error("The card form does not answer. Please try again.");
      if (why.reason?.length) throw new Error(why.reason.map(field => field.description).join(" "));
      await open(); // The client key has expired, as far as anybody can tell.
      throw new Error("The card form had expired. Please enter the card again.");
    }
  }

  // send repeats the very same request for as long as nobody knows, or nothing was
  // done: the same details, the same token and, on the server, the same key.
  async function send(request) {
    for (let tries = 1; ; tries++) {
      const { status, told } = await post("/buy", request).catch(() => ({ status: 0, told: {} }));
      if ([201, 202, 400, 422].includes(status) || tries === 5) return { status, told };
      await new Promise(done => setTimeout(done, 1000 * (told.retryAfterSeconds || 2)));
    }
  }

  async function once(details) {
    attempt.request ||= { ...details, ...await tokenize(), attempt: attempt.name };
    const { status, told } = await send(attempt.request);
    switch (status) {
      case 202:
        return { undecided: true, message: "We do not know yet whether the payment went through. Please do not pay again; we will tell you." };
      case 201:
        if (!told.decline) return { paid: true, message: "Payment " + told.status };
        break;
      case 400:
      case 422:
        break;
      default:
        return { message: "The shop does not answer. Please press the button again; you will not be charged twice." };
    }
    await open(); // This attempt is over, and its token used up. The next one has its own.
    return { message: told.decline ? told.decline.message : "The card was not taken, and nothing was charged. Please enter it again." };
  }

  // pay says what became of the attempt. Pressed twice, it is asked once.
  function pay(details = {}) {
    paying ||= once(details).finally(() => { paying = null; });
    return paying;
  }

  return { open, pay };
})();
