// Talking to the server in the screen's name, and what goes on by itself while there is a network. Exports
// `openLink({ vault, device, boothId, appVersion }) -> link`, an EventTarget:
//   call(path, options) as `send`, with a token that is renewed when it was refused; serverNow() in ms; isOnline
//   report(report): { id, event: "start" | "finish", at }, kept until the server has it; reports: those that wait
//   start(), hurry(): look now
//   events: "now" with what the server says, "state", "taken" with a report, "refused" with a report's error, "revoked"
import { renew } from "./device.js";
import { NoAnswer, Refused, send } from "../gate/send.js";

const POLL = 10_000;
const CALM = 30_000; // while the server says by itself when something changes
const BEAT = 60_000;
const RETRY = 3000;
const SILENCE = 45_000;
const EARLY = 6 * 60 * 60 * 1000;
const DOUBT = 1000; // less than this is no news
const REMEASURE = 5 * 60 * 1000;
const REVOKED = new Set(["booths.screen_revoked"]);
const INVALID = new Set(["booths.token_invalid", "auth.required"]);
const OVER = "booths.screen_over";
const IN_FLIGHT = "idempotency.in_flight";
const FAILURES = 10; // so often the server fails at one report, and at nothing else, before that is put aside
const PROTOCOL = "pesan.booths.v1";

export function openLink(given) {
  return new Link(given);
}

class Link extends EventTarget {
  #vault;
  #device;
  #boothId;
  #appVersion;
  #best = { took: Infinity, at: -Infinity };
  #zeroMs; // the server's time when `performance.now()` was 0
  #mayHaveSlept = false;
  #beatAt = -Infinity;
  #wake = () => {};
  #isHurried = false;
  #isStopped = false;
  #socket = null;
  #seq = null;
  #misses = 0;
  #listenAt = -Infinity;
  isOnline = false;
  reports = [];

  constructor({ vault, device, boothId, appVersion, reports = [] }) {
    super();
    this.#vault = vault;
    this.#device = device;
    this.#boothId = boothId;
    this.#appVersion = appVersion;
    this.#zeroMs = this.#zeroByClock();
    this.reports = reports;
  }

  // Whoever sets the tablet's clock moves nothing: time goes on from the last answer.
  serverNow() {
    return Math.round(performance.now() + this.#zeroMs);
  }

  // For before the first answer, and after a sleep, through which `performance.now()` may have stood still.
  #zeroByClock() {
    return Date.now() + (this.#device.offsetMs ?? 0) - performance.now();
  }

  start() {
    addEventListener("online", this.hurry);
    addEventListener("offline", () => { this.#become(false); this.#socket?.close(); });
    document.addEventListener("visibilitychange", () => {
      this.#mayHaveSlept = true;
      if (!document.hidden) this.hurry();
    });
    this.#run();
  }

  hurry = () => {
    this.#isHurried = true;
    this.#wake();
  };

  async report(report) {
    const kept = { ...report, key: crypto.randomUUID() };
    this.reports.push(kept);
    await this.#vault.add(kept);
    this.hurry();
  }

  async call(path, options = {}) {
    const { token } = this.#device;
    try {
      return await this.#send(path, options);
    } catch (error) {
      if (REVOKED.has(error.code)) return this.#end(error);
      if (!INVALID.has(error.code)) throw error;
      if (this.#device.token === token) await this.#renew();
      return this.#send(path, options);
    }
  }

  async #send(path, options) {
    const clockMs = Date.now() - performance.now();
    try {
      const answer = await send(path, { ...options, token: this.#device.token });
      this.#learn(answer, clockMs);
      return answer;
    } catch (error) {
      this.#learn(error, clockMs); // a proof must be of the server's time
      throw error;
    }
  }

  // ---- round after round

  async #run() {
    while (!this.#isStopped) {
      this.#isHurried = false;
      const isWell = await this.#round();
      if (this.#isHurried || this.#isStopped) continue;
      await this.#sleep(isWell ? (this.#socket ? CALM : POLL) : RETRY);
    }
  }

  #sleep(pause) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pause);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  async #round() {
    try {
      const stuck = await this.#flush();
      const { body } = await this.call(`/booth/${this.#boothId}/now`);
      if (this.#isStopped) return false; // taken back meanwhile
      this.#become(true);
      this.#say("now", body);
      if (stuck) await this.#bear(stuck);
      await this.#beat();
      this.#listen();
      return !stuck;
    } catch (error) {
      if (this.#isStopped) return false;
      this.#become(false);
      if (this.#mayHaveSlept && !document.hidden) this.#wakeUp();
      if (!(error instanceof NoAnswer)) console.error(error);
      return false;
    }
  }

  #become(isOnline) {
    if (isOnline === this.isOnline) return;
    this.isOnline = isOnline;
    this.#say("state");
  }

  #say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // What the server will never take is let go and told; all else waits for its turn. What keeps the others waiting, if
  // anything does though the server answers.
  async #flush() {
    while (this.reports.length) {
      const [report] = this.reports;
      try {
        await this.call(`/session/${report.id}/${report.event}`, { method: "POST", headers: { "Idempotency-Key": report.key } });
      } catch (error) {
        if (error.code === IN_FLIGHT) return { report }; // its first try may still come to nothing
        if (error.status === 500) return { report, error };
        if (!(error instanceof Refused) || error.status === 401) throw error;
        this.#say("refused", { report, error });
        await this.#drop(report);
        continue;
      }
      await this.#drop(report);
      this.#say("taken", report);
    }
    return null;
  }

  // Whoever stands there reads that it failed; nothing else of the screen waits for it any longer.
  async #bear({ report, error }) {
    if (!error) return;
    report.failures = (report.failures ?? 0) + 1;
    if (report.failures < FAILURES) return;
    this.#say("refused", { report, error });
    await this.#drop(report);
  }

  async #drop(report) {
    await this.#vault.drop(report.key);
    this.reports.shift();
  }

  async #beat() {
    if (performance.now() - this.#beatAt < BEAT) return;
    this.#beatAt = performance.now();
    await this.#renewEarly();
    const body = { app_version: this.#appVersion, battery: await battery() };
    await this.call("/booth/beat", { method: "POST", body });
  }

  // ---- the token

  async #renewEarly() {
    const left = this.#device.expiresAt - this.serverNow();
    if (left >= EARLY) return;
    // Whose staff left goes on as long as its token stands.
    await this.#renew().catch((error) => { if (error.code !== OVER || left <= 0) throw error; });
  }

  async #renew() {
    try {
      this.#device = await renew(this.#device, Math.round(this.serverNow()));
    } catch (error) {
      // Neither its key nor its last token counts any more; another refusal, like that of a wrong clock, may pass.
      if (REVOKED.has(error.code) || INVALID.has(error.code)) return this.#end(error);
      throw error;
    }
    await this.#vault.saveDevice(this.#device);
    return undefined;
  }

  async #end(error) {
    this.#isStopped = true;
    this.#socket?.close();
    await this.#vault.wipe();
    this.#say("revoked", error);
    throw error;
  }

  // The quickest answer knows best; after a while another one may, because clocks drift, and at once where no way there
  // and back explains what it says.
  #learn({ offsetMs, took }, clockMs) {
    if (offsetMs === null || offsetMs === undefined) return;
    const zeroMs = clockMs + offsetMs;
    const { took: quickest, at } = this.#best;
    const isBetter = took <= quickest * 1.2 || performance.now() - at > REMEASURE;
    const isNews = Math.abs(zeroMs - this.#zeroMs) > (took + quickest) / 2 + DOUBT;
    if (isBetter || isNews) {
      this.#zeroMs = zeroMs;
      this.#best = { took, at: performance.now() };
    }
    this.#mayHaveSlept = false;
    this.#keepOffset();
  }

  // For when the page is opened anew, and no answer came yet.
  #keepOffset() {
    const offsetMs = this.serverNow() - Date.now();
    if (this.#isStopped || Math.abs(offsetMs - (this.#device.offsetMs ?? 0)) <= DOUBT) return;
    this.#device = { ...this.#device, offsetMs };
    this.#vault.saveDevice(this.#device).catch(console.error);
  }

  #wakeUp() {
    this.#mayHaveSlept = false;
    this.#zeroMs = Math.max(this.#zeroMs, this.#zeroByClock()); // a clock that was set back is no sleep
  }

  // ---- what others do

  // Says when something changed; what it is, the next round reads. Without it, rounds come often enough.
  #listen() {
    if (this.#socket || this.#isStopped || performance.now() < this.#listenAt) return;
    const since = this.#seq === null ? "" : `&since=${this.#seq}`;
    const url = `${location.origin.replace(/^http/, "ws")}/ws?outlet=${this.#device.outletId}${since}`;
    const socket = new WebSocket(url, [PROTOCOL, `token.${this.#device.token}`]);
    let watch = setTimeout(() => socket.close(), SILENCE);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      clearTimeout(watch);
      watch = setTimeout(() => socket.close(), SILENCE);
      this.#misses = 0;
      this.#hear(JSON.parse(data));
    });
    socket.addEventListener("close", () => {
      clearTimeout(watch);
      this.#socket = null;
      this.#misses += 1;
      this.#listenAt = performance.now() + Math.min(RETRY * 2 ** this.#misses, BEAT);
      setTimeout(this.hurry, RETRY);
    });
  }

  #hear({ type, seq, boothId }) {
    this.#seq = seq ?? this.#seq;
    if (type === "reset" || (type === "event" && (!boothId || boothId === this.#boothId))) this.hurry();
  }
}

async function battery() {
  try {
    return Math.round((await navigator.getBattery()).level * 100);
  } catch {
    return null; // not told by every browser
  }
}
