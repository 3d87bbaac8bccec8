// A hardware or Bluetooth scanner types what it reads and ends it with Enter. Exports `listen(onText)`, which hears it
// wherever no field has the focus. What counts is when its keys were pressed: a busy page hears of them later.
const PAUSE_MS = 400; // a scanner types without one
const SHORTEST = 4; // Enter after less is somebody's own

export function listen(onText, at = (event) => event.timeStamp) {
  let typed = "";
  let last = 0;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, dialog")) return;
    if (at(event) - last > PAUSE_MS) typed = "";
    last = at(event);
    if (event.key.length === 1) {
      // A code may hold a space, which would press whatever has the focus; a first one may be meant so.
      if (typed) event.preventDefault();
      typed += event.key;
    } else if (event.key === "Enter" || event.key === "Tab") {
      const text = typed;
      typed = "";
      if (text.length < SHORTEST) return;
      event.preventDefault();
      onText(text);
    }
  });
}
