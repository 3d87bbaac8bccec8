// Sends what waits on the device. Exports `sendWaiting({ vault, eventId, call, tell })`: until nothing of the event waits
// any more, or `call` throws. `call` is as that of `wire.js`; `tell(type, detail)` hears "queue" { length }, "settled"
// [result with conflict or another result] and "unsent" { scan, detail }: the server will never take it, so it was put
// aside where people find it, and the others go on.
import { NoAnswer, Refused } from "./send.js";

const BATCH = 100;
const SLOW = 15_000;
const UNACCEPTABLE = new Set([400, 413, 422]);

export async function sendWaiting({ vault, eventId, call, tell }) {
  for (;;) {
    const scans = await vault.queued(BATCH, eventId);
    if (!scans.length) return;
    await deliver(scans);
    tell("queue", { length: await vault.queueLength(eventId) });
  }

  async function deliver(scans) {
    try {
      const answer = await call("/v1/scans/bulk", { method: "POST", body: { scans }, timeout: SLOW });
      await settle(scans, answer.body.results);
    } catch (error) {
      if (!(error instanceof Refused) || !UNACCEPTABLE.has(error.status)) throw error;
      if (scans.length > 1) for (const scan of scans) await deliver([scan]);
      else await putAside(scans[0], error.detail);
    }
  }

  async function settle(scans, results) {
    const others = results.filter((one) => one.result !== one.shown);
    const told = results.filter((one) => one.conflict || one.result !== one.shown);
    await vault.drop(results.map((one) => one.nonce), others.map((one) => one.nonce));
    if (told.length) tell("settled", told);
    if (results.length < scans.length) throw new NoAnswer("not all of them were answered");
  }

  // It must not keep back all the others, and somebody should look at it.
  async function putAside(scan, detail) {
    await vault.putAside(scan, detail);
    tell("unsent", { scan, detail });
  }
}
