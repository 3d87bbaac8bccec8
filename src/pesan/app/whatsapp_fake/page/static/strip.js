// The strip: faults to set, measures to read, loads to send.
import { ask, fill, say, words } from "./api.js";
import { make } from "./bubbles.js";

const form = document.getElementById("faults");
const PERCENT = ["duplicates"];

export function showFaults(faults) {
  for (const field of form.elements) {
    const [name, index] = field.name.split(".");
    if (!(name in faults)) continue;
    const value = index === undefined ? faults[name] : faults[name][index];
    if (field.type === "checkbox") field.checked = value;
    else field.value = PERCENT.includes(name) ? Math.round(value * 100) : value ?? "";
  }
  const [failure] = faults.failures;
  form.elements.rate.value = failure ? Math.round(failure.rate * 100) : 0;
  if (failure) form.elements.code.value = failure.code;
}

function readFaults() {
  const { elements } = form;
  const range = (name) => [0, 1].map((index) => Number(elements[`${name}.${index}`].value)).sort((a, b) => a - b);
  const code = elements.code.value;
  const rate = Number(elements.rate.value) / 100;
  return {
    delay_ms: range("delay_ms"),
    webhook_delay_ms: range("webhook_delay_ms"),
    failures: rate ? [{ code: /^\d+$/.test(code) ? Number(code) : code, rate }] : [],
    throughput: Number(elements.throughput.value) || null,
    pair_rate: elements.pair_rate.checked,
    duplicates: Number(elements.duplicates.value) / 100,
    batch: Number(elements.batch.value) || 1,
    reorder: elements.reorder.checked,
    statuses: elements.statuses.value,
  };
}

export function showMeasures(measures) {
  const { webhooks } = measures;
  const rows = [
    [words.taken, sum(measures.taken)],
    [words.greatest, Math.max(0, ...Object.values(measures.greatest_per_second))],
    [words.twice, measures.duplicate_count],
    [words.refused, listed(measures.refused)],
    [words.answers, listed(webhooks.answers, webhooks.milliseconds.p95)],
    [words.waiting, measures.waiting],
  ].map(([name, value]) => {
    const row = make("div");
    row.append(make("dt", "", name), make("dd", "", String(value)));
    return row;
  });
  document.getElementById("measures").replaceChildren(...rows);
}

function sum(counts) { return Object.values(counts).reduce((a, b) => a + b, 0); }

function listed(counts, p95) {
  const parts = Object.entries(counts).map(([name, times]) => `${name === "0" ? words.no_answer : name} × ${times}`);
  return parts.length ? parts.join(", ") + (p95 === undefined ? "" : ` · p95 ${p95} ms`) : words.none;
}

async function burst(event) {
  event.preventDefault();
  const { count, per_second, batch } = Object.fromEntries([...new FormData(event.target)].map(([k, v]) => [k, Number(v)]));
  const pressed = event.target.querySelector("button");
  pressed.disabled = true;
  try {
    const report = await ask("burst", { count, per_second, batch });
    const statuses = listed(report.statuses);
    say(fill(words.burst_done, { count: report.updates, seconds: report.seconds, statuses, p95: report.milliseconds.p95 }));
  } finally {
    pressed.disabled = false;
  }
}

export function start(changed) {
  const toggle = document.getElementById("strip-toggle");
  const strip = document.getElementById("strip");
  toggle.addEventListener("click", () => {
    strip.hidden = !strip.hidden;
    toggle.setAttribute("aria-expanded", String(!strip.hidden));
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); ask("faults", readFaults()); });
  document.getElementById("calm").addEventListener("click", () => ask("faults", undefined, { method: "DELETE" }));
  document.getElementById("burst").addEventListener("submit", burst);
  document.getElementById("reset").addEventListener("click", () => ask("reset", {}));
  document.getElementById("verify").addEventListener("click", async () => {
    const found = await ask("verify", {});
    say(found.is_verified ? words.verified : fill(words.not_verified, found));
  });
  for (const pressed of document.querySelectorAll("[data-forward]")) {
    pressed.addEventListener("click", async () => {
      await ask("clock", { forward: Number(pressed.dataset.forward) });
      changed();
    });
  }
}
