// What the benchmark does and sees inside the gate's page; given to the browser before the page's own scripts.
(() => {
  const at = (id) => document.getElementById(id);

  function until(holds) {
    return new Promise((resolve) => {
      const watch = new MutationObserver(look);
      function look() {
        if (!holds()) return;
        watch.disconnect();
        resolve();
      }
      watch.observe(document, { subtree: true, childList: true, attributes: true });
      look();
    });
  }

  // Nobody sees a verdict before it is drawn.
  const drawn = () => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); });
  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
  const isShown = (id) => Boolean(at(id)) && !at(id).hidden;

  function press(key) {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }

  // As a scanner types it. The time begins when it has all been read, and `since` leaves the typing out: cameras do not.
  async function scan(text) {
    const opened = performance.now();
    for (const key of text) press(key);
    const began = performance.now();
    press("Enter");
    await until(() => isShown("verdict"));
    await drawn();
    const took = performance.now() - began;
    return { result: at("verdict").dataset.result, took, since: opened + took };
  }

  // The first scan after the page was opened, made at the moment when it takes one.
  async function first(text) {
    await until(() => isShown("scan"));
    return scan(text);
  }

  async function later(texts) {
    const found = [];
    for (const text of texts) {
      at("verdict-next").click();
      await pause(800); // each verdict is seen for a while before the next may take its place
      found.push(await scan(text));
    }
    return found;
  }

  // From the question for the bundle until it is kept and in use.
  async function synced() {
    await until(() => at("scan-state")?.dataset.roster === "here");
    const [bundle] = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/v1/gates/bundle"));
    return performance.now() - bundle.startTime;
  }

  // How fast the processor is: the same work each time.
  function work() {
    const began = performance.now();
    let sum = 0;
    for (let n = 0; n < 2e6; n += 1) sum = (sum + n * n) % 1_000_003;
    return sum < 0 ? 0 : performance.now() - began;
  }

  globalThis.bench = { first, later, synced, work };
})();
