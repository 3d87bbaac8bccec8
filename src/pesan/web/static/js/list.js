// Loads the next page when its link comes near; the link itself stays for those who press it.
import { parse } from "./page.js";

export default function list(link) {
  const target = document.getElementById(link.dataset.list);
  const label = link.textContent;
  let busy = false;

  async function more() {
    if (busy) return;
    busy = true;
    link.textContent = link.dataset.loading;
    try {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      append(parse(await answer.text()));
    } catch {
      watcher.disconnect(); // from here on only by hand, so that a dead line is not asked all the time
      link.textContent = link.dataset.retry;
    }
    busy = false;
  }

  function append(page) {
    const more = [...page.getElementById(target.id).children];
    target.append(...more);
    // Whoever pressed the link goes on with what came, for the link itself moves away or goes.
    if (document.activeElement === link) more[0]?.querySelector("a")?.focus();
    const next = page.querySelector(`[data-list="${target.id}"]`);
    if (next) {
      link.href = next.href;
      link.textContent = label;
    } else {
      watcher.disconnect();
      link.closest("p").remove();
    }
  }

  const watcher = new IntersectionObserver((seen) => { if (seen.some((entry) => entry.isIntersecting)) more(); }, { rootMargin: "600px" });
  link.addEventListener("click", (event) => { event.preventDefault(); more(); });
  watcher.observe(link);
}
