// Keeps the scanner, so that it starts without a network. What it asks the server goes past here: that must be true.
const KEPT = ["__KEPT__"];
const CACHE = "pesan-gate-__VERSION__";
const SHELL = "/gate";
const STATIC = "/static/";
const OURS = "pesan-gate-";
// Thirty parts are asked for at once when the page starts.
let opening = null;

addEventListener("install", (event) => event.waitUntil(fill().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(drop().then(() => clients.claim())));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { pathname } = new URL(url);
  if (method !== "GET") return;
  if (mode === "navigate") {
    if (pathname !== SHELL) return;
    event.respondWith(find(event.request));
    event.waitUntil(drop());
  } else if (isKept(pathname)) event.respondWith(find(event.request));
  else if (pathname.startsWith(STATIC)) event.respondWith(findOld(event.request));
});

function isKept(pathname) {
  return pathname !== SHELL && KEPT.includes(pathname);
}

// A pairing link is the same page with its code behind it.
async function find(request) {
  opening ??= caches.open(CACHE);
  const cache = await opening;
  return await cache.match(request, { ignoreSearch: true, ignoreVary: true }) ?? fetch(request);
}

// A page of the version before may still be open, and asks for a part of it only now.
async function findOld(request) {
  return await caches.match(request, { ignoreVary: true }) ?? fetch(request);
}

// Past the browser's own cache, which may hold a page of an older version.
async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll(KEPT.map((url) => new Request(url, { cache: "reload" })));
}

// Versions before stay for as long as a page may be one of theirs; names come in the order in which they were made.
async function drop() {
  const open = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (open.some(({ url }) => new URL(url).pathname === SHELL)) return;
  const names = (await caches.keys()).filter((name) => name.startsWith(OURS));
  const old = names.slice(0, Math.max(names.indexOf(CACHE), 0));
  await Promise.all(old.map((name) => caches.delete(name)));
}
