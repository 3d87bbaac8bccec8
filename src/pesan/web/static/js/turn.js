// Draws the codes of tickets anew, which are worth nothing as a picture after a while. Nothing else on the page is
// touched, so that nobody loses their place; when a ticket was used or taken back, the page is read again as a whole.
import { parse } from "./page.js";

export default function turn(tickets) {
  const pause = Number(tickets.dataset.every) * 1000;
  let timer = null;

  const plan = () => { clearTimeout(timer); timer = setTimeout(look, pause * (0.8 + Math.random() * 0.2)); };

  async function look() {
    if (!tickets.isConnected) return;
    if (!document.hidden) await refresh().catch(() => {}); // offline: the code of before is good for a while
    plan();
  }

  async function refresh() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) return;
    const page = parse(await answer.text());
    for (const code of tickets.querySelectorAll("[data-turns]")) {
      const fresh = page.getElementById(code.id);
      if (fresh?.dataset.turns !== code.dataset.turns) return location.reload();
      code.replaceChildren(...fresh.childNodes);
    }
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  addEventListener("pagehide", () => clearTimeout(timer));
  addEventListener("pageshow", (event) => { if (event.persisted) look(); });
  plan();
}
