// One scan, with or without a network. Exports `openScanner({ wire, vault, link }) -> { scan, find }`:
//   scan(text, direction = "entry", manual = null) -> Promise<verdict>; `manual` is { ticketId, reason } of a ticket that
//     staff looked up, whose `text` may be empty. Never throws for want of a network: after 2.5 seconds the device decides.
//   find(text) -> Promise<[ticket]>, at most 20, by the name of the holder, and with a network by the start of the code
// A verdict is { result, reason, isWarning, message (the server's, or ""), source: "server" | "device", direction, nonce,
// at (ms, corrected), cycle, ticket, usedAt (ms or null) and usedGate, of a ticket that came in
// before }, and a ticket { id, codeEnd (or "" where the device decides), holderName, type, colour, seat, number }. Two reasons are the device's own, and nothing is queued for them: "no_bundle" (nothing was ever synced,
// or too long ago) and "no_network" (this event's codes are checked online only). A device that was taken back rejects
// with Refused.
import { nameTicket, placeTicket, readCode } from "./code.js";
import { NoAnswer } from "./send.js";
import { NoBundle } from "./vault.js";
import { judge } from "./verdict.js";

const LONGEST = 1024;
const SAME_TRY = 60_000;
const MOST_OFFSET = 365 * 24 * 60 * 60 * 1000;
const PATIENCE = 2500;

export function openScanner({ wire, vault, link, patience = PATIENCE }) {
  const unanswered = new Map();

  async function scan(text, direction = "entry", manual = null) {
    const attempt = attemptOf(text, direction, manual);
    if (attempt.qr === "") return plain(attempt, "unreadable");
    const verdict = await isWaiting(attempt) ? await offline(attempt) : await online(attempt) ?? await offline(attempt);
    if (verdict.result === null) remember(attempt);
    else unanswered.delete(nameOf(attempt));
    return verdict.result === null ? { ...verdict, result: "invalid" } : verdict;
  }

  function attemptOf(text, direction, manual) {
    const shown = manual ? { ticket_id: manual.ticketId, manual_reason: reasonOf(manual) } : { qr: sendable(text) };
    const attempt = { direction, ...shown };
    const tried = unanswered.get(nameOf(attempt));
    const isRecent = tried && performance.now() - tried.at < SAME_TRY;
    const nonce = isRecent ? tried.nonce : crypto.randomUUID();
    return { ...attempt, text, nonce, ...timesOf(Date.now(), wire.offsetMs) };
  }

  // The server may have had it: another try must be the same scan, not a second one.
  function remember(attempt) {
    if (unanswered.size > 20) unanswered.clear();
    unanswered.set(nameOf(attempt), { nonce: attempt.nonce, at: performance.now() });
  }

  // What waits here the server does not know yet, so only this device knows where such a ticket stands.
  async function isWaiting({ text, ticket_id: ticketId }) {
    if (!await vault.queueLength()) return false;
    const roster = await vault.loadBundle();
    const tid = roster && (ticketId ?? await nameTicket(text, roster));
    return Boolean(tid) && vault.isWaiting(tid);
  }

  // ---- the server decides

  async function online({ text, ...attempt }) {
    if (!link.isOnline) return null;
    try {
      const body = { ...attempt, device_id: wire.device.deviceId };
      const answer = (await wire.call("/v1/scan", { method: "POST", body, timeout: patience })).body;
      await note(attempt, answer).catch(console.error);
      return serverVerdict(attempt, answer);
    } catch (error) {
      if (wire.isRevoked) throw error;
      if (error instanceof NoAnswer) link.failed();
      else console.error(error);
      return null;
    }
  }

  // Known here at once, for the moment when the network goes.
  async function note({ direction }, { result, ticket, cycle, server_time: at }) {
    if (result !== "ok" || !ticket) return;
    const isInside = direction === "entry";
    const gate = wire.device.gate.name;
    await vault.applyChanges([{ ticket_id: ticket.id, is_inside: isInside, cycle, entered_at: at, gate }]);
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

  async function offline(attempt) {
    try {
      const roster = await vault.loadBundle();
      if (!roster) return plain(attempt, "no_bundle", null);
      if (roster.is_online_only) return plain(attempt, "no_network", null);
      const verdict = await decide(attempt, roster);
      if (link.isOnline) link.hurry(); // nobody else knows of it until it is sent
      return verdict;
    } catch (error) {
      if (error instanceof NoBundle) return plain(attempt, "no_bundle", null);
      throw error;
    }
  }

  async function decide({ text, ...attempt }, roster) {
    const at = attempt.device_at_ms + attempt.offset_ms;
    const shown = await read(text, attempt, roster, at);
    const rules = rulesFor(shown, roster.rules);
    const say = (standing) => judge(shown, rules, standing, attempt.direction, at);
    const letter = { ...attempt, is_live: shown.isCodeLive };
    const isUnknown = shown.kind === "code" && !shown.tid;
    const said = shown.tid
      ? await vault.admit(shown.tid, say, letter)
      : await refuse(letter, isUnknown ? { result: "invalid", reason: "unknown" } : say({ cycle: 0, isInside: false }));
    const isUsed = said.result === "duplicate";
    return {
      ...verdictOf(attempt, said), at, ticket: shown.tid && roster.find(shown.tid),
      usedAt: (isUsed && said.first?.at) || null, usedGate: (isUsed && said.first?.gate) || "",
    };
  }

  async function refuse(letter, decision) {
    await vault.queue(letter, decision);
    return decision;
  }

  async function read(text, { ticket_id: ticketId, manual_reason: reason }, roster, at) {
    const shown = ticketId ? placeTicket(ticketId, roster) : await readCode(text, roster, Math.floor(at / 1000));
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

function nameOf({ qr, ticket_id: ticketId, direction }) {
  return `${direction} ${ticketId ?? qr}`;
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
