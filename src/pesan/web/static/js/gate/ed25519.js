// Checks Ed25519 signatures: by WebCrypto, and where that does not know the curve by the vendored noble. Exports
// `importKey(x) -> Promise<key>`, where `x` is the public key in Base64 for URLs, and
// `verify(key, signature, message) -> Promise<boolean>`, which throws `CannotCheck` where there is nothing to check with:
// a signature that nobody looked at is not a forged one.
import { fromBase64 } from "./bytes.js";

let loading = null;
let failures = 0;

export class CannotCheck extends Error {}

export async function importKey(x) {
  const raw = fromBase64(x);
  try {
    return { native: await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]) };
  } catch {
    loadNoble().catch(console.error); // with the bundle, while there is a network
    return { raw };
  }
}

export async function verify(key, signature, message) {
  const check = key.native ? checkNatively : checkBy(await loadNoble());
  try {
    return await check(key, signature, message);
  } catch {
    return false; // a key or signature of a wrong shape
  }
}

function checkNatively({ native }, signature, message) {
  return crypto.subtle.verify({ name: "Ed25519" }, native, signature, message);
}

// As strict as RFC 8032 and the server; what noble allows else is for the consensus of chains.
function checkBy({ verifyAsync }) {
  return ({ raw }, signature, message) => verifyAsync(signature, message, raw, { zip215: false });
}

function loadNoble() {
  // Where it is needed at all, browsers keep a failure for the address; by another one the next ticket does try again.
  loading ??= import(`../../vendor/ed25519/index.js${failures ? `?${failures}` : ""}`).catch((error) => {
    loading = null;
    failures += 1;
    throw new CannotCheck("there is nothing to check signatures with", { cause: error });
  });
  return loading;
}
