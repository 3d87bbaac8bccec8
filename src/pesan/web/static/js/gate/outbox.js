// Sends what waits on the device. Exports `sendWaiting({ vault, eventId, call, tell })`: until nothing of the event waits
// any more, or `call` throws. `call` is as that of `wire.js`; `tell(type, detail)` hears "queue" { length }, "settled"
// [result with conflict or another result] and "unsent" { scan, detail }: the server will never take it, so it was put
// aside where people find it, and the others go on. So does one that the server breaks at: a batch that ends so is halved
// until it is alone. And so does one for which it has another scan, whose `shown` is not what this screen showed.
import { NoAnswer, Refused } from "./send.js";

const BATCH = 100;
const SLOW = 15_000;
const UNACCEPTABLE = new Set([400, 413, 422]);
const BROKEN = 500;
const TAKEN_OTHERWISE = "taken_otherwise"; // one of the words, unlike what a server says
// A server that breaks at everything is no fault of a scan: unless others of its batch pass, no more than so many are
// tried alone, and each in so many rounds, which takes about a minute.
const MOST_ALONE = 3;
const ROUNDS = 6;
const tries = new Map();

export async function sendWaiting({ vault, eventId, call, tell }) {
  let isTaking = false;
  let doubtful = [];

  for (;;) {
    const scans = await vault.queued(BATCH, eventId);
    if (!scans.length) return;
    [isTaking, doubtful] = [false, []];
    await deliver(scans);
    await decide();
    tell("queue", { length: await vault.queueLength(eventId) });
  }

  async function deliver(scans) {
    try {
      const answer = await call("/v1/scans/bulk", { method: "POST", body: { scans }, timeout: SLOW });
      await settle(scans, answer.body.results);
      isTaking = true;
    } catch (error) {
      if (error instanceof Refused && UNACCEPTABLE.has(error.status)) await refuse(scans, error);
      else if (error instanceof NoAnswer && error.status === BROKEN) await halve(scans, error);
      else throw error;
    }
  }

  async function refuse(scans, { detail }) {
    if (scans.length > 1) for (const scan of scans) await deliver([scan]);
    else await putAside(scans[0], detail);
  }

  async function halve(scans, error) {
    const half = Math.ceil(scans.length / 2);
    if (scans.length > 1) for (const part of [scans.slice(0, half), scans.slice(half)]) await deliver(part);
    else await doubt(scans[0], error);
  }

  async function doubt(scan, error) {
    tries.set(scan.nonce, (tries.get(scan.nonce) ?? 0) + 1);
    doubtful.push({ scan, error });
    if (isTaking || doubtful.length < MOST_ALONE) return;
    await decide();
    throw error;
  }

  // What it broke at alone: for good where it took others, else after some rounds.
  async function decide() {
    for (const { scan, error } of doubtful) {
      if (!isTaking && tries.get(scan.nonce) < ROUNDS) throw error;
      tries.delete(scan.nonce);
      await putAside(scan, `HTTP ${error.status}`);
    }
  }

  async function settle(scans, results) {
    const shown = new Map(scans.map((scan) => [scan.nonce, scan.shown]));
    const isTaken = (one) => shown.get(one.nonce) === one.shown;
    const taken = results.filter(isTaken);
    const others = taken.filter((one) => one.result !== one.shown);
    const told = taken.filter((one) => one.conflict || one.result !== one.shown);
    await vault.drop(taken.map((one) => one.nonce), others.map((one) => one.nonce));
    if (told.length) tell("settled", told);
    const strange = results.filter((one) => !isTaken(one)).map((one) => one.nonce);
    for (const scan of scans) if (strange.includes(scan.nonce)) await putAside(scan, TAKEN_OTHERWISE);
    if (results.length < scans.length) throw new NoAnswer("not all of them were answered");
  }

  // It must not keep back all the others, and somebody should look at it.
  async function putAside(scan, detail) {
    await vault.putAside(scan, detail);
    tell("unsent", { scan, detail });
  }
}
