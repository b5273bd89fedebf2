// The simulator's play of PayTrace's Protect.js: the same calls, the same answers.
// The card is typed into a frame of this script's own origin, which neither this
// script nor the page around it can read.
"use strict";
(() => {
  const fields = new URL("/hpf/all", document.currentScript.src);
  const patience = 10000;
  const themes = { "above the line": "label-top", "horizontal": "label-inline", "below the line": "label-bottom" };
  let frame, styles, authorization, opened, tokenizing, validating;

  const tell = (command, payload = null) => frame.contentWindow.postMessage({ command, payload }, fields.origin);

  // waits is a promise that the frame's answer settles, or the end of our patience.
  function waits(late) {
    const waiting = {};
    waiting.answer = new Promise((done, failed) => {
      const timer = setTimeout(() => failed(late), patience);
      waiting.done = value => { clearTimeout(timer); done(value); };
      waiting.failed = reason => { clearTimeout(timer); failed(reason); };
    });
    return waiting;
  }

  const answers = {
    HostedPaymentFormLoadingComplete() {
      tell("hpfLoadInfo", authorization);
      tell("styleHPF", styles);
      opened(form);
    },
    HostedPaymentCreated(token) {
      tokenizing?.done({ success: true, message: token });
      tokenizing = null;
    },
    HostedPaymentCreationFailed(why) {
      tokenizing?.failed({ success: false, message: why.message, reason: why.errors });
      tokenizing = null;
    },
    HostedPaymentFieldsValid: judged,
    HostedPaymentFieldsInvalid: judged,
  };

  function judged(errors) {
    validating?.done(errors);
    validating = null;
  }

  window.addEventListener("message", event => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== fields.origin) return;
    const { eventName, data } = event.data || {};
    if (Object.hasOwn(answers, eventName)) answers[eventName](data);
  });

  // mount puts the frame into the page. Without a place for it the promise of
  // setup stays open, as PayTrace's does.
  function mount() {
    const place = document.getElementById("pt_hpf_form");
    if (!place) {
      console.error("There is no element with the id pt_hpf_form.");
      return;
    }
    frame = document.createElement("iframe");
    frame.id = "hpf_casper";
    frame.title = "Card";
    Object.assign(frame.style, { border: "0", width: "100%", height: "100%" });
    frame.src = fields.href;
    const around = document.createElement("div");
    around.append(frame);
    place.replaceChildren(around);
  }

  const form = {
    process() {
      tokenizing?.failed("Tokenization Process Reinitiated. Cancelling Existing Response.");
      tokenizing = waits("[HPF KIBOSH CLIENT] Timed out 10000ms. ");
      tell("tokenizeHPF", authorization);
      return tokenizing.answer;
    },
    validate(callback) {
      // PayTrace's script fails here as well, with words of its own.
      if (validating) throw new TypeError("A validation is not finished yet.");
      validating = waits("Validation Call Timed out 10000ms.");
      tell("validateHPF");
      return validating.answer.then(callback, late => { validating = null; callback(late); });
    },
    reset: () => tell("resetHPF"),
    style: wanted => tell("styleHPF", wanted || styles),
    theme: name => tell("setTheme", themes[name] || name),
    listAvailableThemes: () => Object.keys(themes),
    getControl(name) {
      const id = { creditCard: "CC", expiration: "EXP", securityCode: "SECCODE" }[name];
      return id && { label: { text: words => { tell(id + "LabelTextChange", words); return words; } } };
    },
  };

  window.PTPayment = {
    ...form,
    setup(options, callback) {
      const ready = new Promise((done, failed) => {
        if (!options || !Object.hasOwn(options, "authorization")) return failed("Invalid Options");
        ({ authorization, styles = {} } = options);
        opened = done;
        tokenizing = validating = null;
        mount();
      });
      return callback ? void ready.then(callback) : ready;
    },
  };
})();
