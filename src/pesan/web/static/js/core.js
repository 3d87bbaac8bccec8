// Starts the islands: an element names the module that makes it quicker or live; without scripts it works as it is.
const started = new WeakSet();

export function start(root = document) {
  const islands = [...root.querySelectorAll("[data-island]")];
  if (root.dataset?.island) islands.push(root);
  for (const element of islands) {
    if (started.has(element)) continue;
    started.add(element);
    import(element.dataset.island)
      .then((module) => { module.default(element); wake(element); element.dataset.started = ""; })
      .catch(console.error);
  }
}

// What does nothing without its script is switched off until that has come over a slow line.
function wake(element) {
  for (const one of [element, ...element.querySelectorAll("[data-wakes]")]) {
    if ("wakes" in one.dataset && one.closest("[data-island]") === element) one.disabled = false;
  }
}

export function say(text) {
  toast.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { toast.textContent = ""; }, 4000);
}

const toast = document.getElementById("toast");
for (const change of ["offline", "online"]) addEventListener(change, () => say(toast.dataset[change]));
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => {});

// Menus close by Escape, which gives the focus back, and by a click outside of them.
addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = menu.contains(target);
});
addEventListener("keydown", ({ key, target }) => {
  const menu = key === "Escape" && target.closest?.("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

addEventListener("pesan:swap", ({ target }) => { target.dataset.swapped = performance.now(); start(target); });
addEventListener("pesan:say", (event) => say(event.detail));
// What eyes see anyway: a heading that changed.
addEventListener("pesan:speak", (event) => { document.getElementById("spoken").textContent = event.detail; });
start();
