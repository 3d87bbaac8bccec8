// Keeps the `[data-live]` parts true: a stream of hints where it may have one, polling where not, and then the page
// itself is read again. The server stays the only one that draws. A `data-steady` page changes all the time: it is read
// now and then beside its stream too, and changes without a transition. A `data-mark` says more than the state: what
// changes while that stays. A page without such parts, as one where a file may be chosen already, is loaded anew instead.
import { parse } from "./page.js";

export default function live(root) {
  const { events, check, every, steady } = root.dataset;
  const markOf = (said) => said.mark ?? said.state;
  const hasMark = root.dataset.mark !== undefined;
  let mark = markOf(root.dataset);
  let timer = null;
  let stream = null;
  let over = false;
  let asked = 0;

  const isNews = (told) => (hasMark ? markOf(told) : told.state) !== mark;
  const wait = () => Number(every) * 1000 * (0.8 + Math.random() * 0.4);
  const plan = () => { clearTimeout(timer); if (!over) timer = setTimeout(poll, wait()); };

  function listen() {
    over = false;
    if (!events || !("EventSource" in globalThis)) return plan();
    stream = new EventSource(events);
    if (steady !== undefined) plan();
    stream.addEventListener("state", (event) => { if (isNews(JSON.parse(event.data))) refresh().catch(plan); });
    // A refused stream (too many are open) stays closed: poll instead. A broken one comes back by itself.
    stream.onerror = () => { if (stream.readyState === EventSource.CLOSED) plan(); };
  }

  async function poll() {
    if (over || !root.isConnected) return;
    if (!document.hidden) await (check ? look() : refresh()).catch(() => {});
    plan();
  }

  async function look() {
    const answer = await fetch(check, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.ok && isNews(await answer.json())) await refresh();
  }

  // A stream says each change once, so one that could not be read is asked for again. Of several only the last counts.
  async function refresh() {
    const turn = ++asked;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = parse(await answer.text());
    if (turn !== asked) return;
    const fresh = page.getElementById(root.id);
    if (!fresh) return location.reload();
    const parts = [...root.querySelectorAll("[data-live]")];
    const news = [...fresh.querySelectorAll("[data-live]")];
    if (parts.length !== news.length || (!parts.length && markOf(fresh.dataset) !== mark)) return location.reload();
    await softly(() => parts.forEach((part, place) => replace(part, news[place])));
    if (mark !== markOf(fresh.dataset)) say(root.querySelector("h1"));
    mark = markOf(fresh.dataset);
    if (!fresh.dataset.island) stop();
  }

  function replace(part, fresh) {
    if (part.innerHTML === fresh.innerHTML) return;
    const focused = part.contains(document.activeElement) && document.activeElement.id;
    part.replaceChildren(...fresh.childNodes);
    part.dispatchEvent(new CustomEvent("pesan:swap", { bubbles: true }));
    if (focused) document.getElementById(focused)?.focus();
  }

  async function softly(swap) {
    const plain = steady !== undefined || !document.startViewTransition || matchMedia("(prefers-reduced-motion: reduce)").matches;
    await (plain ? swap() : document.startViewTransition(swap).updateCallbackDone);
  }

  // What was replaced is not read out, so the new heading is said where screen readers listen.
  function say(heading) {
    if (heading) dispatchEvent(new CustomEvent("pesan:speak", { detail: heading.textContent }));
  }

  function stop() {
    over = true;
    clearTimeout(timer);
    stream?.close();
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  listen();
}
