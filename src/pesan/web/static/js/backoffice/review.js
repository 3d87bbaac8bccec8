// The review queue without page loads: links and decisions swap `#review`, keys press them, the server draws.
import { say } from "../core.js";

const KEYS_OFF = "pesan:keys-off";
const POLL = 15000;
let busy = false;
let turn = 0; // of what was asked for last: what was asked for before it is older
let source = null;

const page = () => document.getElementById("review");

export default function review(root) {
  zoomable(root);
  connect(root.dataset.stream);
  keysSwitch(root);
  if (review.isListening) return;
  review.isListening = true;
  document.addEventListener("keydown", press);
  document.addEventListener("click", follow);
  document.addEventListener("submit", send);
  addEventListener("popstate", () => page() && go(location.href, { history: false }));
  addEventListener("pagehide", () => source?.close());
}

// ---- moving from one order to the next

function follow(event) {
  const link = event.target.closest?.("#review :is(.queue a, a[data-key])");
  if (event.target.closest?.("[data-help]")) return document.getElementById("keys").showModal();
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return undefined;
  event.preventDefault();
  return go(link.href);
}

function send(event) {
  const form = event.target;
  if (!page()?.contains(form) || form.method !== "post") return;
  event.preventDefault();
  go(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) });
}

async function go(url, { history = true, ...request } = {}) {
  if (busy) return;
  busy = true;
  turn += 1;
  page().setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, ...request });
    const fresh = await read(answer);
    // Another page: the log-in when the session ended, else an error, after which the same can be tried again.
    if (!fresh) return answer.redirected ? location.assign(answer.url) : say(page().dataset.failed);
    swap(fresh);
    if (history && answer.url !== location.href && answer.ok) globalThis.history.pushState(null, "", answer.url);
  } catch {
    say(page().dataset.failed);
  } finally {
    busy = false;
    page()?.removeAttribute("aria-busy");
  }
}

// Without its head: the style in there carries another answer's nonce, and parsing it would already break the policy.
async function read(answer) {
  const text = await answer.text();
  const fresh = new DOMParser().parseFromString(text.slice(text.indexOf("<body")), "text/html");
  return fresh.getElementById("review") ? fresh : null;
}

function swap(fresh) {
  const news = fresh.getElementById("review");
  page().replaceWith(news);
  recount(fresh);
  news.dispatchEvent(new CustomEvent("pesan:swap", { bubbles: true }));
  document.querySelector("[data-item]")?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function recount(fresh) {
  const now = fresh.querySelector("[data-waiting]")?.textContent ?? "";
  for (const count of document.querySelectorAll("[data-waiting]")) count.textContent = now;
}

// ---- keys

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !page() || localStorage.getItem(KEYS_OFF)) return;
  const where = event.target;
  if (where.closest?.("dialog, select, textarea, input:not([type=radio])")) return;
  const act = actions[event.key.toLowerCase()] ?? (/^[1-9]$/.test(event.key) && (() => choose(Number(event.key))));
  if (act && act() !== false) event.preventDefault();
}

const actions = {
  j: () => click('a[data-key="j"]'),
  k: () => click('a[data-key="k"]'),
  a: () => click('button[data-key="a"]'),
  r: openReject,
  z: () => zoom(1, true),
  "?": () => document.getElementById("keys").showModal(),
};

function click(selector) {
  const target = page().querySelector(selector);
  if (!target) return false;
  return target.click();
}

function openReject() {
  const details = page().querySelector("[data-reject]");
  if (!details) return false;
  details.open = true;
  return details.querySelector("input[type=radio]").focus();
}

function choose(number) {
  const details = page().querySelector("[data-reject][open]");
  const radio = details?.querySelectorAll("input[type=radio]")[number - 1];
  if (!radio) return false;
  radio.checked = true;
  return radio.focus();
}

// Letters that act must be something a person can turn off (WCAG 2.1.4).
function keysSwitch(root) {
  const box = root.querySelector("[data-keys]");
  box.checked = !localStorage.getItem(KEYS_OFF);
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "yes");
  });
}

// ---- the proof

function zoomable(root) {
  for (const button of root.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
  }
  for (const view of root.querySelectorAll("[data-proof]")) {
    view.firstElementChild.addEventListener("click", (event) => zoomAt(view, event));
  }
}

function zoom(step, around = false) {
  const view = page().querySelector("[data-proof]");
  if (!view) return false;
  const next = level(view) + step;
  return setLevel(view, around && next > 4 ? 1 : next);
}

const level = (view) => Number(view.className.match(/zoom-(\d)/)?.[1] ?? 1);

function setLevel(view, wanted) {
  const size = Math.min(4, Math.max(1, wanted));
  view.classList.remove("is-zoomed", "zoom-2", "zoom-3", "zoom-4");
  if (size > 1) view.classList.add("is-zoomed", `zoom-${size}`);
}

function zoomAt(view, event) {
  const picture = event.currentTarget;
  const x = event.offsetX / picture.clientWidth;
  const y = event.offsetY / picture.clientHeight;
  setLevel(view, level(view) > 1 ? 1 : 3);
  view.scrollTo(picture.clientWidth * x - view.clientWidth / 2, picture.clientHeight * y - view.clientHeight / 2);
}

// ---- what others do meanwhile

function connect(address) {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource(address);
  source.addEventListener("queue", (event) => compare(JSON.parse(event.data)));
  source.addEventListener("gone", () => location.reload());
  // Refused (too many are open): it stays closed, so ask now and then. A broken one comes back by itself.
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) setTimeout(poll, POLL); };
}

async function poll() {
  if (!page()) return;
  if (!document.hidden) await refresh();
  connect(page().dataset.stream);
}

function compare({ refs }) {
  const shown = page()?.dataset.refs ?? "";
  if (page() && refs.join(" ") !== shown) refresh();
}

// The list is replaced; the order under a reviewer's eyes only when somebody else has decided it.
async function refresh() {
  if (busy) return;
  const mine = ++turn;
  const item = page().querySelector("[data-item]");
  const address = item ? `${page().dataset.path}/${item.dataset.item}` : page().dataset.path;
  const answer = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
  const fresh = answer && await read(answer);
  if (!fresh || mine !== turn) return;
  const news = fresh.getElementById("review");
  if (!item || news.querySelector("[data-item]")?.dataset.state !== item.dataset.state) {
    if (item && news.dataset.decided) say(news.dataset.decided);
    swap(fresh);
    return;
  }
  for (const part of ["[data-queue]", "[data-total]", "[data-near]"]) {
    page().querySelector(part)?.replaceChildren(...(news.querySelector(part)?.childNodes ?? []));
  }
  page().dataset.refs = news.dataset.refs;
  recount(fresh);
}
