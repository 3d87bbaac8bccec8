// The desk as an app: below /jastip its own worker says when there is no network.
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/jastip/sw.js", { scope: "/jastip" }).catch(() => {});
