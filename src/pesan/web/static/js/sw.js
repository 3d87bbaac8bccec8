// Keeps one page, the one that says there is no connection, and shows it instead of the browser's own.
// Nothing else is cached here: bookings must be true, and static files are kept by their addresses.
const SHELL = "pesan-offline-__VERSION__";

addEventListener("install", (event) => event.waitUntil(fill().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(drop().then(() => clients.claim())));
addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate" && event.request.method === "GET") {
    event.respondWith(fetch(event.request).catch(() => caches.match("/offline")));
  } else if (event.request.url.includes("/static/")) {
    event.respondWith(fetch(event.request).catch(() => caches.match(event.request)));
  }
});

// The page with the styles, font and icons that it names.
async function fill() {
  const cache = await caches.open(SHELL);
  const page = await fetch("/offline", { cache: "reload" });
  const text = await page.clone().text();
  await cache.put("/offline", page);
  await cache.addAll(new Set(text.match(/\/static\/[^"#]+\.(?:css|js|svg|woff2)/g)));
}

async function drop() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("pesan-offline-") && name !== SHELL).map((name) => caches.delete(name)));
}
