// Draws what the booth says; decides nothing. Exports `at(id)`, `show(view)`, `showLink(state)`, `complain(text)`,
// `showCamera(isOn)`, `showPairing()`, `redraw()`. A view is { scene: "idle" | "ready" | "running" | "done", session,
// dueMs, next, nowMs, zone, booth, outlet }.
import { clock, fill, language, word } from "./words.js";

const SCENES = ["pair", "idle", "ready", "running", "done"];
const STANDS_MS = 12_000;
// How many minutes are left is said aloud at these.
const SAID = new Set([10, 5, 3, 2, 1]);
let spokenMinutes = null;
let hiding = null;

export const at = (id) => document.getElementById(id);

export function showPairing() {
  at("head").hidden = true;
  turnTo("pair");
}

export function show(view) {
  at("head").hidden = false;
  write("booth-name", view.booth?.name ?? "");
  write("outlet-name", view.outlet?.name ?? "");
  write("clock", clock(view.nowMs, view.zone));
  draw[view.scene]?.(view);
  if (turnTo(view.scene)) announce(view);
}

const draw = {
  idle: ({ next, zone }) => write("idle-next", nextWords(next, zone)),
  ready({ session, next, zone }) {
    write("ready-title", word("ready_title", { customer: session.customer }));
    write("ready-lead", word("ready_lead", { minutes: session.duration_minutes }));
    write("ready-next", nextWords(next, zone));
  },
  running(view) {
    const { session, dueMs, nowMs, next, zone } = view;
    const left = Math.max(0, Math.ceil((dueMs - nowMs) / 1000));
    write("running-title", word("running_title", { customer: session.customer }));
    at("count").toggleAttribute("data-long", left >= 6000);
    write("count", `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
    write("running-next", nextWords(next, zone));
    at("bar").setAttribute("width", String(Math.min(100, (left * 100) / (session.duration_minutes * 60))));
    tellMinutes(Math.ceil(left / 60));
  },
};

export function showLink({ isOnline, waiting }) {
  at("link").dataset.state = isOnline ? "online" : "offline";
  write("link-text", [word(isOnline ? "online" : "offline"), waiting ? word("waiting", { count: waiting }) : ""].filter(Boolean).join(" · "));
}

// Whoever stands there reads it, and the next one need not; why a screen serves nobody any more `stays`.
export function complain(text, { stays = false } = {}) {
  clearTimeout(hiding);
  write("problem", text);
  at("problem").hidden = !text;
  if (text && !stays) hiding = setTimeout(() => complain(""), STANDS_MS);
}

export function showCamera(isOn) {
  at("scan-view").hidden = !isOn;
  write("camera-word", word(isOn ? "camera_off" : "camera_on"));
}

export function redraw() {
  fill();
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  }
}

function turnTo(scene) {
  if (!at(scene).hidden) return false;
  for (const other of SCENES) at(other).hidden = other !== scene;
  turnArrival(scene);
  return true;
}

// Whoever comes next arrives in every scene; where somebody else is there, beside what is theirs.
function turnArrival(scene) {
  at("arrival").hidden = scene === "pair";
  at("arrival").classList.toggle("booth__arrival--small", scene !== "idle");
  at("arrival-lead").hidden = scene === "idle";
  at("camera").classList.toggle("button--primary", scene === "idle");
}

function announce({ scene }) {
  spokenMinutes = null;
  write("said", at(`${scene}-title`).textContent);
}

function tellMinutes(minutes) {
  if (minutes === spokenMinutes || !SAID.has(minutes)) return;
  spokenMinutes = minutes;
  write("said", word("minutes_left", { count: minutes }));
}

function nextWords(next, zone) {
  if (!next) return "";
  if (next.state === "ARRIVED") return word("arrived_wait", { customer: next.customer });
  return word("next", { customer: next.customer, time: clock(Date.parse(next.starts_at), zone) });
}

// A live region that says the same again is a nuisance.
function write(id, text) {
  if (at(id).textContent !== text) at(id).textContent = text;
}
