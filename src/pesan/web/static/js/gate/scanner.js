// One scan, with or without a network. Exports `openScanner({ wire, vault, link }) -> { scan, find }`:
//   scan(text, direction = "entry", manual = null) -> Promise<verdict>; `manual` is { ticketId, reason } of a ticket that
//     staff looked up, whose `text` may be empty. Never throws for want of a network: after 2.5 seconds the device decides.
//   find(text) -> Promise<[ticket]>, at most 20, by the name of the holder, and with a network by the start of the code
// A verdict is { result, reason, isWarning, message (the server's, or ""), source: "server" | "device", direction, nonce,
// at (ms, corrected), cycle, ticket, usedAt (ms or null) and usedGate, of a ticket that came in before, isListed (where
// the device decides: whether the ticket is on its list) }, and a ticket { id, codeEnd (or "" where the device decides),
// holderName, type, colour, seat, number }. Three reasons are the device's own, and nothing is queued for them: "no_bundle"
// (nothing was ever synced, or too long ago), "no_network" (only the server has the key of this code) and "gate_shut". A device that
// was taken back rejects with Refused.
import { nameTicket, placeTicket, readCode, withoutSlice } from "./code.js";
import { NoAnswer, SHUT } from "./send.js";
import { NoBundle } from "./vault.js";
import { judge } from "./verdict.js";

const LONGEST = 1024;
const MOST_UNANSWERED = 200;
const MOST_OFFSET = 365 * 24 * 60 * 60 * 1000;
const PATIENCE = 2500;
// What was shown without an answer counts as the scan that the server has for two minutes.
const SAME_SCAN = 90_000;
const REUSED = "gate.nonce_reused";

export function openScanner({ wire, vault, link, patience = PATIENCE }) {
  const unanswered = new Map();

  async function scan(text, direction = "entry", manual = null) {
    const shown = manual ? { ticket_id: manual.ticketId, manual_reason: reasonOf(manual) } : { qr: sendable(text) };
    // Nobody may have checked which ticket a code says it is of: the same code is the same scan, and no other one is.
    const name = JSON.stringify([direction, manual?.ticketId ?? null, manual ? null : withoutSlice(text)]);
    const attempt = { direction, ...shown, nonce: nonceFor(name), ...timesOf(Date.now(), wire.offsetMs) };
    if (shown.qr === "") return plain(attempt, "unreadable");
    const course = { attempt, text, askedAfter: null };
    let result = null;
    try {
      const verdict = await online(course) ?? await offline(course);
      ({ result } = verdict);
      return result === null ? { ...verdict, result: "invalid" } : verdict;
    } finally {
      if (result === null) remember(name, attempt.nonce);
      else unanswered.delete(name);
    }
  }

  // The server may have had it: another try soon after must be the same scan, not a second one.
  function remember(name, nonce) {
    if (unanswered.get(name)?.nonce === nonce) return;
    if (unanswered.size >= MOST_UNANSWERED) unanswered.delete(unanswered.keys().next().value);
    unanswered.set(name, { nonce, at: Date.now() });
  }

  function nonceFor(name) {
    const { nonce, at } = unanswered.get(name) ?? {};
    const age = Date.now() - at;
    if (age >= 0 && age < SAME_SCAN) return nonce;
    unanswered.delete(name);
    return crypto.randomUUID();
  }

  // ---- the server decides

  // `askedAfter` of a course is the last change that was heard when the server was asked, and did not answer.
  async function online(course) {
    if (wire.isShut) return plain(course.attempt, "gate_shut", null);
    if (!link.isOnline) return null;
    const { attempt, text } = course;
    const tid = attempt.ticket_id ?? await nameTicket(text, await vault.bundleAtHand());
    const { isWaiting, seq } = tid ? await vault.outlook(tid) : { isWaiting: false, seq: null };
    // What waits here the server does not know yet, so only this device knows where such a ticket stands.
    if (isWaiting) return null;
    try {
      const answer = await ask(attempt).catch((error) => askAnew(attempt, error));
      await note(attempt, answer, seq ?? 0).catch(console.error);
      return serverVerdict(attempt, answer);
    } catch (error) {
      if (wire.isRevoked) throw error;
      if (error.code === SHUT) {
        link.hurry(); // says so, and asks until it is open again
        return plain(attempt, "gate_shut", null);
      }
      if (error instanceof NoAnswer) {
        course.askedAfter = seq;
        link.failed();
      } else console.error(error);
      return null;
    }
  }

  async function ask(attempt) {
    const body = { ...attempt, device_id: wire.device.deviceId };
    return (await wire.call("/v1/scan", { method: "POST", body, timeout: patience })).body;
  }

  // What the server has under this nonce is another scan, so nothing may be shown or kept under it here.
  async function askAnew(attempt, error) {
    if (error.code !== REUSED) throw error;
    attempt.nonce = crypto.randomUUID();
    return ask(attempt);
  }

  // Known here at once, for the moment when the network goes, unless something newer was heard since it was asked.
  async function note({ direction }, { result, ticket, cycle, server_time: at }, after) {
    if (result !== "ok" || !ticket) return;
    const isInside = direction === "entry";
    const gate = wire.device.gate.name;
    await vault.applyChanges([{ ticket_id: ticket.id, is_inside: isInside, cycle, entered_at: at, gate, after }]);
  }

  function serverVerdict(attempt, answer) {
    return {
      ...verdictOf(attempt, { ...answer, isWarning: answer.is_warning }), source: "server", message: answer.message,
      cycle: answer.cycle, ticket: answer.ticket && ticketOf(answer.ticket), at: Date.parse(answer.server_time),
      ...(answer.result === "duplicate" && answer.used_at
        ? { usedAt: Date.parse(answer.used_at), usedGate: answer.used_gate ?? "" } : {}),
    };
  }

  // ---- the device decides

  async function offline(course) {
    const { attempt } = course;
    try {
      const roster = await vault.bundleAtHand();
      if (!roster) return plain(attempt, "no_bundle", null);
      const verdict = await decide(course, roster);
      if (verdict.result !== null && link.isOnline) link.hurry(); // nobody else knows of it until it is sent
      return verdict;
    } catch (error) {
      if (error instanceof NoBundle) return plain(attempt, "no_bundle", null);
      throw error;
    }
  }

  async function decide({ attempt, text, askedAfter }, roster) {
    const at = attempt.device_at_ms + attempt.offset_ms;
    const shown = await read(text, attempt, roster, at);
    if (shown.needsNetwork) return plain(attempt, "no_network", null);
    const rules = rulesFor(shown, roster.rules);
    const say = (standing) => judge(shown, rules, standing, attempt.direction, at);
    const letter = { ...attempt, is_live: shown.isCodeLive };
    const isUnknown = shown.kind === "code" && !shown.tid;
    const said = shown.tid
      ? await vault.admit(shown.tid, say, letter, askedAfter)
      : await refuse(letter, isUnknown ? { result: "invalid", reason: "unknown" } : say({ cycle: 0, isInside: false }));
    const isUsed = said.result === "duplicate";
    return {
      ...verdictOf(attempt, said), at, isListed: shown.isListed, ticket: shown.tid && roster.find(shown.tid),
      usedAt: (isUsed && said.first?.at) || null, usedGate: (isUsed && said.first?.gate) || "",
    };
  }

  async function refuse(letter, decision) {
    await vault.queue(letter, decision);
    return decision;
  }

  async function read(text, { ticket_id: ticketId, manual_reason: reason }, roster, at) {
    const shown = ticketId ? placeTicket(ticketId, roster) : await readCode(text, roster, at / 1000, wire.errorMs / 1000);
    // Without a code nothing rotates, and staff vouch for whom they let in.
    return { ...shown, isCodeLive: shown.isLive, isLive: shown.isLive || reason !== undefined };
  }

  // ---- looking up by hand

  async function find(text) {
    if (link.isOnline) {
      try {
        const answer = await wire.call(`/v1/gates/tickets?q=${encodeURIComponent(text)}`);
        return answer.body.tickets.map(ticketOf);
      } catch (error) {
        if (wire.isRevoked) throw error;
        if (error instanceof NoAnswer) link.failed();
      }
    }
    return (await vault.loadBundle())?.search(text) ?? [];
  }

  return { scan, find };
}

// The server takes 3 to 200 characters, and hears of it when the person is long inside.
function reasonOf({ reason }) {
  return reason.trim().slice(0, 200).padEnd(3, ".");
}

// A clock that lost its battery counts from 1970: what it says is no help to anybody.
function timesOf(deviceMs, offsetMs) {
  const isLost = Math.abs(offsetMs) > MOST_OFFSET;
  return isLost ? { device_at_ms: deviceMs + offsetMs, offset_ms: 0 } : { device_at_ms: deviceMs, offset_ms: offsetMs };
}

// Whatever it is, the server shall be able to write it down.
function sendable(text) {
  return text.trim().replaceAll(/[^ -~]/g, "?").slice(0, LONGEST);
}

// No ticket lets in for longer than it is signed for.
function rulesFor({ expiresAt }, rules) {
  const isShorter = expiresAt && expiresAt * 1000 < Date.parse(rules.closes_at);
  return isShorter ? { ...rules, closes_at: new Date(expiresAt * 1000).toISOString() } : rules;
}

function plain(attempt, reason, result = "invalid") {
  return { ...verdictOf(attempt, { result, reason }), at: attempt.device_at_ms + attempt.offset_ms };
}

function verdictOf({ direction, nonce }, { result, reason, isWarning = false }) {
  return {
    result, reason, isWarning, direction, nonce, message: "", source: "device", cycle: null, ticket: null, usedAt: null,
    usedGate: "",
  };
}

function ticketOf({ id, code, holder_name: holderName, type, colour = "", seat, number = null, ...rest }) {
  const codeEnd = code.slice(-4); // all that is of use here: to tell two tickets of one person
  return { id, codeEnd, holderName, type, colour, seat, number, isVoid: Boolean(rest.is_void), isInside: rest.is_inside };
}
