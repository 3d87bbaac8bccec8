// The bundle of an event in memory. Exports `packRoster(bundle) -> { head, rows }`, everything but its tickets, and its
// tickets as one text, and `openRoster(bundle, rows) -> Promise<roster>`; without `rows`, of a whole bundle. A roster has
// the bundle's own members, without its tickets, and besides
//   find(tid)       the ticket with this id, or null: { id, holderName, type, colour, seat, epoch, isVoid }
//   standing(tid)   where it stood when the bundle was made: { cycle, isInside, enteredAt (ms or 0) }
//   withCode(code)  a promise of the id of the ticket with this code, in the one form that is stored, or of null
//   search(text)    at most 20 tickets by the name of their holder
//   qrKeys, kidKeys the keys by their name in a QR code and by their full one, ready to verify
//   sliceKey        what makes the slices' codes, or null
//   listedAt        until when (seconds) every ticket is known to be in it; the vault moves it on
// A ticket's code opens its page, so the bundle has only what it is recognized by: 72 bits of its SHA-256. Tickets stay
// one text of plain ASCII, in which one is looked up by what only a row begins with: an old phone takes longer to make
// 50,000 arrays of it than to say its first verdict. In JSON a quote inside a text has a backslash before it, so `["…",`
// and `],["` stand between rows and nowhere else.
import { importKey } from "./ed25519.js";
import { fromBase64, fromText, longId, shortId, toBase64 } from "./bytes.js";

const [TID, , NAME, TYPE, SEAT, EPOCH, FLAGS, CYCLE, INSIDE, ENTERED] = Array(10).keys();
const BETWEEN = '],["';
const VOID = 1;
const DIGEST_BYTES = 9;
const MOST_FOUND = 20;

export function packRoster({ tickets, ...head }) {
  const rows = JSON.stringify(tickets).replaceAll(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return { head: { ...head, size: tickets.length }, rows };
}

export async function openRoster(bundle, rows = null) {
  if (rows === null) return openPacked(packRoster(bundle));
  return openPacked({ head: bundle, rows });
}

async function openPacked({ head, rows }) {
  const [keys, sliceKey] = await Promise.all([
    Promise.all(head.keys.map(async (one) => ({ ...one, key: await importKey(one.x) }))),
    head.slices?.key ? importSliceKey(head.slices.key) : null,
  ]);
  const rowOf = lookUp(rows);
  return {
    ...head,
    listedAt: head.snapshot_at_s,
    find: (tid) => ticketOf(rowOf(tid), head.types),
    standing: (tid) => standingOf(rowOf(tid)),
    async withCode(code) {
      const row = rowAt(rows, rows.indexOf(`","${await digestOf(code)}","`));
      return row ? longId(row[TID]) : null;
    },
    search: (text) => search(rows, text).map((row) => ticketOf(row, head.types)),
    qrKeys: new Map(keys.map((one) => [one.qr_kid, one])),
    kidKeys: new Map(keys.map((one) => [one.kid, one])),
    sliceKey,
  };
}

// A scan asks for the same one several times.
function lookUp(rows) {
  let last = { tid: null, row: null };
  return (tid) => {
    if (last.tid !== tid) last = { tid, row: rowAt(rows, rows.indexOf(`["${shortId(tid)}",`)) };
    return last.row;
  };
}

// The row that `place` is in, or null.
function rowAt(rows, place) {
  if (place < 0) return null;
  const start = rows.lastIndexOf('["', place);
  const next = rows.indexOf(BETWEEN, place);
  return JSON.parse(rows.slice(start, next < 0 ? -1 : next + 1));
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

// Somebody typed a name and waits: all of them are read, and let go again.
function search(rows, text) {
  const name = text.trim().toLowerCase();
  const found = [];
  if (name.length < 2) return found;
  for (const row of JSON.parse(rows)) {
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
