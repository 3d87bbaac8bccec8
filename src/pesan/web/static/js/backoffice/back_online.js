// The page that a worker shows without a network goes by itself once we answer again. A phone may say that it is online
// before it is, and say nothing when we were what was away; so we are asked.
const OWN = "/jastip/offline";

async function look() {
  if (document.hidden || location.pathname === OWN) return;
  const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => undefined);
  if (answer?.ok) location.reload();
}

addEventListener("online", look);
addEventListener("visibilitychange", look);
setInterval(look, 5_000);
