// Draws what the gate says; decides nothing. Exports `at(id)`, an element of the page, `line(name, text)`, a new one,
// `placeOf(ticket)`, `endOf(ticket)`, `toneOf(verdict)`, and `openScreen()`:
//   showPairing(notice), showScanner({ event, gate }), setCounters(counters), setLink({ state, queued, elsewhere, unsent,
//   skewMs, hasBundle, trouble, isOver }), where `elsewhere` counts what waits of another event, `trouble` is what
//   keeps the device from the server besides the network, and `isOver` says that its list stays as it is,
//   setRules(rules), direction,
//   setCamera(camera), setBusy(on), showVerdict(verdict), dismiss(), isSheetOpen, closeSheets(), showConflict(result),
//   showUnsent({ detail }), forget(), redraw()
// A verdict is one of `scanner.js`.
import { signal } from "./sound.js";
import { clock, fill, verdictWords, word } from "./words.js";

const SKEW_MS = 120_000;
const KEPT = 30;
// How long a verdict stands when nobody taps; a refusal stands until somebody does, or the next ticket.
const STANDS_MS = { go: 2500, look: 6000 };
// The device could not tell; that says nothing about the ticket.
const UNSURE = new Set(["no_bundle", "no_network", "gate_shut", "failed"]);
const TONES = { ok: "go", wrong_event: "away", not_yet: "away", too_late: "away" };
const ICONS = {
  good: "circle-check", unreadable: "circle-x", forged: "circle-x", unknown: "circle-x", other_event: "calendar-x", event_cancelled: "ban", voided: "ban",
  superseded: "ban", not_open: "hourglass", closed: "clock", slice_over: "timer", static_refused: "image", already_in: "users",
  already_used: "history", not_in: "circle-alert", no_bundle: "wifi-off", no_network: "wifi-off", gate_shut: "lock", failed: "refresh-cw",
};

export const at = (id) => document.getElementById(id);

export function toneOf({ result, reason, isWarning }) {
  if (UNSURE.has(reason)) return "unsure";
  return result === "ok" && isWarning ? "look" : TONES[result] ?? "stop";
}

export function openScreen() {
  const state = { history: [], timer: null, focused: null, link: null };
  wireSheets();
  at("verdict-next").addEventListener("click", dismiss);
  addEventListener("keydown", ({ key }) => { if (key === "Escape") dismiss(); });
  for (const button of directions()) button.addEventListener("click", () => choose(button));

  function showVerdict(verdict) {
    clearTimeout(state.timer);
    const tone = toneOf(verdict);
    const [said, hint] = drawVerdict(verdict, tone);
    if (at("verdict").hidden) state.focused = document.activeElement;
    at("verdict").hidden = false;
    at("verdict-next").focus({ preventScroll: true });
    at("said").textContent = "";
    at("said").textContent = [said, hint, whoOf(verdict), firstOf(verdict)].filter(Boolean).join(". ");
    signal(tone);
    const entry = { said, tone, who: whoOf(verdict), at: Date.now(), isOffline: verdict.source === "device" };
    onceDrawn(() => { at("scan").inert = !at("verdict").hidden; remember(entry); });
    if (STANDS_MS[tone]) state.timer = setTimeout(dismiss, STANDS_MS[tone]);
  }

  // One that this screen let in had come in elsewhere: whoever stands here should know, and need do nothing.
  function showConflict({ conflict }) {
    if (!conflict) return;
    remember({ said: word("conflict"), tone: "stop", who: word("conflict_told"), at: Date.now() });
    at("said").textContent = `${word("conflict")}. ${word("conflict_told")}`;
  }

  // The server will never take it, so a person has to know of it.
  function showUnsent({ detail }) {
    remember({ said: word("unsent"), tone: "stop", who: word(detail), at: Date.now() });
  }

  function dismiss() {
    if (at("verdict").hidden) return;
    clearTimeout(state.timer);
    at("verdict").hidden = true;
    at("scan").inert = false;
    state.focused?.focus?.({ preventScroll: true });
  }

  function remember(entry) {
    state.history = [entry, ...state.history].slice(0, KEPT);
    addHistory(entry);
  }

  function choose(chosen) {
    for (const button of directions()) button.setAttribute("aria-pressed", String(button === chosen));
  }

  function redraw() {
    fill();
    drawHistory(state.history);
    if (state.link) drawLink(state.link);
    markLanguage();
  }

  redraw();
  return {
    redraw, showVerdict, showConflict, showUnsent, dismiss, showPairing, showScanner, setCounters, setRules, setCamera, closeSheets,
    setLink: (link) => { state.link = link; drawLink(link); },
    setBusy: (on) => { at("scan-busy").hidden = !on; },
    forget: () => { state.history = []; drawHistory([]); },
    get direction() { return directions().find((one) => one.getAttribute("aria-pressed") === "true").dataset.direction; },
    get isSheetOpen() { return document.querySelector("dialog[open]") !== null; },
  };
}

// ---- the verdict

// What is behind it can wait until it is seen. A page in the background draws nothing.
function onceDrawn(run) {
  if (document.hidden) run();
  else requestAnimationFrame(() => setTimeout(run));
}

function drawVerdict(verdict, tone) {
  const [said, hint] = verdictWords(verdict);
  const first = firstOf(verdict);
  at("verdict").dataset.tone = tone;
  at("verdict").dataset.result = verdict.result;
  at("verdict-word").textContent = said;
  at("verdict-hint").textContent = hint;
  at("verdict-first").textContent = first;
  at("verdict-first").hidden = !first;
  at("verdict-ticket").hidden = !verdict.ticket;
  at("verdict-name").textContent = verdict.ticket?.holderName ?? "";
  at("verdict-kind").textContent = kindOf(verdict.ticket);
  at("verdict-note").textContent = verdict.source === "device" && tone !== "unsure" ? word("judged_offline") : "";
  draw(at("verdict-icon"), tone === "look" ? "triangle-alert" : ICONS[verdict.reason] ?? "circle-x");
  return [said, hint];
}

function draw(use, name) {
  use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#${name}`);
}

function kindOf(ticket) {
  return ticket ? [ticket.type, placeOf(ticket), endOf(ticket)].filter(Boolean).join(" · ") : "";
}

export function endOf({ codeEnd }) {
  return codeEnd ? `…${codeEnd}` : "";
}

// Where nobody has a seat, the ticket's own number stands in its place.
export function placeOf({ seat, number }) {
  const place = String(seat || number || "");
  return place && `${word(/^\d+$/.test(place) ? "number" : "seat")} ${place}`;
}

function whoOf({ ticket }) {
  return ticket ? [ticket.holderName, kindOf(ticket)].filter(Boolean).join(", ") : "";
}

function firstOf({ result, usedAt, usedGate }) {
  if (result !== "duplicate" || !usedAt) return "";
  return [`${word("first_entry")} ${clock(usedAt)}`, usedGate].filter(Boolean).join("\n");
}

// ---- the scanner

function showScanner({ event, gate }) {
  at("pair").hidden = true;
  at("scan").hidden = false;
  at("scan-event").textContent = event;
  at("scan-gate").textContent = gate;
}

function showPairing(notice = "") {
  at("scan").hidden = true;
  at("pair").hidden = false;
  at("pair-notice").hidden = !notice;
  at("pair-notice").textContent = notice;
}

function drawLink({ state, queued, elsewhere, unsent, skewMs, hasBundle, trouble, isOver }) {
  const bar = at("scan-state");
  Object.assign(bar.dataset, { state, roster: hasBundle ? "here" : "missing" });
  const said = [word(state), queued ? word("queued", { count: queued }) : ""].filter(Boolean).join(" · ");
  // A live region that says the same again is a nuisance.
  if (at("scan-state-text").textContent !== said) at("scan-state-text").textContent = said;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const warnings = [
    hasBundle === false ? word("stale") : "", Math.abs(skewMs) > SKEW_MS ? word("clock_off", { minutes }) : "",
    elsewhere ? word("elsewhere", { count: elsewhere }) : "", unsent ? word("unsent_count", { count: unsent }) : "",
    isOver ? word("list_over") : "", trouble ? word("trouble", { why: trouble }) : "",
  ].filter(Boolean).join(" ");
  if (at("scan-warning").textContent !== warnings) at("scan-warning").textContent = warnings;
  at("scan-warning").hidden = !warnings;
}

function setCounters({ inside = "–", left = "–", perMinute = "–" }) {
  at("count-inside").textContent = inside;
  at("count-left").textContent = left;
  at("count-per-minute").textContent = perMinute;
}

// Where nobody comes back, nobody scans exits either, and a switch would only be in the way.
function setRules({ reentry }) {
  at("scan-direction").hidden = reentry === "none";
  if (reentry === "none") directions()[0].click();
}

function setCamera(camera) {
  at("scan-idle").hidden = camera.isOn;
  at("camera-word").textContent = word(camera.isOn ? "camera_off" : "camera_on");
  at("torch").hidden = !camera.hasTorch;
  at("torch").setAttribute("aria-pressed", String(camera.isLit));
  at("torch-word").textContent = word(camera.isLit ? "torch_off" : "torch_on");
}

function directions() {
  return [...at("scan-direction").querySelectorAll("[data-direction]")];
}

function markLanguage() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === document.documentElement.lang));
  }
}

// ---- the last scans

function drawHistory(entries) {
  drawLast(entries[0]);
  at("history-list").replaceChildren(...entries.map(row));
}

// All of them anew would be slow, and somebody waits.
function addHistory(entry) {
  drawLast(entry);
  at("history-list").prepend(row(entry));
  at("history-list").children[KEPT]?.remove();
}

function drawLast(last) {
  at("last-dot").dataset.tone = last?.tone ?? "";
  at("last-text").textContent = last ? `${clock(last.at)} · ${[last.said, last.who].filter(Boolean).join(" · ")}` : word("last_none");
  at("history-none").hidden = Boolean(last);
}

function row({ said, tone, who, at: time, isOffline }) {
  const item = document.createElement("li");
  const dot = Object.assign(document.createElement("span"), { className: "scan__dot" });
  dot.dataset.tone = tone;
  const words = document.createElement("div");
  const notes = [clock(time), who, isOffline ? word("judged_offline") : ""].filter(Boolean).join(" · ");
  words.append(line("b", said), line("p", notes));
  item.append(dot, words);
  return item;
}

export function line(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}

// ---- what slides over it

function wireSheets() {
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.addEventListener("click", () => at(button.dataset.opens).showModal());
  }
  for (const sheet of document.querySelectorAll("dialog")) {
    // A tap beside it closes it, as people expect of what slid up.
    sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
    sheet.querySelector("[data-closes]").addEventListener("click", () => sheet.close());
  }
}

function closeSheets() {
  for (const sheet of document.querySelectorAll("dialog[open]")) sheet.close();
}
