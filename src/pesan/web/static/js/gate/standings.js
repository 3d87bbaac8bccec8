// Where a ticket stands, as a gate keeps it beside the bundle: { cycle, isInside, seq, pending, detail, nonce, server }.
// `nonce` is of this device's scan that let its person in, where the server said so, `seq` how far the server was heard,
// `pending` how many scans of it wait here, `server` what it said meanwhile. Exports
//   passed(record, before, direction, detail): after a scan that let somebody through
//   isNews(record, news) and changed(record, news): what the server says; news without `seq` is the answer to a scan,
//     asked when `after` was the last change that was known here
//   settled(record, isRefused): the server has one of its scans
//   asBefore(known, scan, askedAfter): where it stood before this very scan, which the server had though its answer did
//     not come, or null where that cannot be; it was asked when `askedAfter` was the last change that was known here
//   note(standings, told) and clean(standings, seq), in a transaction on their store: the server said so, of tickets by
//     their pseudonyms; and a bundle says all until `seq`
import { ask } from "./store.js";

export function passed(record, before, direction, detail) {
  const isEntry = direction === "entry";
  return {
    cycle: before.cycle + (isEntry ? 1 : 0), isInside: isEntry, seq: record?.seq ?? 0,
    pending: (record?.pending ?? 0) + 1, detail: isEntry ? detail : record?.detail, server: record?.server,
  };
}

// Changes come in order, but an answer may be slower than what happened to the ticket since.
export function isNews(record, { seq, after = 0 }) {
  return !record || (seq > 0 ? seq > record.seq : record.seq <= after);
}

// While scans wait here the server does not know them yet, and only a later entry is news.
export function changed(record, { after, ...news }) {
  const seq = Math.max(news.seq, record?.seq ?? 0);
  const told = { ...news, seq };
  if (record?.pending && news.cycle <= record.cycle) return { ...record, seq, server: told };
  return { ...told, pending: record?.pending ?? 0 };
}

// A scan that the server has: what it said meanwhile counts when it did not take the scan as it was shown.
export function settled(record, isRefused) {
  const pending = Math.max(record.pending - 1, 0);
  const { server, ...own } = record;
  if (pending) return { ...record, pending };
  return isRefused && server ? { ...server, pending } : { ...own, pending };
}

// Only entries are told with their nonce. Whoever left since this device asked to let them out, left here.
export function asBefore(known, { nonce, direction }, askedAfter) {
  if (known.nonce === nonce) return { ...known, cycle: known.cycle - 1, isInside: false };
  const isOut = known.cycle > 0 && !known.isInside && !known.pending;
  const hasLeft = direction === "exit" && askedAfter !== null && isOut && known.seq > askedAfter;
  return hasLeft ? { ...known, isInside: true } : null;
}

export async function note(standings, told) {
  for (const { ticket, ...news } of told) {
    const record = await ask(standings.get(ticket));
    if (isNews(record, news)) standings.put(changed(record, news), ticket);
  }
}

// The bundle says it as well by now.
export async function clean(standings, seq) {
  const [names, records] = [await ask(standings.getAllKeys()), await ask(standings.getAll())];
  records.forEach((record, place) => {
    if (!record.pending && record.seq > 0 && record.seq <= seq) standings.delete(names[place]);
  });
}
