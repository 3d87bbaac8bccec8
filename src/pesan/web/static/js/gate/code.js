// Reads what a camera, a keyboard or a person gives, and checks its signature without a network, as `tickets/qr.py`,
// `tickets/tokens.py` and `tickets/slices.py` do. Exports
//   readCode(text, roster, atSeconds, errorSeconds = 0) -> Promise<shown>, where `roster` is of `roster.js`, `atSeconds`
//     the corrected time, and `errorSeconds` how far that may be off:
//     { kind: "qr" | "token" | "code" | "none", tid (a UUID) or null, epoch, issuedAt, expiresAt (seconds or 0),
//     isLive, isStale, isReadable, isOurs, isKnown, isListed, isSuperseded, isVoid, isEventCancelled, needsNetwork };
//     the last says that only the server has the key of its signature: one that can sign too, or one since the bundle
//   placeTicket(tid, roster) -> the same for a ticket that somebody looked up by hand, { kind: "code" }
//   nameTicket(text, roster) -> the id of the ticket that the text says it is, unchecked, or null
//   withoutSlice(text) -> of a code that rotates all but what does, as a list; of any other the text itself
//   normaliseCode(text) -> a typed ticket code in the one form that is stored.
import { decode } from "./base45.js";
import { fromBase64, fromText, fromUuid, toHex, toUuid } from "./bytes.js";
import { CannotCheck, verify } from "./ed25519.js";

const MAX_TOKEN = 1024;
const MAX_QR = 152;
const CODE = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const MAX_TYPED = 52;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const VERSION = 1;
const BODY = 37;
const SIGNATURE = 64;
const SLICE = 6;
const QR_CONTEXT = "\0pesan:ticket:qr:1\0";
const SLICE_CONTEXT = "\0pesan:ticket:slice:1\0";
// Tickets are written down a moment after the time that they say, and the server is asked for news now and then.
const UNHEARD_S = 60;
const NOTHING = {
  kind: "none", tid: null, epoch: 0, issuedAt: 0, expiresAt: 0, isLive: false, isStale: false, isReadable: false,
  isOurs: false, isKnown: false, isListed: true, isSuperseded: false, isVoid: false, isEventCancelled: false,
  needsNetwork: false,
};

export async function readCode(text, roster, atSeconds, errorSeconds = 0) {
  const plain = text.trim();
  if (plain.length > MAX_TOKEN || /[^\0-\x7f]/.test(plain)) return NOTHING;
  if (plain.startsWith("eyJ")) return readToken(plain, roster);
  if (plain.length <= MAX_TYPED) return readTyped(normaliseCode(plain), roster);
  return readQr(plain, roster, { at: atSeconds, error: errorSeconds });
}

export async function nameTicket(text, roster) {
  const plain = text.trim();
  try {
    if (plain.startsWith("eyJ")) return claimsOf(parse(plain.split(".")[1])).tid;
    if (plain.length <= MAX_TYPED) return await roster.withCode(normaliseCode(plain));
    return takeApart(plain)?.tid ?? null;
  } catch {
    return null;
  }
}

export function withoutSlice(text) {
  const plain = text.trim();
  const parts = takeApart(plain);
  return parts?.isLive ? [toHex(parts.body.subarray(0, -SLICE)), toHex(parts.signature)] : plain;
}

export function normaliseCode(text) {
  return text.trim().toUpperCase().replaceAll(/[ -]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}

async function readTyped(code, roster) {
  if (!CODE.test(code)) return NOTHING;
  const tid = await roster.withCode(code);
  // Only its owner and we know a ticket's code, so whoever says it needs no signature.
  return tid ? placeTicket(tid, roster) : { ...NOTHING, kind: "code", isReadable: true, isOurs: true };
}

export function placeTicket(tid, roster) {
  const epoch = roster.find(tid)?.epoch ?? 0;
  const eventId = roster.event.id; // the server or the list named it
  return placed({ ...NOTHING, kind: "code", isReadable: true, isOurs: true, tid, epoch, eventId }, roster);
}

// ---- the small form

async function readQr(text, roster, time) {
  const parts = takeApart(text);
  if (!parts) return NOTHING;
  const entry = roster.qrKeys.get(parts.kid);
  const shown = { ...NOTHING, kind: "qr", isReadable: true };
  if (!entry) return { ...shown, needsNetwork: true };
  if (parts.signature.length !== SIGNATURE || !isInTime(entry, parts.issuedAt)) return shown;
  const [isOurs, isNow] = await Promise.all([
    verify(entry.key, parts.signature, messageOf(parts)), !parts.isLive || isCurrent(parts, roster, time),
  ]);
  if (!isOurs) return shown;
  const { tid, epoch, issuedAt, expiresAt, isLive } = parts;
  return placed({ ...shown, tid, epoch, issuedAt, expiresAt, isOurs: true, isLive, isStale: !isNow }, roster);
}

function takeApart(text) {
  if (text.length > MAX_QR) return null;
  let data;
  try {
    data = decode(text);
  } catch {
    return null;
  }
  // Keys of 32-byte signatures are checked online only, and what they signed is a ticket all the same.
  if (![BODY + SIGNATURE, BODY + 32].includes(data.length) || data[0] !== VERSION) return null;
  const numbers = new DataView(data.buffer);
  const slice = data.subarray(BODY - SLICE, BODY);
  return {
    body: data.subarray(0, BODY), signature: data.subarray(BODY), slice, kid: toHex(data.subarray(1, 5)),
    tid: toUuid(data.subarray(5, 21)), issuedAt: numbers.getUint32(21), expiresAt: numbers.getUint32(25),
    epoch: numbers.getUint16(29),
    isLive: slice.some((byte) => byte !== 0),
  };
}

// One signature serves every slice, and another one the code that never changes.
function messageOf({ body, isLive }) {
  const message = joined(fromText(QR_CONTEXT), body);
  return isLive ? message.fill(0xff, -SLICE) : message;
}

// ---- slices

// This slice and the one before. The next one has begun only where our clock may be that far behind; nobody else can
// show it earlier, because it needs the key.
async function isCurrent({ tid, epoch, slice }, roster, { at, error }) {
  if (!roster.sliceKey) return false;
  const [number, last] = [at, at + error].map((time) => Math.floor(time / roster.slices.seconds));
  const numbers = last > number ? [number, number - 1, number + 1] : [number, number - 1];
  const codes = numbers.map((one) => sliceCode(roster.sliceKey, tid, epoch, one));
  return (await Promise.all(codes)).some((code) => toHex(code) === toHex(slice));
}

async function sliceCode(key, tid, epoch, number) {
  const numbers = new DataView(new ArrayBuffer(10));
  numbers.setUint16(0, epoch);
  numbers.setBigUint64(2, BigInt(number));
  const message = joined(fromText(SLICE_CONTEXT), fromUuid(tid), new Uint8Array(numbers.buffer));
  const code = new Uint8Array(await crypto.subtle.sign("HMAC", key, message)).slice(0, SLICE);
  const isReserved = code.every((byte) => byte === 0) || code.every((byte) => byte === 0xff);
  if (isReserved) code[SLICE - 1] = 1;
  return code;
}

// ---- the long form

async function readToken(text, roster) {
  const shown = { ...NOTHING, kind: "token", isReadable: true };
  const parts = text.split(".");
  if (parts.length !== 3) return shown;
  try {
    const { kid, alg } = headerOf(parse(parts[0]));
    const entry = roster.kidKeys.get(kid);
    if (!entry) return { ...shown, needsNetwork: true };
    const message = fromText(`${parts[0]}.${parts[1]}`);
    if (alg !== "EdDSA" || !await verify(entry.key, fromBase64(parts[2]), message)) return shown;
    const claims = claimsOf(parse(parts[1]));
    if (!isInTime(entry, claims.issuedAt)) return shown;
    return placed({ ...shown, ...claims, isOurs: true }, roster);
  } catch (error) {
    if (error instanceof CannotCheck) throw error;
    return shown; // no JSON, no claims of ours
  }
}

function headerOf(header) {
  const { alg, kid, typ } = header;
  const isOurs = Object.keys(header).length === 3 && ["EdDSA", "HS256"].includes(alg) && typ === "JWT" && typeof kid === "string";
  if (!isOurs) throw new TypeError("not our header");
  return { alg, kid };
}

// Exactly what we write: another spelling of the same claims is not ours.
function claimsOf(payload) {
  const { tid, eid, iat, exp, jti } = payload;
  const epoch = Number(jti.split(".")[1]);
  const isOurs = Object.keys(payload).length === 5 && UUID.test(tid) && UUID.test(eid) && Number.isInteger(iat)
    && Number.isInteger(exp) && jti === `${tid.replaceAll("-", "")}.${epoch}`;
  if (!isOurs) throw new TypeError("not our claims");
  return { tid, eventId: eid, epoch, issuedAt: iat, expiresAt: exp };
}

function parse(part) {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromBase64(part)));
}

// ---- what the bundle says of it

function isInTime(entry, issuedAt) {
  return entry.retired_at_s === null || issuedAt <= entry.retired_at_s;
}

// A ticket that is not in the bundle may have been sold since it was known to be whole; a token says which event it is
// for, and a QR code does not: staff look at what it is of.
function placed({ eventId, ...shown }, roster) {
  const ticket = roster.find(shown.tid);
  const isOfEvent = eventId === undefined ? shown.issuedAt > roster.listedAt - UNHEARD_S : eventId === roster.event.id;
  return {
    ...shown,
    isKnown: ticket ? eventId === undefined || isOfEvent : isOfEvent,
    isListed: Boolean(ticket),
    isSuperseded: Boolean(ticket) && shown.epoch < ticket.epoch,
    isVoid: Boolean(ticket?.isVoid),
    isEventCancelled: Boolean(roster.event.is_cancelled),
  };
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
