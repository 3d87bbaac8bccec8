// Keeps the screen, so that it starts without a network. What it asks the server goes past here: that must be true.
const KEPT = ["__KEPT__"];
const OURS = "pesan-booth-";
const CACHE = `${OURS}__VERSION__`;
const SHELL = "/booth/shell";
const SCREEN = /^\/booth\/[0-9a-f-]{36}$/;
const STATIC = "/static/";

addEventListener("install", (event) => event.waitUntil(fill().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(drop().then(() => clients.claim())));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { pathname } = new URL(url);
  if (method !== "GET") return;
  // Every booth's screen is the same page, which finds its booth in the address.
  if (mode === "navigate" && SCREEN.test(pathname)) {
    event.respondWith(find(SHELL, event.request));
    event.waitUntil(drop());
  } else if (pathname.startsWith(STATIC)) event.respondWith(find(event.request, event.request));
});

// A page of the version before may still be open, and asks for a part of it only now.
async function find(wanted, request) {
  const cache = await caches.open(CACHE);
  const how = { ignoreVary: true };
  return await cache.match(wanted, how) ?? await caches.match(wanted, how) ?? fetch(request);
}

// Past the browser's own cache, which may hold a page of an older version.
async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll(KEPT.map((url) => new Request(url, { cache: "reload" })));
}

// The version before goes as soon as no page is open that may be of it.
async function drop() {
  const open = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (open.some(({ url }) => SCREEN.test(new URL(url).pathname))) return;
  const names = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(names.map((name) => caches.delete(name)));
}
