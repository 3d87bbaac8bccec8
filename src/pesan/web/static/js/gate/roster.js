// The bundle of an event in memory. Exports `openRoster(bundle) -> Promise<roster>`: the bundle's own members, without
// its tickets, and besides
//   find(tid)       the ticket with this id, or null: { id, holderName, type, colour, seat, epoch, isVoid }
//   standing(tid)   where it stood when the bundle was made: { cycle, isInside, enteredAt (ms or 0) }
//   withCode(code)  a promise of the id of the ticket with this code, in the one form that is stored, or of null
//   search(text)    at most 20 tickets by the name of their holder
//   qrKeys, kidKeys the keys by their name in a QR code and by their full one, ready to verify
//   sliceKey        what makes the slices' codes, or null
// A ticket's code opens its page, so the bundle has only what it is recognized by: 72 bits of its SHA-256. Tickets stay
// the arrays that came, because an old phone has no room for 50,000 objects.
import { importKey } from "./ed25519.js";
import { fromBase64, fromText, longId, shortId, toBase64 } from "./bytes.js";

const [TID, DIGEST, NAME, TYPE, SEAT, EPOCH, FLAGS, CYCLE, INSIDE, ENTERED] = Array(10).keys();
const VOID = 1;
const DIGEST_BYTES = 9;
const MOST_FOUND = 20;

export async function openRoster({ tickets, ...bundle }) {
  const rows = new Map(tickets.map((row) => [row[TID], row]));
  const keys = await Promise.all(bundle.keys.map(async (one) => ({ ...one, key: await importKey(one.x) })));
  const find = (tid) => ticketOf(rows.get(shortId(tid)), bundle.types);
  return {
    ...bundle,
    size: tickets.length,
    find,
    standing: (tid) => standingOf(rows.get(shortId(tid))),
    async withCode(code) {
      const digest = await digestOf(code);
      const row = tickets.find((one) => one[DIGEST] === digest);
      return row ? longId(row[TID]) : null;
    },
    search: (text) => search(tickets, text).map((row) => ticketOf(row, bundle.types)),
    qrKeys: new Map(keys.map((one) => [one.qr_kid, one])),
    kidKeys: new Map(keys.map((one) => [one.kid, one])),
    sliceKey: bundle.slices?.key ? await importSliceKey(bundle.slices.key) : null,
  };
}

function ticketOf(row, types) {
  if (!row) return null;
  const type = types[row[TYPE]];
  return {
    id: longId(row[TID]), holderName: row[NAME], type: type?.name ?? "", colour: type?.colour ?? "",
    seat: row[SEAT], epoch: row[EPOCH], isVoid: Boolean(row[FLAGS] & VOID),
  };
}

function standingOf(row) {
  if (!row) return { cycle: 0, isInside: false, enteredAt: 0 };
  return { cycle: row[CYCLE], isInside: Boolean(row[INSIDE]), enteredAt: row[ENTERED] * 1000 };
}

function search(tickets, text) {
  const name = text.trim().toLowerCase();
  const found = [];
  if (name.length < 2) return found;
  for (const row of tickets) {
    if (row[NAME].toLowerCase().includes(name) && found.push(row) === MOST_FOUND) break;
  }
  return found;
}

async function digestOf(code) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", fromText(code)));
  return toBase64(digest.subarray(0, DIGEST_BYTES));
}

function importSliceKey(key) {
  return crypto.subtle.importKey("raw", fromBase64(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}
