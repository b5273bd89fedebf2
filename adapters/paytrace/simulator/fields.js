// The frame that a card is typed into. It answers the page that has opened it,
// and no other, and never says what was typed.
"use strict";
const inputs = { cc: "CC", exp: "EXP", code: "SECCODE" };
const element = id => document.getElementById(id);

// The part of PayTrace's styles that the simulator shows.
const styled = {
  font_color: ["input", "color"], font_size: ["input", "fontSize"], height: ["input", "height"], width: ["input", "width"],
  background_color: ["input", "backgroundColor"], border_color: ["input", "borderColor"], border_style: ["input", "borderStyle"],
  label_color: ["label", "color"], label_size: ["label", "fontSize"],
};

function style(wanted) {
  for (const [field, id] of Object.entries(inputs)) {
    for (const [name, value] of Object.entries(wanted?.[field] || {})) {
      if (!Object.hasOwn(styled, name)) continue;
      const [what, property] = styled[name];
      const target = what === "input" ? element(id) : document.querySelector(`label[for=${id}]`);
      target.style[property] = value;
    }
  }
}

const typed = () => ({ number: element("CC").value, expiration: element("EXP").value, securityCode: element("SECCODE").value });

async function ask(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error("HTTP " + answer.status);
  return answer.json();
}

async function validate() {
  const { errors } = await ask("/hpf/validate", { card: typed() });
  say(errors.length ? "HostedPaymentFieldsInvalid" : "HostedPaymentFieldsValid", errors);
}

async function tokenize(authorization) {
  const told = await ask("/hpf/tokenize", { clientKey: String(authorization?.clientKey ?? ""), card: typed() });
  say(told.hpf_token ? "HostedPaymentCreated" : "HostedPaymentCreationFailed", told);
}

const orders = {
  hpfLoadInfo() {},
  styleHPF: style,
  setTheme: name => { document.body.className = String(name); },
  validateHPF: validate,
  tokenizeHPF: tokenize,
  resetHPF: () => element("card").reset(),
};
for (const id of Object.values(inputs)) {
  orders[id + "LabelTextChange"] = words => { document.querySelector(`label[for=${id}]`).textContent = String(words); };
}

let shop; // the origin of the page that has opened the form
const say = (eventName, data) => window.parent.postMessage({ eventName, data }, shop);

window.addEventListener("message", event => {
  if (event.source !== window.parent || (shop && event.origin !== shop)) return;
  const { command, payload } = event.data || {};
  shop ||= command === "hpfLoadInfo" && event.origin;
  // What fails here is not told, and the page's own patience ends it.
  if (shop && Object.hasOwn(orders, command)) Promise.resolve(orders[command](payload)).catch(console.error);
});
element("card").addEventListener("submit", event => event.preventDefault());
window.parent.postMessage({ eventName: "HostedPaymentFormLoadingComplete" }, "*"); // Holds nothing that anybody may not know.
