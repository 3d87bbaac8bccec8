// What this device is, and how it stops being one. Exports `openMenu({ gate, onUnpair }) -> { offerNew() }`, for somebody
// who comes with a new code; `gate` holds the vault, wire and roster of the moment.
import { at, line } from "./screen.js";
import { isLoud, setLoud } from "./sound.js";
import { clock, word } from "./words.js";

export function openMenu({ gate, onUnpair }) {
  for (const button of document.querySelectorAll("[data-opens=menu]")) button.addEventListener("click", () => draw(gate));
  for (const button of at("menu").querySelectorAll("[data-language]")) button.addEventListener("click", () => draw(gate));
  at("sound").checked = isLoud();
  at("sound").addEventListener("change", () => setLoud(at("sound").checked));
  at("unpair").addEventListener("click", () => ask(gate));
  at("unpair-no").addEventListener("click", () => calm());
  at("unpair-yes").addEventListener("click", () => { calm(); onUnpair(); });
  at("menu").addEventListener("close", calm);
  offerInstall();

  async function offerNew() {
    at("menu").showModal();
    await draw(gate);
    await ask(gate, word("pair_again", { event: gate.wire.device.event.title }));
  }

  return { offerNew };
}

async function draw({ vault, wire, roster }) {
  const { name, gate, event } = wire.device;
  const taken = roster ? { count: roster.size, time: clock(Date.parse(roster.snapshot_at)) } : null;
  const facts = [
    ["menu_device", name], ["menu_gate", [gate.name, gate.location].filter(Boolean).join(" · ")], ["menu_event", event.title],
    ["menu_synced", taken ? word("tickets", taken) : word("none")], ["menu_queue", String(await vault.queueLength())],
    ["menu_version", wire.appVersion],
  ];
  at("menu-facts").replaceChildren(...facts.map(([key, value]) => {
    const pair = document.createElement("div");
    pair.append(line("dt", word(key)), line("dd", value));
    return pair;
  }));
}

// What was not sent yet is lost with it, which somebody should know before.
async function ask({ vault }, why = "") {
  const count = await vault.queueLength() + await vault.unsentLength();
  at("unpair-text").textContent = [why, word("unpair_sure"), count ? word("unpair_queue", { count }) : ""].filter(Boolean).join(" ");
  at("unpair-sure").hidden = false;
  at("unpair-no").focus();
}

function calm() {
  at("unpair-sure").hidden = true;
}

function offerInstall() {
  let offer = null;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event;
    at("install").hidden = false;
  });
  at("install").addEventListener("click", () => { offer?.prompt(); at("install").hidden = true; });
  addEventListener("appinstalled", () => { at("install").hidden = true; });
}
