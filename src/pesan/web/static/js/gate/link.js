// Whether there is a network, and what goes on by itself while there is: the device tells that it lives, sends what
// waits, and hears what happens at the other gates. A failed or slow call counts, not only what the browser says, and it
// comes back by itself. Exports `openLink({ wire, vault }) -> link`, an EventTarget:
//   isOnline, counters; isOver: the server gives this device no list any more; start(), stop(); failed(): a call of
//   somebody else had no answer; hurry(): look now
//   events, with their `detail`: "state" { isOnline }, "counters" { inside, entered, left, per_minute },
//   "changes" [change], "roster" (a new bundle), "queue" { length }, "settled" [result with conflict or another result],
//   "unsent" { scan, detail } (the server refuses it for good), "trouble" (an error that waiting does not mend), "over"
//   (`isOver` changed), "shut" (`isShut` of the wire changed), "revoked"
import { sendWaiting } from "./outbox.js";
import { NoAnswer, SHUT } from "./send.js";

const BEAT = 20_000;
const POLL = 3000;
const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;
const SILENCE = 40_000;
const STEADY = 60_000;
const GAP = 250;
const LIVED = 5000;
const BUNDLE_TIMEOUT = 60_000;
const BUNDLE_PAUSE = 30_000;
const OVER = "gate.device_over";
const NEWS = /^event: ?(changed|gone)\r?$/;

export function openLink(given) {
  return new Link(given);
}

class Link extends EventTarget {
  #wire;
  #vault;
  #turn = null; // of the loop that runs; another start has another one
  #wake = () => {};
  #isHurried = false;
  #isCooling = false;
  #failedAt = -Infinity;
  #retry = FIRST_RETRY;
  #beatAt = -Infinity;
  #stream = null;
  #version = null;
  #rules = null;
  #tag = { version: null, etag: null };
  #bundleAt = -Infinity;
  isOnline = false;
  isOver = false;
  counters = null;

  constructor({ wire, vault }) {
    super();
    this.#wire = wire;
    this.#vault = vault;
    wire.onRevoked((error) => { this.stop(); this.#say("revoked", error); });
  }

  start() {
    if (this.#turn) return;
    this.#turn = {};
    addEventListener("online", this.hurry);
    addEventListener("offline", this.failed);
    document.addEventListener("visibilitychange", this.#look);
    this.#run(this.#turn);
  }

  stop() {
    this.#turn = null;
    removeEventListener("online", this.hurry);
    removeEventListener("offline", this.failed);
    document.removeEventListener("visibilitychange", this.#look);
    this.#stream?.abort();
    this.hurry();
  }

  hurry = () => {
    this.#isHurried = true;
    this.#wake();
  };

  failed = () => {
    if (!this.isOnline) return;
    this.#failedAt = performance.now();
    this.#beatAt = -Infinity;
    this.#isCooling = true;
    this.#become(false);
    this.#wake();
  };

  #look = () => { if (!document.hidden) this.hurry(); };

  // ---- round after round

  async #run(turn) {
    while (this.#turn === turn) {
      this.#isHurried = false;
      const isWell = !this.#isCooling && await this.#round(turn);
      this.#isCooling = false;
      const pause = this.#pauseAfter(isWell);
      if (this.#turn !== turn) return;
      if (this.#isHurried) await new Promise((resolve) => { setTimeout(resolve, GAP); });
      else await this.#sleep(pause);
    }
  }

  // A line that answers now and then is asked less and less often, until it was well for a while.
  #pauseAfter(isWell) {
    const isSteady = performance.now() - this.#failedAt > STEADY;
    if (!isWell) this.#retry = Math.min(this.#retry * 2, LAST_RETRY);
    else if (isSteady) this.#retry = FIRST_RETRY;
    if (!isWell) return this.#retry * (0.5 + Math.random() / 2);
    return BEAT;
  }

  #sleep(pause) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pause);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  async #round(turn) {
    try {
      await this.#hear();
      await this.#shut(false);
      // A server that does not know yet who came in here would let the same ticket in again.
      await this.#flush();
      if (this.#isCooling || this.#turn !== turn) return false; // somebody else had no answer meanwhile
      this.#become(true);
      await this.#flush(); // what was decided here until that moment
      await this.#renewBundle(turn);
      this.#listen();
      return true;
    } catch (error) {
      this.#become(false);
      if (error.code === SHUT) await this.#close();
      else this.#complain(error);
      return false;
    }
  }

  // What was scanned while the gate was open is taken all the same.
  async #close() {
    await this.#shut(true);
    await this.#flush().catch((error) => this.#complain(error));
  }

  #complain(error) {
    const isKnown = error instanceof NoAnswer || error.code === SHUT;
    if (!isKnown && this.#turn) this.#say("trouble", error);
  }

  async #shut(isShut) {
    const isNews = isShut !== this.#wire.isShut;
    await this.#wire.shut(isShut);
    if (isNews) this.#say("shut", { isShut });
  }

  #become(isOnline) {
    if (isOnline === this.isOnline) return;
    this.isOnline = isOnline;
    if (!isOnline) this.#stream?.abort();
    this.#say("state", { isOnline });
  }

  #say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // ---- what happened elsewhere

  async #hear() {
    const isDue = performance.now() - this.#beatAt >= BEAT - 1000;
    let news = isDue ? await this.#beat() : await this.#changes();
    await this.#take(news);
    while (news.is_more) {
      news = await this.#changes();
      await this.#take(news);
    }
  }

  async #beat() {
    await this.#wire.renewEarly();
    const body = {
      queue_length: await this.#vault.queueLength(this.#wire.device.event.id), app_version: this.#wire.appVersion, battery: await battery(),
      after: await this.#vault.seq(), device_at_ms: Date.now(),
    };
    const answer = await this.#wire.call("/v1/gates/beat", { method: "POST", body });
    this.#beatAt = performance.now();
    if (answer.body.gate) await this.#wire.rename(answer.body);
    return answer.body;
  }

  async #changes() {
    return (await this.#wire.call(`/v1/gates/changes?after=${await this.#vault.seq()}`)).body;
  }

  async #take({ changes, seq, counters, rules, roster_version: version }) {
    // As long as no ticket was added, the list is as new as this word.
    await this.#vault.applyChanges(changes, seq, { version, at: Math.floor(this.#wire.correctedNow() / 1000) });
    this.#rules = rules ?? this.#rules;
    this.#version = version ?? this.#version;
    this.counters = counters ?? this.counters;
    if (counters) this.#say("counters", counters);
    if (changes.length) this.#say("changes", changes);
  }

  async #renewBundle(turn) {
    const roster = await this.#vault.loadBundle();
    const isSame = roster && areSame(this.#rules, roster.rules);
    const isCurrent = isSame && (roster.roster_version === this.#version || this.#version === null);
    if (isCurrent || (roster && performance.now() - this.#bundleAt < BUNDLE_PAUSE)) return;
    this.#bundleAt = performance.now();
    // Another tab may have put another bundle there.
    const etag = isSame && this.#tag.version === roster.roster_version ? this.#tag.etag : null;
    const answer = await this.#askBundle(etag);
    if (!answer || answer.status === 304) return;
    const bundle = answer.body;
    // A device that is let go, or taken back, while its list comes keeps nobody's name.
    const isWanted = () => this.#turn === turn && !this.#wire.isRevoked;
    const saved = await this.#vault.saveBundle(bundle, await this.#changesSince(bundle.seq), isWanted);
    if (!saved) return;
    this.#say("roster", saved);
    this.#tag = { version: bundle.roster_version, etag: answer.etag };
  }

  // A device that gets no list any more goes on with the one that it has: its scans are taken while its token stands.
  async #askBundle(etag) {
    try {
      const answer = await this.#wire.call("/v1/gates/bundle", { etag, timeout: BUNDLE_TIMEOUT });
      this.#end(false);
      return answer;
    } catch (error) {
      if (error.code !== OVER) throw error;
      this.#end(true);
      return null;
    }
  }

  #end(isOver) {
    if (isOver === this.isOver) return;
    this.isOver = isOver;
    this.#say("over", { isOver });
  }

  // The server packs a bundle once for all devices, and people come in meanwhile. Whoever did is known here before the
  // bundle is used: one that is older than the one before it would else call tickets unused that this device knew of.
  async #changesSince(seq) {
    let page = { seq, is_more: true };
    const changes = [];
    while (page.is_more) {
      page = (await this.#wire.call(`/v1/gates/changes?after=${page.seq}`)).body;
      changes.push(...page.changes);
    }
    return { changes, seq: page.seq };
  }

  // A stream says only that something changed. When it ends, the next round opens another.
  async #listen() {
    if (this.#stream || !this.#turn) return;
    const stream = new AbortController();
    this.#stream = stream;
    let watch = null;
    const began = performance.now();
    const heard = () => { clearTimeout(watch); watch = setTimeout(() => stream.abort(), SILENCE); };
    try {
      heard();
      const answer = await this.#wire.stream("/v1/gates/stream", stream.signal);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let tail = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        heard();
        // A line may come in two parts.
        const lines = (tail + part.value).split("\n");
        tail = lines.pop();
        if (lines.some((line) => NEWS.test(line))) this.hurry();
      }
    } catch {
      // polled meanwhile
    } finally {
      clearTimeout(watch);
      this.#stream = null;
      // Where there are too many streams, the next rounds come soon instead.
      setTimeout(() => this.#wake(), performance.now() - began > LIVED ? 0 : POLL);
    }
  }

  // ---- what waits here

  #flush() {
    return sendWaiting({
      vault: this.#vault, eventId: this.#wire.device.event.id, call: (...asked) => this.#wire.call(...asked),
      tell: (type, detail) => this.#say(type, detail),
    });
  }
}

function areSame(told, known) {
  const { opens_at: opens, closes_at: closes, reentry, static_codes: codes } = told ?? known;
  return Date.parse(opens) === Date.parse(known.opens_at) && Date.parse(closes) === Date.parse(known.closes_at)
    && reentry === known.reentry && codes === known.static_codes;
}

async function battery() {
  try {
    return Math.round((await navigator.getBattery()).level * 100);
  } catch {
    return null; // not told by every browser
  }
}
