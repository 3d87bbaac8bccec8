// Keeps an outlet's board true: a socket says that something happened, and the booths are read again. Where no socket
// is to be had they are read every few seconds. Buttons on the board move it without leaving it.
import { parse } from "../page.js";

const POLL = 10_000;
const LONGEST = 30_000;
// Many things that happen at once are read once.
const GAP = 400;
const NEVER_AGAIN = new Set([1008, 4401, 4403]);

export default function board(root) {
  const parts = root.querySelector("[data-parts]");
  const address = new URL(root.dataset.socket, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  let since = Number(root.dataset.seq);
  let socket = null;
  let failures = 0;
  let isOver = false;
  let isLive = false;
  let isReading = false;
  let isStale = false;
  let beat = null;
  let retry = null;
  let poll = null;

  function connect() {
    if (isOver || socket) return;
    address.searchParams.set("since", since);
    socket = new WebSocket(address);
    socket.onmessage = ({ data }) => hear(JSON.parse(data));
    socket.onclose = ({ code }) => lost(code);
  }

  function hear(message) {
    failures = 0;
    clearTimeout(beat);
    if (message.type === "hello") hear.every = message.beatSeconds;
    // Two beats that did not come: the line is dead, whatever the browser believes.
    beat = setTimeout(() => socket?.close(), 2500 * hear.every);
    if (!isLive) show(true);
    if (message.type !== "event" && message.type !== "reset") return;
    since = message.seq;
    read();
  }

  function lost(code) {
    clearTimeout(beat);
    socket = null;
    show(false);
    if (isOver || NEVER_AGAIN.has(code)) return;
    failures += 1;
    clearTimeout(retry);
    retry = setTimeout(connect, Math.min(LONGEST, 500 * 2 ** failures) * (0.5 + Math.random()));
  }

  function show(live) {
    isLive = live;
    for (const line of root.querySelectorAll("[data-link]")) line.hidden = line.dataset.link !== (live ? "live" : "poll");
    clearInterval(poll);
    if (!live && !isOver) poll = setInterval(() => { if (!document.hidden) read(); }, POLL);
  }

  async function read() {
    isStale = true;
    if (isReading) return;
    isReading = true;
    while (isStale && !isOver) {
      isStale = false;
      await fetch(root.dataset.tiles, { headers: { Accept: "text/html" }, cache: "no-store" }).then(take).catch(() => {});
      await new Promise((done) => setTimeout(done, GAP));
    }
    isReading = false;
  }

  // Whoever was signed out meanwhile is sent to where they sign in.
  async function take(answer) {
    if (answer.redirected || answer.status === 401 || answer.status === 403) return location.reload();
    if (answer.ok) swap(parse(await answer.text()).body);
  }

  function swap(fresh) {
    const before = sayings();
    const focused = parts.contains(document.activeElement) && document.activeElement.id;
    parts.replaceChildren(...fresh.childNodes);
    parts.dispatchEvent(new CustomEvent("pesan:swap", { bubbles: true }));
    if (focused) (document.getElementById(focused) ?? stand(focused))?.focus();
    const news = [...sayings()].filter(([id, said]) => before.get(id) !== said).map(([, said]) => said);
    if (news.length) dispatchEvent(new CustomEvent("pesan:speak", { detail: news.slice(0, 3).join(". ") }));
  }

  const sayings = () => new Map([...parts.querySelectorAll("[data-said]")].map((tile) => [tile.id, tile.dataset.said]));
  // A button that has done its work is followed by the next one of the same session.
  const stand = (id) => parts.querySelector(`[id$="${CSS.escape(id.slice(id.indexOf("-") + 1))}"]:is(a, button)`);

  async function send(form) {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" } });
    const page = parse(await answer.text());
    const fresh = page.querySelector("[data-parts]");
    if (!fresh) return location.reload();
    notices(page);
    swap(fresh);
  }

  function notices(page) {
    for (const old of root.querySelectorAll(":scope > .notice")) old.remove();
    const fresh = page.querySelectorAll("#board > .notice");
    root.querySelector("nav").after(...fresh);
  }

  root.addEventListener("submit", (event) => {
    if (!parts.contains(event.target) || event.defaultPrevented) return;
    event.preventDefault();
    if (event.target.dataset.sent) return;
    event.target.dataset.sent = "yes";
    send(event.target).catch(() => location.reload());
  });
  // The server decides that a session is over.
  root.addEventListener("pesan:over", (event) => { event.preventDefault(); setTimeout(read, 300 + Math.random() * 700); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { read(); connect(); } });
  addEventListener("pagehide", () => { isOver = true; clearInterval(poll); socket?.close(); });
  addEventListener("pageshow", (event) => { if (event.persisted) { isOver = false; show(false); read(); connect(); } });
  show(false);
  connect();
}
