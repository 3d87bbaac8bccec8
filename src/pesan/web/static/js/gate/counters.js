// How full it is: what the server said last, and what passed here since while it could not be asked. Exports
// `recallCounters()`, `takeCounters(counters)`, `passed(verdict)`, which all give what to show, and `forgetCounters()`.
const KEY = "pesan-gate-counters";

export function recallCounters() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export function takeCounters({ inside, left, per_minute: perMinute }) {
  return keep({ inside, left, perMinute });
}

// What the server decided, it counts itself.
export function passed({ result, source, direction }) {
  const counters = recallCounters();
  const { inside, left, perMinute } = counters;
  if (result !== "ok" || source !== "device" || inside === undefined) return counters;
  return direction === "entry" ? keep({ inside: inside + 1, left, perMinute }) : keep({ inside: inside - 1, left: left + 1, perMinute });
}

export function forgetCounters() {
  localStorage.removeItem(KEY);
}

function keep(counters) {
  localStorage.setItem(KEY, JSON.stringify(counters));
  return counters;
}
