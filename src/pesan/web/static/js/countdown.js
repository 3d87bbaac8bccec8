// Counts from the server's clock by the page's own monotonic time, so a wrong or changed device clock does not matter.
export default function countdown(ring) {
  const { deadline, whole, check, spoken, over } = ring.dataset;
  const clock = ring.querySelector("[data-clock]");
  const arc = ring.querySelector("[data-arc]");
  const speech = ring.querySelector("[data-speech]");
  let base = Number(ring.dataset.now);
  let since = Number(ring.closest("[data-swapped]")?.dataset.swapped) || arrival();
  let end = Number(deadline);
  let minute = null;
  let timer = null;

  const left = () => Math.max(0, end - (base + performance.now() - since));

  function tick() {
    if (!ring.isConnected) return clearTimeout(timer);
    const seconds = Math.ceil(left() / 1000);
    clock.textContent = seconds ? twoDigits(seconds / 60) + ":" + twoDigits(seconds % 60) : over;
    for (const copy of document.querySelectorAll("[data-clock-copy]")) copy.textContent = clock.textContent;
    arc.setAttribute("stroke-dashoffset", (100 - Math.min(100, (100 * left()) / whole)).toFixed(2));
    ring.toggleAttribute("data-low", seconds <= 120);
    speak(seconds);
    if (!seconds) return void ended();
    timer = setTimeout(tick, (left() % 1000) + 20);
  }

  // Once a minute, and not at the first frame, which the page says itself.
  function speak(seconds) {
    const now = Math.ceil(seconds / 60);
    if (minute !== null && now !== minute) speech.textContent = now ? spoken.replace("{n}", now) : over;
    minute = now;
  }

  // The server decides that the time is over, so the page asks it again instead of guessing.
  function ended() {
    const isHandled = !ring.dispatchEvent(new CustomEvent("pesan:over", { bubbles: true, cancelable: true }));
    if (!isHandled) setTimeout(() => location.reload(), 1500 + Math.random() * 1500);
  }

  // A phone that slept may have stopped its monotonic clock.
  async function resync() {
    if (document.hidden || !check) return;
    try {
      const answer = await fetch(check, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) return;
      base = Date.parse(answer.headers.get("X-Server-Time"));
      since = performance.now();
      const body = await answer.json();
      if (body.holdExpiresAt) end = Date.parse(body.holdExpiresAt);
    } catch {
      return; // offline: go on counting
    }
    clearTimeout(timer);
    tick();
  }

  document.addEventListener("visibilitychange", resync);
  addEventListener("pageshow", (event) => { if (event.persisted) resync(); });
  tick();
}

// A ring was true when the server sent it: with the page, which on a slow line is seconds ago, or with what was swapped.
const arrival = () => performance.getEntriesByType("navigation")[0]?.responseStart || performance.now();
const twoDigits = (value) => String(Math.floor(value)).padStart(2, "0");
