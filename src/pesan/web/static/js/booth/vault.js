// What a screen keeps on its tablet, by booth: its key and token, what the server said last (names are masked there), when
// sessions end that began here, and reports that wait to be sent. Exports `openVault(boothId)`, and of the vault:
//   recall() -> { device, now, ends, reports }; saveDevice(device), saveNow(now), saveEnds(ends)
//   add(report) with a `key` of its own, drop(key); wipe(): the server took the screen back
import { ask, openStore } from "../gate/store.js";

const THINGS = "things";
const REPORTS = "reports";

export async function openVault(boothId) {
  const store = await openStore("pesan-booth", 1, (database) => {
    database.createObjectStore(THINGS);
    database.createObjectStore(REPORTS, { keyPath: "key" }).createIndex("booth", "booth");
  });
  const name = (kind) => `${boothId}:${kind}`;
  const save = (kind, value) => store.write([THINGS], (things) => ask(things.put(value, name(kind))));

  async function recall() {
    return store.read([THINGS, REPORTS], async (things, reports) => {
      const [device, now, ends, all] = await Promise.all([
        ...["device", "now", "ends"].map((kind) => ask(things.get(name(kind)))), ask(reports.index("booth").getAll(boothId)),
      ]);
      return { device: device ?? null, now: now ?? null, ends: ends ?? {}, reports: all.sort((a, b) => a.at - b.at) };
    });
  }

  async function wipe() {
    await store.write([THINGS, REPORTS], async (things, reports) => {
      for (const kind of ["device", "now", "ends"]) await ask(things.delete(name(kind)));
      for (const key of await ask(reports.index("booth").getAllKeys(boothId))) await ask(reports.delete(key));
    });
  }

  return {
    recall, wipe,
    saveDevice: (device) => save("device", device), saveNow: (now) => save("now", now), saveEnds: (ends) => save("ends", ends),
    add: (report) => store.write([REPORTS], (reports) => ask(reports.put({ ...report, booth: boothId }))),
    drop: (key) => store.write([REPORTS], (reports) => ask(reports.delete(key))),
  };
}
