// Starts the islands: an element names the module that makes it quicker or live; without scripts it works as it is.
const started = new WeakSet();

export function start(root = document) {
  const islands = [...root.querySelectorAll("[data-island]")];
  if (root.dataset?.island) islands.push(root);
  for (const element of islands) {
    if (started.has(element)) continue;
    started.add(element);
    import(element.dataset.island)
      .then((module) => { module.default(element); element.dataset.started = ""; })
      .catch(console.error);
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

addEventListener("pesan:swap", (event) => start(event.target));
addEventListener("pesan:say", (event) => say(event.detail));
start();
