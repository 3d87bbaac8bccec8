// Whether a code in front of the camera is new. A phone that is held in view is one showing, however often it is read
// and however its code rotates, until the ticket was out of view for a while. Exports `watch(gapMs, now)`, which gives
// `{ isNew(text, isFree), forget() }`, and `nameOf(text)`.
import { decode } from "./base45.js";
import { fromBase64, toHex } from "./bytes.js";

const GAP_MS = 3000;
const [TID, TID_END] = [5, 21];

export function watch(gapMs = GAP_MS, now = () => performance.now()) {
  const seen = new Map();
  return {
    // While nothing new can be taken, one that is known stays known, and one that is not will be seen again.
    isNew(text, isFree = true) {
      const [name, at] = [nameOf(text), now()];
      for (const [other, time] of seen) if (at - time >= gapMs) seen.delete(other);
      const isKnown = seen.has(name);
      if (isKnown || isFree) seen.set(name, at);
      return isFree && !isKnown;
    },
    forget: () => seen.clear(),
  };
}

// The ticket's id where the text has one, because a rotating code is another text every half minute.
export function nameOf(text) {
  try {
    if (text.startsWith("eyJ")) return JSON.parse(new TextDecoder().decode(fromBase64(text.split(".")[1]))).tid;
    const data = decode(text);
    return data.length > TID_END ? toHex(data.subarray(TID, TID_END)) : text;
  } catch {
    return text;
  }
}
