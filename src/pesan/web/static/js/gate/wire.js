// Talking to the server in the device's name. Exports what `send.js` does, and
//   openWire({ vault, device, appVersion }) -> wire: call(path, { method, body, timeout, etag }) as send() with the
//     device's token, which is renewed when it was refused; renewEarly(), when it is nearly over;
//     stream(path, signal) -> Response; offsetMs, to be added to the device's clock; correctedNow(); errorMs, how far
//     off that may be; device;
//     onRevoked(run) and isRevoked: the server took the device back, and the vault keeps only what was not sent;
//     rename({ name, gate }); isShut: by the server's last word the gate is closed; shut(isShut) keeps that.
import { renew } from "./device.js";
import { NoAnswer, Refused, send } from "./send.js";

export { NoAnswer, Refused, send };

const REVOKED = "gate.device_revoked";
const INVALID = "gate.token_invalid";
const OVER = "gate.device_over";
const EARLY = 6 * 60 * 60 * 1000;
const REMEASURE = 5 * 60 * 1000;
// A change of the offset that is worth writing down, what a cheap clock drifts, and where guessing ends.
const NEWS = 1000;
const DRIFT = 1e-4;
const MOST_ERROR = 5000;

export function openWire(given) {
  return new Wire(given);
}

class Wire {
  #vault;
  #renewing = null;
  #ending = null;
  #revoked = [];
  #isOver = false;
  isRevoked = false;
  #best = { took: Infinity, at: -Infinity };

  constructor({ vault, device, appVersion = "" }) {
    this.#vault = vault;
    this.device = device;
    this.appVersion = appVersion;
    this.offsetMs = device.offsetMs ?? 0;
  }

  correctedNow() {
    return Date.now() + this.offsetMs;
  }

  // Half of the way that measured it, what may have been kept back, and what the clock went wrong since.
  get errorMs() {
    const { errorMs, measuredAt } = this.device;
    if (errorMs === undefined) return 0;
    return Math.min(errorMs + NEWS + DRIFT * Math.abs(Date.now() - measuredAt), MOST_ERROR);
  }

  // What the organizer calls the device and its gate.
  async rename({ name, gate }) {
    const { device } = this;
    this.device = { ...device, name, gate };
    if (device.name !== name || device.gate.name !== gate.name) await this.#vault.keepDevice(this.device);
  }

  get isShut() {
    return Boolean(this.device.isShut);
  }

  // Kept, so that a page that is opened anew without a network does not let anybody in.
  async shut(isShut) {
    if (isShut === this.isShut) return;
    this.device = { ...this.device, isShut };
    await this.#vault.keepDevice(this.device);
  }

  onRevoked(run) {
    this.#revoked.push(run);
  }

  async call(path, options = {}) {
    return this.#withToken(async (token) => {
      const answer = await send(path, { ...options, token });
      this.#learn(answer);
      return answer;
    });
  }

  async stream(path, signal) {
    return this.#withToken(async (token) => {
      const answer = await fetch(path, {
        signal, credentials: "omit", cache: "no-store",
        headers: { Accept: "text/event-stream", Authorization: `Bearer ${token}` },
      });
      if (answer.status === 401) throw new Refused(401, await answer.json().catch(() => null));
      if (!answer.ok || !answer.body) throw new NoAnswer(`answered ${answer.status}`);
      return answer;
    });
  }

  // Ahead of its end, so that a gate that loses its network has most of a day left.
  async renewEarly() {
    const left = this.device.expiresAt - this.correctedNow();
    if (left >= EARLY || (this.#isOver && left > 0)) return;
    try {
      await this.#renew();
    } catch (error) {
      if (error.code !== OVER || left <= 0) throw error;
      this.#isOver = true; // gets no other token, and hands in what it has while this one stands
    }
  }

  async #withToken(run) {
    const { token } = this.device;
    try {
      return await run(token);
    } catch (error) {
      if (error.code === REVOKED) return this.#end(error);
      if (error.code !== INVALID) throw error;
      this.#learn(error); // a proof must be of the server's time
      if (this.device.token === token) await this.#renew();
      return run(this.device.token);
    }
  }

  async #renew() {
    this.#renewing ??= renew(this.#vault, this.device, Math.round(this.correctedNow()))
      .finally(() => { this.#renewing = null; });
    try {
      this.device = await this.#renewing;
    } catch (error) {
      // Neither its key nor its last token counts any more; another refusal, like that of a wrong clock, may pass.
      if (error.code === REVOKED || error.code === INVALID) return this.#end(error);
      throw error;
    }
    return undefined;
  }

  async #end(error) {
    this.isRevoked = true;
    // One that is lost or was taken back keeps nobody's data. What it scanned stays, sealed, until it is paired again.
    this.#ending ??= this.#vault.release();
    await this.#ending;
    for (const run of this.#revoked.splice(0)) run(error);
    throw error;
  }

  // The quickest answer knows best; after a while another one may, because clocks drift. What no way of the two answers
  // explains is a clock that somebody set, so the offset from before is of another clock.
  #learn({ offsetMs, took }) {
    if (offsetMs === null) return;
    const isBetter = took <= this.#best.took * 1.2 || performance.now() - this.#best.at > REMEASURE;
    const wasSet = Math.abs(offsetMs - this.offsetMs) > (took + this.#best.took) / 2 + NEWS;
    if (!isBetter && !wasSet) return;
    const isNews = Math.abs(offsetMs - this.offsetMs) > NEWS;
    this.offsetMs = offsetMs;
    this.#best = { took, at: performance.now() };
    this.device = { ...this.device, offsetMs, errorMs: Math.round(took / 2), measuredAt: Date.now() };
    if (isNews) this.#vault.keepDevice(this.device).catch(console.error);
  }
}
