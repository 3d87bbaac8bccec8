// What a gate keeps on its device: the event's bundle, where tickets stand, and the scans that wait to be sent. At rest
// everything about people and tickets is sealed by keys that no script can read; what is not sealed are counts and
// names that say nothing. Bundle and standings go, with their keys, 24 hours after the last word from the server or when
// it takes the device back; what was scanned stays, sealed, until the server has it or somebody unpairs the device.
//
// Exports `openVault({ name, now })`, `NoBundle`, and of the vault:
//   saveBundle(bundle) -> roster, loadBundle() -> roster | null (see roster.js)
//   admit(tid, decide, scan) -> { ...decision, first }: reads where the ticket stands, lets `decide({ cycle, isInside })`
//     say { result, reason, … }, writes what follows and queues `scan`, all in one transaction: of two tabs or calls one
//     comes first. `first` is { at, gate } of the entry before, or null. Throws NoBundle.
//   isWaiting(tid) -> whether the server has yet to hear of an entry or exit that was decided here
//   queue(scan, decision): queues a scan that names no ticket. `scan` is { nonce, direction, … } as the server takes it
//   queued(limit, eventId) -> [scan with shown and reason], oldest first, and queueLength(eventId): of that event, because
//     what waits may be of an earlier one, or of all; drop(nonces, refused): the server has them, and for those of
//     `refused` it came to another result than the screen showed
//   putAside(scan, detail): the server will never take it, and said why; unsent() -> [scan with detail], unsentLength()
//   applyChanges(changes, seq): what the server says of tickets; with `seq`, up to there, which is a word
//     from the server; seq() -> the last one
//   saveDevice(device), loadDevice(); release(): everything goes but what was not sent; wipe(): everything goes
import { openRoster } from "./roster.js";
import { makeKeys, pseudonym, seal, unseal } from "./seal.js";
import { ask, openStore } from "./store.js";

const LIFE = 24 * 60 * 60 * 1000;
const THINGS = "things";
const STANDINGS = "standings";
const OUTBOX = "outbox";
const UNSENT = "unsent";
const SCANNING = [THINGS, STANDINGS, OUTBOX];
const EVERYTHING = [...SCANNING, UNSENT];

export class NoBundle extends Error {}

export async function openVault({ name = "pesan-gate", now = Date.now } = {}) {
  return new Vault(await openStore(name, 1, upgrade), now);
}

function upgrade(database) {
  database.createObjectStore(THINGS);
  database.createObjectStore(STANDINGS);
  const outbox = database.createObjectStore(OUTBOX, { autoIncrement: true });
  outbox.createIndex("nonce", "nonce", { unique: true });
  outbox.createIndex("event", "event");
  database.createObjectStore(UNSENT, { keyPath: "nonce" });
}

class Vault {
  #store;
  #now;
  #open = { id: null, roster: null }; // `roster` is a promise, so that two who ask at once parse once

  constructor(store, now) {
    this.#store = store;
    this.#now = now;
  }

  // ---- the bundle

  async saveBundle(bundle) {
    const keys = await this.#keys("roster");
    const id = crypto.randomUUID();
    const sealed = await seal(keys, bundle);
    await this.#store.write([THINGS, STANDINGS], async (things, standings) => {
      const before = await ask(things.get("meta"));
      things.put(sealed, "bundle");
      // Changes go on from where they were: one that was made meanwhile may be newer than a note of ours.
      things.put({ id, syncedAt: this.#now(), seq: before?.seq ?? bundle.seq }, "meta");
      await clean(standings, bundle.seq);
    });
    return this.#opened(id, bundle);
  }

  async loadBundle() {
    const meta = await this.#thing("meta");
    if (!meta) return null;
    if (Math.abs(this.#now() - meta.syncedAt) >= LIFE) return this.#forget();
    if (this.#open.id !== meta.id) this.#open = { id: meta.id, roster: this.#unsealed(meta.id) };
    return this.#open.roster;
  }

  async seq() {
    return (await this.#thing("meta"))?.seq ?? 0;
  }

  // ---- scans

  async admit(tid, decide, scan) {
    for (;;) {
      const roster = await this.loadBundle();
      if (!roster) throw new NoBundle();
      // Nothing but the database may be awaited inside a transaction, so all that is secret is made before.
      const keys = await this.#keys("roster");
      const ticket = await pseudonym(keys, tid);
      const sealed = await seal(await this.#keys("queue"), scan);
      const detail = await seal(keys, { at: this.#now() + scan.offset_ms, gate: roster.gate.name });
      const done = await this.#store.write(SCANNING, async (things, standings, outbox) => {
        const meta = await ask(things.get("meta"));
        if (meta?.id !== roster.bundleId) return null; // another tab has a newer bundle: look again
        const record = await ask(standings.get(ticket));
        const known = record ?? roster.standing(tid);
        // The server had this very scan, though its answer did not come: it is judged as it was then.
        const isOwn = known.nonce === scan.nonce;
        const before = isOwn ? { ...known, cycle: known.cycle - 1, isInside: false } : known;
        const decision = decide({ cycle: before.cycle, isInside: before.isInside });
        const isPassed = decision.result === "ok" && !isOwn;
        if (isPassed) standings.put(passed(record, before, scan.direction, detail), ticket);
        outbox.add(letter(roster, scan, decision, sealed, isPassed ? ticket : null));
        return { decision, before };
      });
      if (done) return { ...done.decision, first: await firstOf(keys, done.before) };
    }
  }

  async queue(scan, decision) {
    const roster = await this.loadBundle();
    if (!roster) throw new NoBundle();
    const sealed = await seal(await this.#keys("queue"), scan);
    await this.#store.write([OUTBOX], (outbox) => ask(outbox.add(letter(roster, scan, decision, sealed, null))));
  }

  async queued(limit = 100, eventId = null) {
    const letters = await this.#store.read([OUTBOX], (outbox) => ask(of(outbox, eventId).getAll(eventId, limit)));
    const keys = await this.#keys("queue");
    const open = async ({ shown, reason, sealed }) => ({ ...await unseal(keys, sealed), shown, reason });
    return Promise.all(letters.map(open));
  }

  // Whether scans of this ticket that let somebody in or out wait here.
  async isWaiting(tid) {
    const ticket = await pseudonym(await this.#keys("roster"), tid);
    const record = await this.#store.read([STANDINGS], (standings) => ask(standings.get(ticket)));
    return Boolean(record?.pending);
  }

  queueLength(eventId = null) {
    return this.#store.read([OUTBOX], (outbox) => ask(of(outbox, eventId).count(eventId ?? undefined)));
  }

  async drop(nonces, refused = []) {
    await this.#store.write([STANDINGS, OUTBOX], async (standings, outbox) => {
      for (const nonce of nonces) await take(standings, outbox, nonce, refused.includes(nonce));
    });
  }

  async putAside(scan, detail) {
    const sealed = await seal(await this.#keys("queue"), { ...scan, detail });
    await this.#store.write([STANDINGS, OUTBOX, UNSENT], async (standings, outbox, unsent) => {
      const isTaken = await take(standings, outbox, scan.nonce, true);
      if (isTaken) unsent.put({ nonce: scan.nonce, sealed });
    });
  }

  async unsent() {
    const kept = await this.#store.read([UNSENT], (unsent) => ask(unsent.getAll()));
    const keys = await this.#keys("queue");
    const scans = await Promise.all(kept.map(({ sealed }) => unseal(keys, sealed)));
    return scans.sort((one, other) => one.device_at_ms - other.device_at_ms);
  }

  unsentLength() {
    return this.#store.read([UNSENT], (unsent) => ask(unsent.count()));
  }

  async applyChanges(changes, seq = null) {
    const keys = await this.#keys("roster");
    const told = await Promise.all(changes.map(async (change) => ({
      ticket: await pseudonym(keys, change.ticket_id),
      detail: change.entered_at && await seal(keys, { at: Date.parse(change.entered_at), gate: change.gate }),
      cycle: change.cycle, isInside: change.is_inside, seq: change.seq ?? 0, nonce: change.entered_nonce ?? null,
    })));
    await this.#store.write([THINGS, STANDINGS], async (things, standings) => {
      for (const { ticket, ...news } of told) {
        const record = await ask(standings.get(ticket));
        const isOld = record && news.seq > 0 && news.seq <= record.seq;
        if (!isOld) standings.put(changed(record, news), ticket);
      }
      if (seq !== null) await this.#synced(things, seq);
    });
  }

  // ---- the device

  async saveDevice({ pair, ...rest }) {
    const sealed = await seal(await this.#keys("queue"), rest);
    await this.#store.write([THINGS], (things) => ask(things.put({ pair, sealed }, "device")));
  }

  async loadDevice() {
    const device = await this.#thing("device");
    return device ? { pair: device.pair, ...await unseal(await this.#keys("queue"), device.sealed) } : null;
  }

  async release() {
    await this.#forget(["device"]);
  }

  async wipe() {
    await this.#store.write(EVERYTHING, (...stores) => { for (const store of stores) store.clear(); });
    this.#open = { id: null, roster: null };
  }

  close() {
    this.#store.close();
  }

  // ---- inside

  #thing(name) {
    return this.#store.read([THINGS], (things) => ask(things.get(name)));
  }

  // Read each time, because another tab may have made new ones after letting the old ones go.
  async #keys(purpose) {
    const name = `keys:${purpose}`;
    const found = await this.#thing(name);
    if (found) return found;
    const fresh = await makeKeys();
    return this.#store.write([THINGS], async (things) => {
      const other = await ask(things.get(name));
      if (!other) things.put(fresh, name);
      return other ?? fresh;
    });
  }

  #opened(id, bundle) {
    this.#open = { id, roster: openRoster(bundle).then((roster) => ({ ...roster, bundleId: id })) };
    return this.#open.roster;
  }

  async #unsealed(id) {
    try {
      const [keys, sealed] = [await this.#keys("roster"), await this.#thing("bundle")];
      return { ...await openRoster(await unseal(keys, sealed)), bundleId: id };
    } catch {
      return this.#forget(); // another tab let it go just now, or the disk is damaged: the server has it all
    }
  }

  async #synced(things, seq) {
    const meta = await ask(things.get("meta"));
    if (meta) things.put({ ...meta, syncedAt: this.#now(), seq: Math.max(seq, meta.seq) }, "meta");
  }

  // Without its key, what a disk still holds of it cannot be read either.
  async #forget(also = []) {
    await this.#store.write([THINGS, STANDINGS], (things, standings) => {
      for (const name of ["bundle", "meta", "keys:roster", ...also]) things.delete(name);
      standings.clear();
    });
    this.#open = { id: null, roster: null };
    return null;
  }
}

// ---- where a ticket stands: { cycle, isInside, seq, pending, detail, nonce, server }. `nonce` is of this device's scan
// that let its person in, where the server said so, `seq` how far the server was heard,
// `pending` how many scans of it wait here, `server` what it said meanwhile.

function passed(record, before, direction, detail) {
  const isEntry = direction === "entry";
  return {
    cycle: before.cycle + (isEntry ? 1 : 0), isInside: isEntry, seq: record?.seq ?? 0,
    pending: (record?.pending ?? 0) + 1, detail: isEntry ? detail : record?.detail, server: record?.server,
  };
}

// While scans wait here the server does not know them yet, and only a later entry is news.
function changed(record, news) {
  const seq = Math.max(news.seq, record?.seq ?? 0);
  const told = { ...news, seq };
  if (record?.pending && news.cycle <= record.cycle) return { ...record, seq, server: told };
  return { ...told, pending: record?.pending ?? 0 };
}

// A scan that the server has: what it said meanwhile counts when it did not take the scan as it was shown.
function settled(record, isRefused) {
  const pending = Math.max(record.pending - 1, 0);
  const { server, ...own } = record;
  if (pending) return { ...record, pending };
  return isRefused && server ? { ...server, pending } : { ...own, pending };
}

function letter(roster, scan, { result, reason }, sealed, ticket) {
  return { nonce: scan.nonce, event: roster.event.id, shown: result, reason, ticket, sealed };
}

// Of one event, in the order in which they came, or of all.
function of(outbox, eventId) {
  return eventId === null ? outbox : outbox.index("event");
}

// Takes one out of what waits; false where another tab was quicker.
async function take(standings, outbox, nonce, isRefused) {
  const key = await ask(outbox.index("nonce").getKey(nonce));
  if (key === undefined) return false;
  const { ticket } = await ask(outbox.get(key));
  outbox.delete(key);
  const record = ticket && await ask(standings.get(ticket));
  if (record) standings.put(settled(record, isRefused), ticket);
  return true;
}

async function firstOf(keys, { detail, enteredAt }) {
  if (detail) return unseal(keys, detail);
  return enteredAt ? { at: enteredAt, gate: "" } : null;
}

// The bundle says it as well by now.
async function clean(standings, seq) {
  const [names, records] = [await ask(standings.getAllKeys()), await ask(standings.getAll())];
  records.forEach((record, place) => {
    if (!record.pending && record.seq > 0 && record.seq <= seq) standings.delete(names[place]);
  });
}
