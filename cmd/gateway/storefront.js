"use strict";
const say = text => document.getElementById("said").textContent = text;
const element = (tag, text, kind) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (kind) e.className = kind; return e; };
const post = (path, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

const button = document.getElementById("buy");

// open shows an empty card form; without one nothing can be bought.
async function open() {
  button.disabled = true;
  await checkout.open();
  button.disabled = false;
}

async function buy() {
  button.disabled = true;
  say("…");
  try {
    const { paid, undecided, message } = await checkout.pay({ amount: document.getElementById("amount").value, intent: document.getElementById("intent").value });
    say(message);
    if (paid || undecided) await open(); // For the next order.
  } catch (failure) {
    say(failure.message);
  }
  button.disabled = false;
  show();
}

async function operate(order, verb) {
  const answer = await post("/orders/" + order + "/" + verb, {});
  const told = await answer.json().catch(() => ({}));
  say(told.status ? verb + ": " + (told.operation ? told.operation.operationStatus : told.status) : (told.detail || "HTTP " + answer.status));
  show();
}

function table(heads, rows) {
  if (!rows.length) return element("p", "nothing yet", "empty");
  const t = element("table"), head = element("tr");
  heads.forEach(h => head.append(element("th", h)));
  t.append(head);
  rows.forEach(cells => { const row = element("tr"); cells.forEach(c => row.append(c)); t.append(row); });
  return t;
}

function orderRow(o) {
  const p = o.payment || {}, actions = element("td");
  const verbs = { authorized: ["capture", "void"], approved: ["void", "refund"], settled: ["refund"], partially_refunded: ["refund"] }[p.status] || [];
  verbs.forEach(v => { const b = element("button", v); b.onclick = () => operate(o.orderId, v); actions.append(b, " "); });
  return [element("td", o.orderId), element("td", p.amount || ""), element("td", p.status || "no answer", p.status),
    element("td", p.last4Digits ? p.cardType + " " + p.last4Digits : ""), element("td", p.transactionId || "", "mono"), actions];
}

function hookRow(h) {
  return [element("td", h.receivedAt.slice(11, 19)), element("td", h.type), element("td", h.data.orderId || ""),
    element("td", h.data.version === undefined ? "" : "version " + h.data.version), element("td", h.eventId, "mono")];
}

function recordRow(r) {
  return [element("td", r.GatewayPaymentID__c, "mono"), element("td", String(r.Amount__c)), element("td", r.Status__c, r.Status__c),
    element("td", [r.PaymentMethodType__c, r.Last4Digits__c].filter(Boolean).join(" ")), element("td", r.PaymentID__c || "", "mono"),
    element("td", r.writes + (r.writes === 1 ? " write" : " writes"))];
}

function savedRow(o) {
  const money = cents => (cents / 100).toFixed(2), comments = o.Comments || [];
  return [element("td", o.IncrementID), element("td", o.State + (o.Status === o.State ? "" : " / " + o.Status), o.State),
    element("td", money(o.Paid) + " of " + money(o.GrandTotal)), element("td", o.Refunded ? money(o.Refunded) : ""),
    element("td", (o.Transactions || []).map(t => t.Type + " " + t.TxnID).join(", "), "mono"),
    element("td", comments.length ? comments[comments.length - 1].Text : "", "empty")];
}

async function show() {
  const state = await (await fetch("/state")).json();
  document.getElementById("orders").replaceChildren(table(["order", "amount", "payment", "card", "transaction", ""], state.orders.map(orderRow)));
  document.getElementById("magento").replaceChildren(table(["order", "state", "paid", "refunded", "transactions", "last comment"], state.magento.slice(0, 10).map(savedRow)));
  document.getElementById("salesforce").replaceChildren(table(["payment", "amount", "status", "paid by", "transaction", ""], state.salesforce.slice(0, 10).map(recordRow)));
  document.getElementById("webhooks").replaceChildren(table(["at", "event", "order", "", "id"], state.webhooks.slice(0, 25).map(hookRow)));
}

button.onclick = buy;
open().catch(failure => say(failure.message));
show();
setInterval(show, 1000);
