// Keys that no script can read, and what they seal. Exports `makeKeys() -> Promise<{ cipher, mac }>`,
// `seal(keys, value)` and `unseal(keys, sealed)` for anything that JSON can say, `sealText` and `unsealText` for a text as
// it is, and `pseudonym(keys, text)`, a name for `text` that says nothing to whoever lacks the key.
import { fromText, toBase64 } from "./bytes.js";

const CIPHER = { name: "AES-GCM", length: 256 };
const MAC = { name: "HMAC", hash: "SHA-256" };

export async function makeKeys() {
  const [cipher, mac] = await Promise.all([
    crypto.subtle.generateKey(CIPHER, false, ["encrypt", "decrypt"]),
    crypto.subtle.generateKey(MAC, false, ["sign"]),
  ]);
  return { cipher, mac };
}

export function seal(keys, value) {
  return sealText(keys, JSON.stringify(value));
}

export async function unseal(keys, sealed) {
  return JSON.parse(await unsealText(keys, sealed));
}

export async function sealText(keys, text) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: CIPHER.name, iv }, keys.cipher, fromText(text)) };
}

export async function unsealText(keys, { iv, data }) {
  return new TextDecoder().decode(await crypto.subtle.decrypt({ name: CIPHER.name, iv }, keys.cipher, data));
}

export async function pseudonym(keys, text) {
  return toBase64(new Uint8Array(await crypto.subtle.sign(MAC.name, keys.mac, fromText(text))));
}
