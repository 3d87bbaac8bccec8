// Starts the gate: pairing where this phone belongs to none yet, else scanning. What it means is decided by `scanner.js`
// and `link.js`; this file brings them together with camera, keyboard and screen.
import { openCamera } from "./camera.js";
import { forgetCounters, passed, recallCounters, takeCounters } from "./counters.js";
import { register } from "./device.js";
import { openLink } from "./link.js";
import { openManual } from "./manual.js";
import { openPairing } from "./pairing.js";
import { openScanner } from "./scanner.js";
import { at, openScreen } from "./screen.js";
import { openMenu } from "./menu.js";
import { watch } from "./sighting.js";
import { unlock } from "./sound.js";
import { openTurns } from "./turns.js";
import { openUnsent } from "./unsent.js";
import { openVault } from "./vault.js";
import { listen } from "./wedge.js";
import { openWire } from "./wire.js";
import { speak, word } from "./words.js";

// A verdict is seen for this long before the next ticket may take its place.
const SHOWN_MS = 700;
// Before that, a gate that was just opened is not said to be without a network.
const PATIENCE_MS = 3000;
const RECOUNT_MS = 1000;
const appVersion = document.body.dataset.version;
const screen = openScreen();
const sightings = watch();
const camera = openCamera(at("scan-video"), { onText: sight, onChange: () => screen.setCamera(camera) });
const gate = { vault: null, wire: null, link: null, scanner: null, roster: null, hasBundle: null, trouble: "" };
const turns = openTurns(judge, () => new Promise((resolve) => { setTimeout(resolve, SHOWN_MS); }));
// The disk is slow, so it is asked before anything is drawn.
const opening = openVault();
let wakeLock = null;
let isAsking = false;
let recount = null;

async function boot() {
  for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => say(button.dataset.language));
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => { unlock(); stayAwake(); });
  document.addEventListener("visibilitychange", stayAwake);
  at("camera").addEventListener("click", () => (camera.isOn ? camera.stop() : startCamera()));
  at("torch").addEventListener("click", () => camera.toggleTorch().catch(console.error));
  screen.setCamera(camera);
  gate.vault = await opening;
  const { device, roster } = await gate.vault.recall();
  const pairing = openPairing({
    register: ({ code, name }) => register(gate.vault, { code, name, appVersion }),
    onPaired: (paired) => { history.replaceState(null, "", "/gate"); run(paired, gate.vault.loadBundle()); },
  });
  openManual({ check, search: (text) => gate.scanner.find(text) });
  const menu = openMenu({ gate, onUnpair: leave });
  openUnsent({ gate, onRetry: tell });
  listen((text) => { if (gate.scanner && !screen.isSheetOpen) check(text); });
  const code = new URLSearchParams(location.search).get("pair");
  if (code) pairing.fill(code);
  if (!device) return screen.showPairing(await waitingHere());
  run(device, roster);
  // A phone of yesterday's event that is shown today's code.
  if (code) await menu.offerNew();
  return undefined;
}

// ---- a phone that belongs to a gate

// Whoever waits at the door is judged first, then the server is asked for news.
function run(device, loading) {
  const { vault } = gate;
  const wire = openWire({ vault, device, appVersion });
  const link = openLink({ wire, vault });
  Object.assign(gate, { wire, link, scanner: openScanner({ wire, vault, link }) });
  screen.showScanner({ event: device.event.title, gate: [device.gate.name, device.gate.location].filter(Boolean).join(" · ") });
  screen.setCounters(recallCounters());
  link.addEventListener("roster", ({ detail }) => takeRoster(detail));
  link.addEventListener("counters", ({ detail }) => { screen.setCounters(takeCounters(detail)); tell(); });
  link.addEventListener("settled", ({ detail }) => detail.forEach(screen.showConflict));
  link.addEventListener("unsent", ({ detail }) => screen.showUnsent(detail));
  link.addEventListener("revoked", async () => close(`${word("revoked")} ${await waitingHere()}`.trim()));
  link.addEventListener("trouble", ({ detail }) => { gate.trouble = detail.detail ?? String(detail); tell(); });
  link.addEventListener("state", ({ detail }) => { if (detail.isOnline) gate.trouble = ""; });
  for (const change of ["state", "queue", "changes", "unsent", "over", "shut"]) link.addEventListener(change, tell);
  // Counts come with changes, up to a moment older than these: asked once more when it is quiet.
  link.addEventListener("changes", () => { clearTimeout(recount); recount = setTimeout(link.hurry, RECOUNT_MS); });
  gate.startedAt = performance.now();
  setTimeout(tell, PATIENCE_MS);
  loading.then(takeRoster).catch(console.error).finally(() => link === gate.link && settleIn(link));
}

function settleIn(link) {
  link.start();
  navigator.storage?.persist?.().catch(() => {});
  tell();
}

function takeRoster(roster) {
  gate.hasBundle = Boolean(roster);
  gate.roster = roster;
  if (roster) screen.setRules(roster.rules);
  tell();
}

async function tell() {
  const { vault, wire, link, hasBundle, trouble } = gate;
  if (!link) return;
  const waiting = await vault.lengths(wire.device.event.id);
  const isNew = performance.now() - gate.startedAt < PATIENCE_MS;
  const state = wire.isShut ? "shut" : link.isOnline ? "online" : isNew ? "connecting" : "offline";
  screen.setLink({ state, ...waiting, skewMs: wire.offsetMs, hasBundle, trouble, isOver: link.isOver });
}

// A phone that was taken back still has what it could not send; its gate's next code lets it out.
async function waitingHere() {
  const count = await gate.vault.queueLength();
  return count ? word("kept", { count }) : "";
}

async function leave() {
  gate.link?.stop(); // what is on its way comes too late
  await gate.vault.wipe();
  close("");
}

function close(notice) {
  gate.link?.stop();
  turns.clear();
  Object.assign(gate, { wire: null, link: null, scanner: null, roster: null, hasBundle: null, trouble: "" });
  forgetCounters();
  camera.stop();
  screen.closeSheets();
  screen.dismiss();
  screen.forget();
  screen.showPairing(notice);
}

// ---- scanning

function sight(text) {
  const isFree = turns.isFree() && !screen.isSheetOpen;
  if (sightings.isNew(text, isFree)) check(text);
}

function check(text, manual = null) {
  turns.add({ text: text ?? "", manual, direction: screen.direction });
}

async function judge({ text, manual, direction }) {
  if (!gate.scanner) return;
  const slow = setTimeout(() => screen.setBusy(true), 300);
  try {
    const verdict = await gate.scanner.scan(text, direction, manual);
    screen.showVerdict(verdict);
    screen.setCounters(passed(verdict));
  } catch (error) {
    sightings.forget();
    if (error.status !== 401) screen.showVerdict({ result: "invalid", reason: "failed", direction });
    if (error.status !== 401) console.error(error);
  } finally {
    clearTimeout(slow);
    screen.setBusy(false);
    tell();
  }
}

async function startCamera() {
  at("scan-idle").textContent = word("camera_idle");
  try {
    await camera.start();
    await stayAwake();
  } catch (error) {
    camera.stop();
    at("scan-idle").textContent = word(error.name === "NotAllowedError" ? "camera_denied" : "camera_none");
  }
}

// The lock is let go by itself whenever the page is hidden.
async function stayAwake() {
  if (document.hidden || !gate.scanner || isAsking || (wakeLock && !wakeLock.released)) return;
  isAsking = true;
  wakeLock = await navigator.wakeLock?.request("screen").catch(() => null);
  isAsking = false;
}

function say(language) {
  speak(language);
  screen.redraw();
  screen.setCamera(camera);
}

boot().catch((error) => {
  console.error(error);
  screen.showPairing(word("pair_old"));
}).finally(() => navigator.serviceWorker?.register("/gate/sw.js", { scope: "/gate" }).catch(console.error));
