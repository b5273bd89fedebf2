// A caller whose tokens are made and read by jose, which shares no code with the
// gateway. It prints what the gateway answered to each token, and what jose says
// of the gateway's.
import { readFileSync } from "node:fs";
import { CompactSign, EncryptJWT, SignJWT, UnsecuredJWT, createRemoteJWKSet, generateKeyPair, importPKCS8, importX509, jwtVerify } from "jose";

const { base, issuer, org, key, rivalKey, strangeKey, certificate, lateClient } = JSON.parse(readFileSync(0, "utf8"));
const mine = await importPKCS8(key, "RS256");
const mine512 = await importPKCS8(key, "RS512");
const rivals = await importPKCS8(rivalKey, "RS256");
const nobodys = await importPKCS8(strangeKey, "RS256");
const now = Math.floor(Date.now() / 1000);
const text = new TextEncoder();

// Salesforce's defaults: RS256, two minutes, iat, nbf, aud, sub, and a kid of its own.
const claims = (more = {}) => ({ iss: org, sub: "integration@example.com", aud: issuer, iat: now, nbf: now, exp: now + 120, ...more });
const sign = (payload, header = {}, by = mine) =>
  new SignJWT(payload).setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "PayTrace_Gateway", ...header }).sign(by);
const forToken = (more = {}, header, by) => sign(claims({ aud: `${issuer}/oauth/token`, sub: org, ...more }), header, by);

const elliptic = (await generateKeyPair("ES256")).privateKey;
const pss = await importPKCS8(key, "PS256");
const bearers = {
  "as Salesforce sends it": await sign(claims()),
  "RS512": await sign(claims(), { alg: "RS512" }, mine512),
  "without typ and kid": await sign(claims(), { typ: undefined, kid: undefined }),
  "aud among others": await sign(claims({ aud: ["https://elsewhere.example", issuer] })),
  "clock 20 s ahead": await sign(claims({ iat: now + 20, nbf: now + 20 })),
  "PS256": await sign(claims(), { alg: "PS256" }, pss),
  "ES256": await sign(claims(), { alg: "ES256" }, elliptic),
  "HS256 with the certificate": await sign(claims(), { alg: "HS256" }, text.encode(certificate)),
  "unsecured": new UnsecuredJWT(claims()).encode(),
  "encrypted": await new EncryptJWT(claims()).setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM" })
    .encrypt(await importX509(certificate, "RSA-OAEP-256")),
  "another org's key": await sign(claims(), {}, rivals),
  "nobody's key": await sign(claims(), {}, nobodys),
  "nested": await new CompactSign(text.encode(await sign(claims()))).setProtectedHeader({ alg: "RS256", cty: "JWT" }).sign(mine),
  "expired": await sign(claims({ iat: now - 300, nbf: now - 300, exp: now - 1 })),
  "no exp": await sign(claims({ exp: undefined })),
  "exp in an hour": await sign(claims({ exp: now + 3600 })),
  "clock a minute ahead": await sign(claims({ iat: now + 60, nbf: now + 60 })),
  "another aud": await sign(claims({ aud: "https://login.salesforce.com" })),
  "certificate ended": await sign(claims({ iss: lateClient })),
};

const words = (form) => ({ method: "POST", body: new URLSearchParams(form) });
const ask = async (form) => {
  const answer = await fetch(`${base}/oauth/token`, words(form));
  return { status: answer.status, body: await answer.json() };
};
const grant = (assertion) => ask({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion });
const prove = (assertion) =>
  ask({ grant_type: "client_credentials", client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_assertion: assertion });

const statuses = {};
for (const [name, token] of Object.entries(bearers)) {
  const answer = await fetch(`${base}/api/v1/payments`, { headers: { Authorization: `Bearer ${token}` } });
  await answer.text();
  statuses[`bearer: ${name}`] = answer.status;
}
const once = await forToken({ jti: "once" });
const proof = await forToken({ jti: "proof" });
for (const [name, asked] of [
  ["grant", () => grant(once)],
  ["grant, again", () => grant(once)],
  ["grant without jti", async () => grant(await forToken())],
  ["grant, expired", async () => grant(await forToken({ exp: now - 1 }))],
  ["grant, for elsewhere", async () => grant(await forToken({ aud: "https://elsewhere.example" }))],
  ["grant, another org's key", async () => grant(await forToken({}, {}, rivals))],
  ["proof", () => prove(proof)],
  ["proof, again", () => prove(proof)],
  ["proof for a user", async () => prove(await forToken({ sub: "integration@example.com" }))],
]) {
  statuses[name] = (await asked()).status;
}

// What jose says of our tokens, with our published keys alone.
const published = createRemoteJWKSet(new URL(`${base}/.well-known/jwks.json`));
const ours = (await grant(await forToken())).body.access_token;
const verify = async (token, options = {}) => {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, published, { issuer, audience: issuer, typ: "at+jwt", algorithms: ["RS256"], ...options });
    return `good for ${payload.client_id} to ${payload.scope}, ${protectedHeader.typ}`;
  } catch (e) {
    return e.code;
  }
};
const [header, , signature] = ours.split(".");
const forged = [header, Buffer.from(JSON.stringify(claims({ scope: "admin" }))).toString("base64url"), signature].join(".");
const said = {
  "ours": await verify(ours),
  "ours, an hour later": await verify(ours, { currentDate: new Date((now + 3600) * 1000) }),
  "ours, for elsewhere": await verify(ours, { audience: "https://elsewhere.example" }),
  "ours, tampered": await verify(forged),
  "an org's": await verify(await sign(claims(), { typ: "at+jwt" })),
};
console.log(JSON.stringify({ statuses, said }));
