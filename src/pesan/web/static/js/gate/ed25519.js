// Checks Ed25519 signatures: by WebCrypto, and where that does not know the curve by the vendored noble. Exports
// `importKey(x) -> Promise<key>`, where `x` is the public key in Base64 for URLs, and
// `verify(key, signature, message) -> Promise<boolean>`.
import { fromBase64 } from "./bytes.js";

export async function importKey(x) {
  const raw = fromBase64(x);
  try {
    return { native: await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]) };
  } catch {
    return { raw };
  }
}

export async function verify(key, signature, message) {
  try {
    if (key.native) return await crypto.subtle.verify({ name: "Ed25519" }, key.native, signature, message);
    const { verifyAsync } = await import("../../vendor/ed25519/index.js");
    // As strict as RFC 8032 and the server; what noble allows else is for the consensus of chains.
    return await verifyAsync(signature, message, key.raw, { zip215: false });
  } catch {
    return false; // a key or signature of a wrong shape
  }
}
