// A gate without a camera: a code that somebody reads out, or a name, with the reason why they pass without a code.
// Exports `openManual({ check, search })`: `check(text, manual)` as `scanner.js` takes it, `search(text)` gives tickets.
import { at, endOf, line, placeOf } from "./screen.js";
import { word } from "./words.js";

export function openManual({ check, search }) {
  at("manual").addEventListener("close", () => clear());
  at("manual-code-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = at("manual-code").value.trim();
    if (text) pass(text);
  });
  at("manual-search-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const found = await search(at("manual-search").value).catch(() => []);
    at("manual-found").hidden = found.length === 0;
    at("manual-said").textContent = found.length ? "" : word("manual_none");
    at("manual-list").replaceChildren(...found.map(offer));
  });

  function offer(ticket) {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "found" });
    const facts = [ticket.type, placeOf(ticket), endOf(ticket)];
    button.append(line("b", ticket.holderName), line("span", facts.filter(Boolean).join(" · ")));
    button.addEventListener("click", () => admit(ticket));
    item.append(button);
    return item;
  }

  function admit(ticket) {
    const reason = at("manual-reason").value.trim();
    at("manual-reason-error").textContent = reason ? "" : word("manual_reason_missing");
    if (reason) pass(null, { ticketId: ticket.id, reason });
    else at("manual-reason").focus();
  }

  function pass(text, manual) {
    at("manual").close();
    check(text, manual);
  }
}

// What was typed about one guest is not there for the next one.
function clear() {
  for (const id of ["manual-code", "manual-search", "manual-reason"]) at(id).value = "";
  for (const id of ["manual-reason-error", "manual-said"]) at(id).textContent = "";
  at("manual-found").hidden = true;
  at("manual-list").replaceChildren();
}
