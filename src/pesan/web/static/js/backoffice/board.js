// Keys for the board: J and K move from order to order, A approves, R rejects, S sends, / searches.
export default function board(root) {
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, dialog")) return;
    const act = { j: () => move(1), k: () => move(-1), a: approve, r: () => unfold("[data-reject]"), s: () => unfold("[data-ship]"), "/": search }[key.toLowerCase()];
    if (act?.()) event.preventDefault();
  });
  root.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    else event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => { for (const form of root.querySelectorAll("form")) delete form.dataset.sent; });

  const current = () => document.activeElement?.closest("[data-card]");

  function move(step) {
    const cards = [...root.querySelectorAll("[data-card]")];
    const place = cards.indexOf(current());
    const next = cards[place < 0 ? 0 : place + step];
    next?.focus();
    next?.scrollIntoView({ block: "nearest", inline: "nearest" });
    return Boolean(next);
  }

  // A proof is looked at before it is accepted: the first key finds the button, Enter presses it.
  function approve() {
    const button = current()?.querySelector("[data-act=a]");
    button?.focus();
    return Boolean(button);
  }

  function unfold(part) {
    const found = current()?.querySelector(part);
    if (!found) return false;
    found.open = true;
    found.querySelector("select, input:not([type=hidden])")?.focus();
    return true;
  }

  function search() {
    const field = root.querySelector("[data-search]");
    field?.focus();
    field?.select();
    return Boolean(field);
  }
}
