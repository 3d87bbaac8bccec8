// Bytes as the texts that travel. Exports `fromBase64`, `toBase64` (both the URL-safe kind without padding), `fromHex`,
// `toHex`, `fromText`, `toUuid`, `fromUuid`, `shortId`, `longId`: a ticket's id as a UUID, and as the 22 characters
// that the bundle writes.

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function fromBase64(text) {
  if (!/^[\w-]*$/.test(text)) throw new RangeError("not Base64 for URLs");
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
}

export function toBase64(bytes) {
  const plain = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function toHex(bytes) {
  return Array.from(bytes, (byte) => HEX[byte]).join("");
}

export function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function fromText(text) {
  return new TextEncoder().encode(text);
}

export function toUuid(bytes) {
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export function fromUuid(text) {
  return fromHex(text.replaceAll("-", ""));
}

export function shortId(uuid) {
  return toBase64(fromUuid(uuid));
}

export function longId(short) {
  return toUuid(fromBase64(short));
}
