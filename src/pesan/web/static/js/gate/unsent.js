// The scans that the server will never take, for whoever opens the last scans. Exports `openUnsent({ gate })`; `gate`
// holds the vault and roster of the moment.
import { readCode } from "./code.js";
import { at, line } from "./screen.js";
import { clock, verdictWords, word } from "./words.js";

export function openUnsent({ gate }) {
  for (const button of document.querySelectorAll("[data-opens=history]")) {
    button.addEventListener("click", () => draw(gate).catch(console.error));
  }
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
  const facts = [clock(scan.device_at_ms + scan.offset_ms), word(direction), said, detail];
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
