// One request to the server. Exports `NoAnswer`, `Refused`, `SHUT` and
//   send(path, { method, body, headers, token, timeout, credentials, etag }) -> { status, body, etag, took, offsetMs }:
//     throws NoAnswer when nothing came in time, or the server was too busy or too broken to answer, which has a
//     `status`; Refused for what it refused, with { status, code, detail, took, offsetMs }.
//     `offsetMs` is what is to be added to the device's clock, or null.

export const SHUT = "gate.shut"; // the code of a refusal: the gate is closed for now
const TIMEOUT = 2500;
const DOUBT = 1000; // who sees its clocks part meanwhile slept, or was set: such an answer says nothing of the time
const BUSY = new Set([408, 425, 429, 500, 502, 503, 504]);

export class NoAnswer extends Error {
  status = 0;
}

export class Refused extends Error {
  constructor(status, problem, times = {}) {
    super(problem?.detail ?? problem?.title ?? `${status}`);
    Object.assign(this, { status, code: problem?.code ?? "", detail: this.message, offsetMs: null, ...times });
  }
}

export async function send(path, options = {}) {
  const { method = "GET", body, timeout = TIMEOUT, credentials = "omit" } = options;
  const sentAt = Date.now();
  const began = performance.now();
  try {
    const answer = await fetch(path, {
      method, credentials, cache: "no-store", signal: AbortSignal.timeout(timeout), headers: headersOf(options),
      body: body && JSON.stringify(body),
    });
    const took = performance.now() - began;
    const text = await answer.text(); // asleep until its end, too, it says nothing
    const isOdd = Math.abs(Date.now() - sentAt - (performance.now() - began)) > DOUBT;
    const times = { took, offsetMs: isOdd ? null : measured(answer, sentAt + took / 2) };
    return read(answer, text, times);
  } catch (error) {
    throw error instanceof Refused || error instanceof NoAnswer ? error : new NoAnswer(String(error), { cause: error });
  }
}

function read(answer, text, times) {
  const { status } = answer;
  if (BUSY.has(status)) throw Object.assign(new NoAnswer(`answered ${status}`), { status });
  const body = parse(answer, text);
  if (!answer.ok && status !== 304) throw new Refused(status, body, times);
  return { status, body, etag: answer.headers.get("etag"), ...times };
}

function headersOf({ body, token, etag, headers = {} }) {
  return {
    Accept: "application/json",
    ...(body ? { "Content-Type": "application/json" } : {}),
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
    ...(etag ? { "If-None-Match": etag } : {}),
    ...headers,
  };
}

// A page of somebody else's, like that of a hotspot that wants to be paid, is no answer.
function parse(answer, text) {
  if (answer.status === 204 || answer.status === 304) return null;
  if (!/json/.test(answer.headers.get("content-type") ?? "")) throw new NoAnswer("no JSON came");
  return JSON.parse(text);
}

// The server wrote its time when it answered: about half of the way back ago.
function measured(answer, answeredAt) {
  const serverAt = Date.parse(answer.headers.get("x-server-time") ?? "");
  return Number.isNaN(serverAt) ? null : Math.round(serverAt - answeredAt);
}
