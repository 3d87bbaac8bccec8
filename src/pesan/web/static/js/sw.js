// Keeps one page, the one that says there is no connection, and shows it instead of the browser's own.
// Nothing else is cached here: bookings must be true, and static files are kept by their addresses.
const PREFIX = "pesan-__NAME__-";
const SHELL = `${PREFIX}__VERSION__`;
const SCOPE = "__SCOPE__";
const PAGE = "__PAGE__";

addEventListener("install", (event) => event.waitUntil(fill().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(drop().then(() => clients.claim())));
addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate" && event.request.method === "GET") {
    event.respondWith(fetch(event.request).catch(() => caches.match(pageFor(event.request.url))));
  } else if (event.request.url.includes("/static/")) {
    event.respondWith(fetch(event.request).catch(() => caches.match(event.request)));
  }
});

// A scope is only a beginning: it covers addresses of others that begin alike, which have the site's own page.
function pageFor(url) {
  const { pathname } = new URL(url);
  const folder = SCOPE.endsWith("/") ? SCOPE : `${SCOPE}/`;
  return pathname === SCOPE || pathname.startsWith(folder) ? PAGE : "/offline";
}

// The page with the styles, font and icons that it names.
async function fill() {
  const cache = await caches.open(SHELL);
  const page = await fetch(PAGE, { cache: "reload" });
  const text = await page.clone().text();
  await cache.put(PAGE, page);
  await cache.addAll(new Set(text.match(/\/static\/[^"#]+\.(?:css|js|svg|woff2)/g)));
}

async function drop() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== SHELL).map((name) => caches.delete(name)));
}
