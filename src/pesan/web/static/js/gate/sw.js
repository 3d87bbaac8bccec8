// Keeps the scanner, so that it starts without a network. What it asks the server goes past here: that must be true.
const KEPT = ["__KEPT__"];
const CACHE = "pesan-gate-__VERSION__";
const SHELL = "/gate";

addEventListener("install", (event) => event.waitUntil(fill().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(drop().then(() => clients.claim())));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { pathname } = new URL(url);
  if (method !== "GET") return;
  if (mode === "navigate" ? pathname === SHELL : isKept(pathname)) event.respondWith(find(event.request));
});

function isKept(pathname) {
  return pathname !== SHELL && KEPT.includes(pathname);
}

// A pairing link is the same page with its code behind it.
async function find(request) {
  const cache = await caches.open(CACHE);
  return await cache.match(request, { ignoreSearch: true, ignoreVary: true }) ?? fetch(request);
}

// Past the browser's own cache, which may hold a page of an older version.
async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll(KEPT.map((url) => new Request(url, { cache: "reload" })));
}

async function drop() {
  const names = await caches.keys();
  const isOld = (name) => name.startsWith("pesan-gate-") && name !== CACHE;
  await Promise.all(names.filter(isOld).map((name) => caches.delete(name)));
}
