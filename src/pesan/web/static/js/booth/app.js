// Starts the screen of a booth: pairing where this tablet belongs to none yet, else whoever comes, one after another.
import { openCamera } from "../gate/camera.js";
import { NoAnswer } from "../gate/send.js";
import { listen } from "../gate/wedge.js";
import { register } from "./device.js";
import { openLink } from "./link.js";
import { codeIn, sceneOf, without } from "./model.js";
import { at, complain, redraw, show, showCamera, showLink, showPairing } from "./screen.js";
import { openVault } from "./vault.js";
import { speak, word } from "./words.js";

const PAIRING = /^[0-9A-HJKMNP-TV-Z]{8}$/;
const TICK_MS = 250;
const DONE_MS = 8000;
const SAME_MS = 3000;
const SEEN_MS = 4000; // a phone that is held in view is one showing
const NOTHING = { booth: null, outlet: null, current: null, next: null };
const boothId = location.pathname.split("/")[2];
const appVersion = document.body.dataset.version;
const camera = openCamera(at("scan-video"), { onText: sight, onChange: () => showCamera(camera.isOn) });
const state = { vault: null, link: null, now: NOTHING, ends: {}, running: null, doneUntil: 0, seen: null, ticking: null };

async function boot() {
  redraw();
  showCamera(false);
  for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => say(button.dataset.language));
  at("pair-form").addEventListener("submit", (event) => { event.preventDefault(); pair(); });
  at("code-form").addEventListener("submit", (event) => { event.preventDefault(); arriveBy(at("code").value); });
  at("camera").addEventListener("click", () => (camera.isOn ? camera.stop() : startCamera()));
  at("start").addEventListener("click", begin);
  at("finish").addEventListener("click", () => at("sure").showModal());
  at("sure-no").addEventListener("click", () => at("sure").close());
  at("sure-yes").addEventListener("click", () => { at("sure").close(); finish(); });
  listen((text) => { if (state.link) arriveBy(text); });
  state.vault = await openVault(boothId);
  const kept = await state.vault.recall();
  const code = new URLSearchParams(location.search).get("pair");
  if (kept.device) return run(kept);
  if (code) at("pair-code").value = code;
  return showPairing();
}

// ---- belonging to a booth

async function pair() {
  const code = at("pair-code").value.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  const name = at("pair-name").value.trim();
  at("pair-code-error").textContent = PAIRING.test(code) ? "" : word("pair_code_bad");
  at("pair-name-error").textContent = name ? "" : word("pair_name_bad");
  if (!PAIRING.test(code)) return at("pair-code").focus();
  if (!name) return at("pair-name").focus();
  at("pair-submit").disabled = true;
  try {
    const device = await register({ code, name, appVersion });
    complain("");
    await (device.boothId === boothId ? state.vault : await openVault(device.boothId)).saveDevice(device);
    // A code is a booth's own: a tablet that was opened at another address goes where it belongs.
    if (device.boothId !== boothId) return location.replace(`/booth/${device.boothId}`);
    history.replaceState(null, "", `/booth/${boothId}`);
    return run(await state.vault.recall());
  } catch (error) {
    return complain(error instanceof NoAnswer ? word("pair_offline") : error.code ? error.detail : word("pair_old"));
  } finally {
    at("pair-submit").disabled = false;
  }
}

function run({ device, now, ends, reports }) {
  Object.assign(state, { now: now ?? NOTHING, ends });
  const link = openLink({ vault: state.vault, device, boothId, appVersion, reports });
  state.link = link;
  link.addEventListener("now", ({ detail }) => take(detail));
  link.addEventListener("state", draw);
  link.addEventListener("taken", ({ detail: { id, event } }) => { if (event === "finish") take(without(state.now, id)); });
  link.addEventListener("refused", ({ detail }) => refuse(detail));
  link.addEventListener("revoked", ({ detail }) => leave(detail.detail));
  link.start();
  state.ticking = setInterval(draw, TICK_MS);
  draw();
  stayAwake();
}

function leave(why) {
  clearInterval(state.ticking);
  camera.stop();
  Object.assign(state, { link: null, now: NOTHING, ends: {}, running: null });
  showPairing();
  complain(why, { stays: true });
}

// A session that is over already is what the screen wanted.
function refuse({ report: { id, event }, error }) {
  forget(id);
  if (error instanceof NoAnswer) return complain(word("failed"));
  if (event === "finish" && state.now.current?.state === "ONGOING") take(without(state.now, id));
  return event === "start" && complain(error.detail);
}

function take(now) {
  state.now = now;
  for (const [id, endsMs] of Object.entries(state.ends)) if (!isOwn(id, endsMs, now)) forget(id);
  state.vault.saveNow(now).catch(console.error);
  draw();
}

// What is over there, or was put back, need not be remembered here; of what both count the same, the server's word stands.
function isOwn(id, endsMs, { current, next }) {
  if (state.link.reports.some((one) => one.id === id)) return true;
  if (current?.id !== id) return next?.id === id;
  return current.state === "ONGOING" && Math.abs(Date.parse(current.due_at) - endsMs) >= SAME_MS;
}

// ---- drawing, several times a second

function draw() {
  if (!state.link) return;
  const nowMs = state.link.serverNow();
  const found = sceneOf(state.now, state.link.reports, state.ends, nowMs);
  watchEnd(found, nowMs);
  const isDone = nowMs < state.doneUntil;
  const scene = found.scene === "running" || (found.scene === "ready" && !isDone) ? found.scene : isDone ? "done" : "idle";
  if (scene !== "running" && at("sure").open) at("sure").close();
  const { booth, outlet } = state.now;
  show({ ...found, scene, nowMs, booth, outlet, zone: outlet?.timezone });
  showLink({ isOnline: state.link.isOnline, waiting: state.link.reports.length });
}

// Whichever way a session ended, whoever stands there is thanked; one that was put back is none.
function watchEnd({ scene, session }, nowMs) {
  const last = state.running;
  state.running = scene === "running" ? session.id : null;
  if (!last || last === state.running) return;
  if (scene !== "ready" || session.id !== last) state.doneUntil = nowMs + DONE_MS;
  // The server counts from when it heard of the start: what began here without a network is ended here as well.
  if (state.ends[last] <= nowMs) report("finish", last).catch(console.error);
  state.link.hurry();
}

// ---- what people do

async function begin() {
  const { session, scene } = sceneOf(state.now, state.link.reports, state.ends, state.link.serverNow());
  if (scene !== "ready") return;
  const nowMs = state.link.serverNow();
  state.ends = { ...state.ends, [session.id]: nowMs + session.duration_minutes * 60_000 };
  const sending = report("start", session.id);
  draw();
  await state.vault.saveEnds(state.ends);
  await sending;
}

function finish() {
  if (state.running) report("finish", state.running).then(draw).catch(console.error);
}

async function report(event, id) {
  const { reports } = state.link;
  if (reports.some((one) => one.id === id && one.event === event)) return;
  await state.link.report({ id, event, at: state.link.serverNow() });
}

function forget(id) {
  const { [id]: _, ...rest } = state.ends;
  state.ends = rest;
  state.vault.saveEnds(rest).catch(console.error);
}

function sight(text) {
  const nowMs = performance.now();
  const isNew = state.seen?.text !== text || nowMs - state.seen.at > SEEN_MS;
  state.seen = { text, at: nowMs };
  if (isNew) arriveBy(text);
}

async function arriveBy(text) {
  const code = codeIn(text);
  if (!code) return complain(word("code_bad"));
  complain("");
  try {
    const { body } = await state.link.call(`/session/${code}/arrival`, { method: "POST" });
    if (at("code").value === text) at("code").value = ""; // not what somebody else types meanwhile
    if (body.status === "EXPIRED") complain(word("late"));
  } catch (error) {
    complain(error instanceof NoAnswer ? word("scan_offline") : error.detail ?? word("failed"));
  }
  return state.link?.hurry();
}

async function startCamera() {
  complain("");
  try {
    await camera.start();
  } catch (error) {
    camera.stop();
    complain(word(error.name === "NotAllowedError" ? "camera_denied" : "camera_none"));
  }
}

// The lock is let go by itself whenever the page is hidden.
async function stayAwake() {
  if (!document.hidden) await navigator.wakeLock?.request("screen").catch(() => null);
}

function say(language) {
  speak(language);
  redraw();
  showCamera(camera.isOn);
  draw();
}

document.addEventListener("visibilitychange", () => { if (state.link) stayAwake(); });
boot().catch((error) => {
  console.error(error);
  showPairing();
  complain(word("pair_old"));
}).finally(() => navigator.serviceWorker?.register("/booth/sw.js", { scope: "/booth/" }).catch(console.error));
