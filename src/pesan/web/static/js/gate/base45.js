// Base45 (RFC 9285), as `tickets/base45.py` has it. Exports `encode(bytes) -> text` and `decode(text) -> Uint8Array`,
// which throws RangeError for a text that no encoder makes.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const VALUES = new Map(Array.from(ALPHABET, (char, value) => [char, value]));

export function encode(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const isPair = at + 1 < bytes.length;
    let rest = isPair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    for (let left = isPair ? 3 : 2; left; left -= 1) {
      text += ALPHABET[rest % 45];
      rest = Math.floor(rest / 45);
    }
  }
  return text;
}

export function decode(text) {
  if (text.length % 3 === 1) throw new RangeError("not a length of Base45");
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const group = text.slice(at, at + 3);
    const number = valueOf(group);
    if (number >= 256 ** (group.length - 1)) throw new RangeError("a Base45 group is too large");
    if (group.length === 3) bytes.push(number >> 8);
    bytes.push(number & 255);
  }
  return Uint8Array.from(bytes);
}

function valueOf(group) {
  let number = 0;
  for (let at = group.length - 1; at >= 0; at -= 1) {
    const value = VALUES.get(group[at]);
    if (value === undefined) throw new RangeError("not a character of Base45");
    number = number * 45 + value;
  }
  return number;
}
