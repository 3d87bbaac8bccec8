// The scans that the server would not take, for whoever opens the last scans, who may have them sent once more. Exports
// `openUnsent({ gate, onRetry })`; `gate` holds the vault, wire, link and roster of the moment.
import { readCode } from "./code.js";
import { at, line } from "./screen.js";
import { clock, verdictWords, word } from "./words.js";

export function openUnsent({ gate, onRetry }) {
  for (const button of document.querySelectorAll("[data-opens=history]")) {
    button.addEventListener("click", () => draw(gate).catch(console.error));
  }
  at("unsent-retry").addEventListener("click", () => retry(gate).then(onRetry).catch(console.error));
}

// Whatever was wrong with them may be mended on the server by now; what it refuses again comes back here.
async function retry(gate) {
  at("history").close();
  await gate.vault.retry(gate.wire.device.event.id);
  gate.link.hurry();
}

async function draw({ vault, roster }) {
  const scans = await vault.unsent();
  const names = await Promise.all(scans.map((scan) => nameOf(scan, roster)));
  at("unsent").hidden = scans.length === 0;
  at("unsent-list").replaceChildren(...scans.map((scan, place) => row(scan, names[place])));
}

function row({ direction, shown: result, reason, detail, ...scan }, name) {
  const item = document.createElement("li");
  const words = document.createElement("div");
  const [said] = verdictWords({ result, reason, direction, isWarning: false });
  const facts = [clock(scan.device_at_ms + scan.offset_ms), word(direction), said, word(detail)];
  words.append(line("b", name), line("p", facts.filter(Boolean).join(" · ")));
  item.append(words);
  return item;
}

// Whose ticket it was, where the list says so; else the end of what was read, so that it can be told from others.
async function nameOf({ qr, ticket_id: ticketId, device_at_ms: ms }, roster) {
  if (!roster) return endOf(ticketId ?? qr);
  const tid = ticketId ?? (await readCode(qr, roster, Math.floor(ms / 1000))).tid;
  return (tid && roster.find(tid)?.holderName) || endOf(ticketId ?? qr);
}

function endOf(text) {
  return `…${text.slice(-6)}`;
}
