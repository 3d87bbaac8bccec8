// What a gate keeps on its device: the event's bundle, where tickets stand, and the scans that wait to be sent. At rest
// everything about people and tickets is sealed by keys that no script can read; what is not sealed are counts and
// names that say nothing. Bundle and standings go, with their keys, 24 hours after the last word from the server (by its
// clock, as it was measured last) or when it takes the device back; what was scanned stays, sealed, until the server has
// it or somebody unpairs the device.
//
// Exports `openVault({ name, now })`, `NoBundle`, and of the vault:
//   recall() -> { device, roster }: all that a start needs, in one look; `roster` is a promise
//   saveBundle(bundle, { changes, seq }, isWanted) -> roster: with what happened since the bundle's own `seq`; null where
//     `isWanted()` says, in the transaction, that the device was let go while it came; loadBundle() -> roster | null (see
//     roster.js), bundleAtHand(): the same, without a look whether it is the newest, or over: `admit` and `queue` look
//   admit(tid, decide, scan, askedAfter = null) -> { ...decision, first }: reads where the ticket stands, lets
//     `decide({ cycle, isInside })` say { result, reason, … }, writes what follows and queues `scan`, all in one
//     transaction: of two tabs or calls one comes first. `first` is { at, gate } of the entry before, or null. With
//     `askedAfter` the server was asked by this scan when that was the last change. Throws NoBundle.
//   outlook(tid) -> { isWaiting, seq }: whether the server has yet to hear of an entry or exit that was decided here,
//     and the last change that was heard, or null without a bundle
//   queue(scan, decision): queues a scan that names no ticket. `scan` is { nonce, direction, … } as the server takes it
//   queued(limit, eventId) -> [scan with shown and reason], oldest first, and queueLength(eventId): of that event, because
//     what waits may be of an earlier one, or of all; drop(nonces, refused): the server has them, and for those of
//     `refused` it came to another result than the screen showed
//   putAside(scan, detail): the server will never take it, and said why; its ticket stands as before, because whom it let
//     in is in; unsent() -> [scan with detail], unsentLength(); retry(eventId): they wait again, those of no known event
//     as of this one
//   lengths(eventId) -> { queued, elsewhere, unsent }
//   applyChanges(changes, seq, { version, at }): what the server says of tickets; with `seq`, up to there, which is a
//     word from the server, and the roster was of this version `at` (seconds) its time; seq() -> the last one
//   saveDevice(device), keepDevice(device): what is new of it, unless it was let go; loadDevice(); release(): everything goes but what was not sent; wipe(): everything goes
import { openRoster, packRoster } from "./roster.js";
import { makeKeys, pseudonym, seal, sealText, unseal, unsealText } from "./seal.js";
import { asBefore, clean, note, passed, settled } from "./standings.js";
import { ask, openStore } from "./store.js";

const LIFE = 24 * 60 * 60 * 1000;
const THINGS = "things";
const STANDINGS = "standings";
const OUTBOX = "outbox";
const UNSENT = "unsent";
const SCANNING = [THINGS, STANDINGS, OUTBOX];
const EVERYTHING = [...SCANNING, UNSENT];
const CLOSED = Object.freeze({ id: null, inside: null });

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
  // What was read last: `inside` is a promise of { roster, keys }, so that two who ask at once read once. Its keys are
  // those of the disk for as long as `meta` there has this `id`.
  #open = CLOSED;
  #offsetMs = 0;

  constructor(store, now) {
    this.#store = store;
    this.#now = now;
  }

  // ---- the bundle

  async recall() {
    const [record, queue, meta, roster, bundle] = await this.#things("device", "keys:queue", "meta", "keys:roster", "bundle");
    const device = record ? await this.#device(record, queue) : null;
    const isThere = meta && !this.#isOver(meta);
    this.#open = isThere ? { id: meta.id, inside: this.#unsealed(meta, { roster, queue }, bundle) } : CLOSED;
    return { device, roster: this.bundleAtHand() };
  }

  async saveBundle(bundle, { changes, seq } = { changes: [], seq: bundle.seq }, isWanted = () => true) {
    const keys = { roster: await this.#keys("roster"), queue: await this.#keys("queue") };
    const { head, rows } = packRoster(bundle);
    const [sealedHead, sealedRows, told] = await Promise.all([
      seal(keys.roster, head), sealText(keys.roster, rows), sealedChanges(keys.roster, changes),
    ]);
    const meta = {
      id: crypto.randomUUID(), syncedAt: this.#at(), version: bundle.roster_version, listedAt: bundle.snapshot_at_s,
    };
    const isSaved = await this.#store.write([THINGS, STANDINGS], async (things, standings) => {
      if (!isWanted()) return false;
      const before = await ask(things.get("meta"));
      things.put({ head: sealedHead, rows: sealedRows }, "bundle");
      // Changes go on from where they were: one that was made meanwhile may be newer than a note of ours.
      things.put({ ...meta, seq: before?.seq ?? seq }, "meta");
      await clean(standings, bundle.seq);
      await note(standings, told);
      return true;
    });
    if (!isSaved) return null;
    this.#open = { id: meta.id, inside: this.#inside(meta, keys, head, rows) };
    return (await this.#open.inside).roster;
  }

  async loadBundle() {
    const meta = await this.#thing("meta");
    if (!meta) return null;
    if (this.#isOver(meta)) return this.#forget();
    if (this.#open.id !== meta.id) this.#open = { id: meta.id, inside: this.#read(meta) };
    const { roster = null } = await this.#open.inside ?? {};
    if (roster) roster.listedAt = meta.listedAt ?? roster.listedAt;
    return roster;
  }

  async bundleAtHand() {
    return (await this.#open.inside)?.roster ?? this.loadBundle();
  }

  async seq() {
    return (await this.#thing("meta"))?.seq ?? 0;
  }

  // ---- scans

  async admit(tid, decide, scan, askedAfter = null) {
    for (let hand = await this.#hand(); ; hand = await this.#handAnew()) {
      const { roster, keys } = hand;
      // Nothing but the database may be awaited inside a transaction, so all that is secret is made before.
      const [ticket, sealed, detail] = await Promise.all([
        pseudonym(keys.roster, tid), seal(keys.queue, scan),
        seal(keys.roster, { at: this.#now() + scan.offset_ms, gate: roster.gate.name }),
      ]);
      const done = await this.#store.write(SCANNING, async (things, standings, outbox) => {
        const [meta, record] = await Promise.all([ask(things.get("meta")), ask(standings.get(ticket))]);
        if (!this.#isOf(meta, roster)) return null;
        const known = record ?? roster.standing(tid);
        // The server had this very scan, though its answer did not come: it is judged as it was then.
        const own = asBefore(known, scan, askedAfter);
        const before = own ?? known;
        const decision = decide({ cycle: before.cycle, isInside: before.isInside });
        const isPassed = decision.result === "ok" && !own;
        if (isPassed) standings.put(passed(record, before, scan.direction, detail), ticket);
        outbox.add(letter(roster, scan, decision, sealed, isPassed ? ticket : null));
        return { decision, before };
      });
      if (done) return { ...done.decision, first: await firstOf(keys.roster, done.before) };
    }
  }

  async queue(scan, decision) {
    for (let hand = await this.#hand(); ; hand = await this.#handAnew()) {
      const { roster, keys } = hand;
      const sealed = await seal(keys.queue, scan);
      const isDone = await this.#store.write([THINGS, OUTBOX], async (things, outbox) => {
        if (!this.#isOf(await ask(things.get("meta")), roster)) return false;
        outbox.add(letter(roster, scan, decision, sealed, null));
        return true;
      });
      if (isDone) return;
    }
  }

  async queued(limit = 100, eventId = null) {
    const letters = await this.#store.read([OUTBOX], (outbox) => ask(of(outbox, eventId).getAll(eventId, limit)));
    const keys = await this.#keys("queue");
    const open = async ({ shown, reason, sealed }) => ({ ...await unseal(keys, sealed), shown, reason });
    return Promise.all(letters.map(open));
  }

  async outlook(tid) {
    const hand = await this.#open.inside ?? (await this.loadBundle() && await this.#open.inside);
    if (!hand) return { isWaiting: false, seq: null };
    const ticket = await pseudonym(hand.keys.roster, tid);
    const [meta, record] = await this.#store.read([THINGS, STANDINGS], (things, standings) => (
      Promise.all([ask(things.get("meta")), ask(standings.get(ticket))])));
    return { isWaiting: Boolean(record?.pending), seq: meta?.seq ?? 0 };
  }

  lengths(eventId) {
    return this.#store.read([OUTBOX, UNSENT], async (outbox, unsent) => {
      const counts = [outbox.index("event").count(eventId), outbox.count(), unsent.count()].map(ask);
      const [queued, all, aside] = await Promise.all(counts);
      return { queued, elsewhere: all - queued, unsent: aside };
    });
  }

  queueLength(eventId = null) {
    return this.#store.read([OUTBOX], (outbox) => ask(of(outbox, eventId).count(eventId ?? undefined)));
  }

  async drop(nonces, refused = []) {
    await this.#store.write([STANDINGS, OUTBOX], async (standings, outbox) => {
      for (const nonce of nonces) {
        const { ticket = null } = await take(outbox, nonce) ?? {};
        const record = ticket && await ask(standings.get(ticket));
        if (record) standings.put(settled(record, refused.includes(nonce)), ticket);
      }
    });
  }

  async putAside(scan, detail) {
    const sealed = await seal(await this.#keys("queue"), { ...scan, detail });
    await this.#store.write([OUTBOX, UNSENT], async (outbox, unsent) => {
      const taken = await take(outbox, scan.nonce);
      if (taken) unsent.put({ nonce: scan.nonce, event: taken.event, ticket: taken.ticket, sealed });
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

  async retry(eventId) {
    const kept = await this.#store.read([UNSENT], (unsent) => ask(unsent.getAll()));
    const keys = await this.#keys("queue");
    const letters = await Promise.all(kept.map(async ({ nonce, event = eventId, ticket = null, sealed }) => {
      const { detail, shown, reason, ...scan } = await unseal(keys, sealed);
      return { nonce, event, shown, reason, ticket, sealed: await seal(keys, scan) };
    }));
    await this.#store.write([OUTBOX, UNSENT], async (outbox, unsent) => {
      for (const one of letters) {
        if (!await ask(unsent.getKey(one.nonce))) continue; // another tab was quicker
        unsent.delete(one.nonce);
        outbox.add(one);
      }
    });
  }

  async applyChanges(changes, seq = null, heard = {}) {
    const told = await sealedChanges(await this.#keys("roster"), changes);
    await this.#store.write([THINGS, STANDINGS], async (things, standings) => {
      await note(standings, told);
      if (seq !== null) await this.#synced(things, seq, heard);
    });
  }

  // ---- the device

  async saveDevice({ pair, ...rest }) {
    this.#offsetMs = rest.offsetMs ?? 0;
    const sealed = await seal(await this.#keys("queue"), rest);
    await this.#store.write([THINGS], (things) => ask(things.put({ pair, sealed }, "device")));
  }

  async keepDevice({ pair, ...rest }) {
    const sealed = await seal(await this.#keys("queue"), rest);
    await this.#store.write([THINGS], async (things) => {
      if (await ask(things.getKey("device")) === undefined) return;
      this.#offsetMs = rest.offsetMs ?? 0;
      things.put({ pair, sealed }, "device");
    });
  }

  async loadDevice() {
    const [record, keys] = await this.#things("device", "keys:queue");
    return record ? this.#device(record, keys) : null;
  }

  async release() {
    await this.#forget(["device"]);
  }

  async wipe() {
    await this.#store.write(EVERYTHING, (...stores) => { for (const store of stores) store.clear(); });
    this.#open = CLOSED;
  }

  close() {
    this.#store.close();
  }

  // ---- inside

  async #thing(name) {
    return (await this.#things(name))[0];
  }

  #things(...names) {
    return this.#store.read([THINGS], (things) => Promise.all(names.map((name) => ask(things.get(name)))));
  }

  // The server's time, as well as it is known.
  #at() {
    return this.#now() + this.#offsetMs;
  }

  #isOver({ syncedAt }) {
    return Math.abs(this.#at() - syncedAt) >= LIFE;
  }

  // False where another tab has a newer one, let it go, or its day is over.
  #isOf(meta, roster) {
    return meta?.id === roster.bundleId && !this.#isOver(meta);
  }

  async #hand() {
    const hand = await this.#open.inside;
    return hand ?? this.#handAnew();
  }

  async #handAnew() {
    if (!await this.loadBundle()) throw new NoBundle();
    return this.#open.inside;
  }

  async #device({ pair, sealed }, keys) {
    const device = { pair, ...await unseal(keys, sealed) };
    this.#offsetMs = device.offsetMs ?? 0;
    return device;
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

  async #read(meta) {
    const [roster, queue, bundle] = await this.#things("keys:roster", "keys:queue", "bundle");
    return this.#unsealed(meta, { roster, queue }, bundle);
  }

  async #unsealed(meta, keys, bundle) {
    try {
      const [head, rows] = await Promise.all([unseal(keys.roster, bundle.head), unsealText(keys.roster, bundle.rows)]);
      return await this.#inside(meta, keys, head, rows);
    } catch {
      return this.#forget(); // another tab let it go just now, or the disk is damaged: the server has it all
    }
  }

  async #inside({ id, listedAt }, keys, head, rows) {
    return { keys, roster: { ...await openRoster(head, rows), bundleId: id, listedAt: listedAt ?? head.snapshot_at_s } };
  }

  async #synced(things, seq, { version, at = 0 }) {
    const meta = await ask(things.get("meta"));
    if (!meta) return;
    const listedAt = version && version === meta.version ? Math.max(at, meta.listedAt) : meta.listedAt;
    things.put({ ...meta, syncedAt: this.#at(), seq: Math.max(seq, meta.seq), listedAt }, "meta");
  }

  // Without its key, what a disk still holds of it cannot be read either.
  async #forget(also = []) {
    await this.#store.write([THINGS, STANDINGS], (things, standings) => {
      for (const name of ["bundle", "meta", "keys:roster", ...also]) things.delete(name);
      standings.clear();
    });
    this.#open = CLOSED;
    return null;
  }
}

function letter(roster, scan, { result, reason }, sealed, ticket) {
  return { nonce: scan.nonce, event: roster.event.id, shown: result, reason, ticket, sealed };
}

// Of one event, in the order in which they came, or of all.
function of(outbox, eventId) {
  return eventId === null ? outbox : outbox.index("event");
}

// Takes one out of what waits; null where another tab was quicker.
async function take(outbox, nonce) {
  const key = await ask(outbox.index("nonce").getKey(nonce));
  if (key === undefined) return null;
  const taken = await ask(outbox.get(key));
  outbox.delete(key);
  return taken;
}

async function firstOf(keys, { detail, enteredAt }) {
  if (detail) return unseal(keys, detail);
  return enteredAt ? { at: enteredAt, gate: "" } : null;
}

function sealedChanges(keys, changes) {
  return Promise.all(changes.map(async (change) => ({
    ticket: await pseudonym(keys, change.ticket_id),
    detail: change.entered_at && await seal(keys, { at: Date.parse(change.entered_at), gate: change.gate }),
    cycle: change.cycle, isInside: change.is_inside, seq: change.seq ?? 0, nonce: change.entered_nonce ?? null,
    after: change.after,
  })));
}
