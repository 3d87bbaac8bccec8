// One verdict after another: each stands for a while before the next may take its place, and what a hardware scanner
// read meanwhile waits, because it already beeped. Exports
//   openTurns(take, standing) -> { add(one), isFree(), clear() }, where `take(one)` and `standing()` return promises: of
//     the verdict on the screen, and of the time that it is seen for.

export function openTurns(take, standing) {
  const waiting = [];
  let isBusy = false;

  async function add(one) {
    waiting.push(one);
    if (isBusy) return;
    isBusy = true;
    while (waiting.length) {
      await take(waiting.shift()).catch(console.error);
      await standing();
    }
    isBusy = false;
  }

  return { add, isFree: () => !isBusy, clear: () => { waiting.length = 0; } };
}
