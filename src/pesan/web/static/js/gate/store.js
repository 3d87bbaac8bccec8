// IndexedDB by promises. Exports `openStore(name, version, upgrade)`, and of what it gives `read(stores, run)` and
// `write(stores, run)`: `run` gets the stores in the order of their names and may await nothing but their requests
// (`ask`), because a transaction ends as soon as nothing of it is under way. `write` is done when the disk has it.

export function ask(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export async function openStore(name, version, upgrade) {
  const opening = indexedDB.open(name, version);
  opening.onupgradeneeded = () => upgrade(opening.result);
  const database = await ask(opening);
  // Another tab has a newer version of the page, or removes everything.
  database.onversionchange = () => database.close();
  return {
    read: (stores, run) => within(database.transaction(stores, "readonly"), stores, run),
    write: (stores, run) => within(database.transaction(stores, "readwrite", { durability: "strict" }), stores, run),
    close: () => database.close(),
  };
}

async function within(transaction, stores, run) {
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new DOMException("given up", "AbortError"));
  });
  done.catch(() => {}); // said below, or by what `run` threw
  try {
    const answer = await run(...stores.map((name) => transaction.objectStore(name)));
    await done;
    return answer;
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // it is over already
    }
    throw error;
  }
}
