// What the screen shows at a moment: what the server said last, and what was done here since. Exports
//   sceneOf({ current, next }, reports, ends, nowMs) -> { scene: "idle" | "ready" | "running" | "over", session, dueMs,
//     next }, where `reports` are those that wait to be sent, and `ends` { id: ms } when sessions end that were begun here;
//     "over" is a session whose time is up or that was ended here, and of which the server has yet to say so
//   without(now, id) -> what the server said last, less a session of which it heard since that it is over
//   codeIn(text) -> the booking's code in a link to its page or as it is typed, else "".

const CODE = /^[0-9A-HJKMNP-TV-Z]{13}$/;
const PAGE = /^\/b\/([^/]+)\/?$/;

export function sceneOf({ current, next }, reports, ends, nowMs) {
  if (!current) return { scene: "idle", session: null, dueMs: null, next };
  const dueMs = dueOf(current, ends);
  const isFinished = reports.some(({ id, event }) => id === current.id && event === "finish");
  const scene = dueMs === null ? "ready" : isFinished || nowMs >= dueMs ? "over" : "running";
  // Who came early goes on where the one before ended, also while the server does not hear of it.
  if (scene === "over" && next?.state === "ARRIVED") return sceneOf({ current: next, next: null }, reports, ends, nowMs);
  return { scene, session: current, dueMs, next };
}

export function without(now, id) {
  if (now.current?.id !== id) return now;
  const isThere = now.next?.state === "ARRIVED";
  return { ...now, current: isThere ? now.next : null, next: isThere ? null : now.next };
}

// Whoever began here without a network ends when this screen said so, and not later.
function dueOf({ id, due_at: due, state }, ends) {
  const told = state === "ONGOING" && due ? Date.parse(due) : Infinity;
  const own = ends[id] ?? Infinity;
  const first = Math.min(told, own);
  return Number.isFinite(first) ? first : null;
}

export function codeIn(text) {
  let given = text.trim();
  try {
    given = PAGE.exec(new URL(given).pathname)?.[1] ?? "";
  } catch {
    // no link
  }
  const code = given.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return CODE.test(code) ? code : "";
}
