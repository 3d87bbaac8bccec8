"""What a gate keeps on its device: nobody comes in twice, nothing can be read, nothing is lost, nothing stays."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page

from tests.gates.vectors import EVENT, GOOD, TYPED, build

pytestmark = pytest.mark.browser
OPEN = """async (bundle) => {
    const { openVault } = await import("/js/gate/vault.js");
    globalThis.clock = { at: Date.now() };
    globalThis.vault = await openVault({ now: () => clock.at });
    globalThis.scanOf = (name) => (
        { nonce: crypto.randomUUID(), direction: "entry", qr: name, device_at_ms: clock.at, offset_ms: 0 });
    globalThis.once = ({ cycle }) => cycle
        ? { result: "duplicate", reason: "already_used" } : { result: "ok", reason: "good" };
    if (bundle) await vault.saveBundle(bundle);
}"""
ADMIT = """async ({ tid, times }) => {
    const calls = Array.from({ length: times }, (_, n) => vault.admit(tid, once, scanOf(`scan ${n}`)));
    return (await Promise.all(calls)).map((one) => [one.result, one.first?.gate ?? ""]);
}"""
# Everything that lies in the database, bytes as the letters that they might be.
RAW = """async () => {
    const database = await new Promise((resolve) => {
        const opening = indexedDB.open("pesan-gate");
        opening.onsuccess = () => resolve(opening.result);
    });
    const all = (store, what) => new Promise((resolve) => {
        const request = database.transaction([store]).objectStore(store)[what]();
        request.onsuccess = () => resolve(request.result);
    });
    const plain = (_, value) => value instanceof CryptoKey ? `key ${value.extractable}`
        : value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? new TextDecoder("latin1").decode(value) : value;
    const found = {};
    for (const store of database.objectStoreNames)
        found[store] = JSON.stringify([await all(store, "getAllKeys"), await all(store, "getAll")], plain);
    database.close();
    return found;
}"""


@pytest.fixture
async def kept(page: Page) -> Page:
    """A page with the vectors' bundle in its vault."""
    await page.evaluate(OPEN, build()["bundle"])
    return page


async def test_ticket_is_admitted_once_in_two_tabs_at_once(kept: Page, site: str):
    other = await kept.context.new_page()
    await other.goto(site)
    await other.evaluate(OPEN, None)
    asked = {"tid": str(GOOD), "times": 5}

    answers = await asyncio.gather(kept.evaluate(ADMIT, asked), other.evaluate(ADMIT, asked))

    results = sorted(map(tuple, [*answers[0], *answers[1]]))
    assert results == [("duplicate", "Utara")] * 9 + [("ok", "")]
    assert await kept.evaluate("vault.queueLength()") == 10


async def test_what_is_kept_says_nothing_about_anybody(kept: Page):
    secrets = ["Siti Rahayu", str(GOOD), build()["bundle"]["tickets"][0][0], TYPED, "scan 0", "token of mine"]
    await kept.evaluate(ADMIT, {"tid": str(GOOD), "times": 1})
    await kept.evaluate("""async () => {
        const { createKeyPair } = await import("/js/gate/device.js");
        await vault.saveDevice({ ...await createKeyPair(), token: "token of mine" });
    }""")

    raw = await kept.evaluate(RAW)

    assert [secret for secret in secrets if any(secret in text for text in raw.values())] == []
    assert "key false" in raw["things"]
    # Only what verifies may leave the device.
    assert raw["things"].count("key true") == 1
    assert (await kept.evaluate("vault.loadDevice()"))["token"] == "token of mine"
    assert (await kept.evaluate("vault.queued()"))[0]["qr"] == "scan 0"


async def test_bundle_is_gone_a_day_after_the_last_word_and_scans_are_not(kept: Page):
    await kept.evaluate(ADMIT, {"tid": str(GOOD), "times": 1})
    await kept.evaluate("clock.at += 23 * 3600e3; vault.applyChanges([], 8)")
    await kept.evaluate("clock.at += 24 * 3600e3 - 1")
    found = await kept.evaluate("vault.loadBundle().then((roster) => roster.size)")

    await kept.evaluate("clock.at += 1")

    assert found == 3
    assert await kept.evaluate("vault.loadBundle()") is None
    raw = await kept.evaluate(RAW)
    assert (raw["standings"], '"bundle"' in raw["things"], '"keys:roster"' in raw["things"]) == (
        "[[],[]]",
        False,
        False,
    )
    assert [scan["qr"] for scan in await kept.evaluate("vault.queued()")] == ["scan 0"]
    refused = "vault.admit(crypto.randomUUID(), once, scanOf('x')).catch((error) => error.constructor.name)"
    assert await kept.evaluate(refused) == "NoBundle"


async def test_scans_survive_a_reload_until_the_server_has_them(kept: Page):
    await kept.evaluate(ADMIT, {"tid": str(GOOD), "times": 2})

    await kept.reload()
    await kept.evaluate(OPEN, None)

    queued = await kept.evaluate("vault.queued()")
    assert [(scan["qr"], scan["shown"], scan["reason"]) for scan in queued] == [
        ("scan 0", "ok", "good"),
        ("scan 1", "duplicate", "already_used"),
    ]
    assert await kept.evaluate(ADMIT, {"tid": str(GOOD), "times": 1}) == [["duplicate", "Utara"]]
    await kept.evaluate("(nonces) => vault.drop(nonces)", [scan["nonce"] for scan in queued])
    assert [scan["qr"] for scan in await kept.evaluate("vault.queued()")] == ["scan 0"]


STANDING = """async (tid) => {
    let seen;
    const look = (standing) => { seen = standing; return { result: "invalid", reason: "forged" }; };
    await vault.admit(tid, look, scanOf("look"));
    return [seen.cycle, seen.isInside];
}"""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([(1, False, 8)], [1, True], id="an older state of it waits"),
        pytest.param(
            [(2, True, 8), (1, False, 7)], [2, True], id="a later entry is news and an older change is none"
        ),
    ],
)
async def test_word_of_the_server_does_not_undo_what_it_does_not_know_yet(
    kept: Page, changes: list[tuple[int, bool, int]], expected: list[Any]
):
    await kept.evaluate(ADMIT, {"tid": str(GOOD), "times": 1})

    for cycle, is_inside, seq in changes:
        told = {"ticket_id": str(GOOD), "cycle": cycle, "is_inside": is_inside, "seq": seq, "gate": "Selatan"}
        await kept.evaluate("(told) => vault.applyChanges([told], told.seq)", told)

    assert await kept.evaluate(STANDING, str(GOOD)) == expected
    assert await kept.evaluate("vault.seq()") == 8


@pytest.mark.parametrize(("after", "expected"), [(8, [1, False]), (9, [1, True])], ids=["before", "since"])
async def test_answer_to_a_scan_is_no_news_once_more_was_heard_of_its_ticket(
    kept: Page, after: int, expected: list[Any]
):
    left = {"ticket_id": str(GOOD), "cycle": 1, "is_inside": False, "seq": 9, "gate": "Selatan"}
    entered = {"ticket_id": str(GOOD), "cycle": 1, "is_inside": True, "gate": "Utara", "after": after}

    await kept.evaluate("(told) => vault.applyChanges([told], told.seq)", left)
    await kept.evaluate("(told) => vault.applyChanges([told])", entered)

    assert await kept.evaluate(STANDING, str(GOOD)) == expected


async def test_a_day_is_one_of_the_server_whatever_the_phone_is_set_to(kept: Page):
    offset = 20 * 3600 * 1000
    await kept.evaluate("(offsetMs) => vault.saveDevice({ pair: null, offsetMs })", offset)
    await kept.evaluate("vault.applyChanges([], 8)")

    # Set right, and measured again.
    await kept.evaluate("(offset) => { clock.at += offset; }", offset)
    await kept.evaluate("vault.saveDevice({ pair: null, offsetMs: 0 })")
    found = await kept.evaluate("vault.loadBundle().then((roster) => roster.size)")
    await kept.evaluate("clock.at += 24 * 3600e3")
    started = await kept.evaluate("vault.recall().then(({ roster }) => roster)")

    assert (found, started) == (3, None)
    assert '"bundle"' not in (await kept.evaluate(RAW))["things"]


async def test_what_the_server_said_counts_once_it_took_the_scan_otherwise(kept: Page):
    await kept.evaluate(ADMIT, {"tid": str(GOOD), "times": 1})
    told = {"ticket_id": str(GOOD), "cycle": 1, "is_inside": False, "seq": 8, "gate": "Selatan"}
    await kept.evaluate("(told) => vault.applyChanges([told], told.seq)", told)

    (scan,) = await kept.evaluate("vault.queued()")
    await kept.evaluate("(nonce) => vault.drop([nonce], [nonce])", scan["nonce"])

    assert await kept.evaluate(STANDING, str(GOOD)) == [1, False]


async def test_bundle_that_was_packed_earlier_forgets_nobody(kept: Page):
    """This device knew who came in from a later bundle, and cleaned up what it had heard of them."""
    came = {"ticket_id": str(GOOD), "cycle": 1, "is_inside": True, "seq": 9, "gate": "Selatan"}
    bundle = build()["bundle"]
    await kept.evaluate("(told) => vault.applyChanges([told], told.seq)", came)
    await kept.evaluate("(bundle) => vault.saveBundle(bundle)", {**bundle, "seq": 9})

    save = "([bundle, came]) => vault.saveBundle(bundle, { changes: [came], seq: 9 }).then(() => vault.seq())"

    assert await kept.evaluate(save, [{**bundle, "seq": 1}, came]) == 9
    assert await kept.evaluate(STANDING, str(GOOD)) == [1, True]


async def test_ticket_stays_used_while_its_scan_stands_aside_and_is_settled_with_it(kept: Page):
    await kept.evaluate(ADMIT, {"tid": str(GOOD), "times": 1})
    (scan,) = await kept.evaluate("vault.queued()")
    is_waiting = "(tid) => vault.outlook(tid).then(({ isWaiting }) => isWaiting)"

    await kept.evaluate("(scan) => vault.putAside(scan, 'never')", scan)
    aside = [await kept.evaluate(is_waiting, str(GOOD)), await kept.evaluate(STANDING, str(GOOD))]
    await kept.evaluate("(event) => vault.retry(event)", str(EVENT))
    await kept.evaluate("(nonce) => vault.drop([nonce])", scan["nonce"])

    assert aside == [True, [1, True]]
    assert not await kept.evaluate(is_waiting, str(GOOD))
    assert await kept.evaluate(STANDING, str(GOOD)) == [1, True]


async def test_device_that_is_let_go_keeps_only_what_was_not_sent_sealed(kept: Page):
    await kept.evaluate(ADMIT, {"tid": str(GOOD), "times": 2})
    (first, second) = await kept.evaluate("vault.queued()")
    await kept.evaluate("(scan) => vault.putAside(scan, 'never')", first)

    await kept.evaluate("vault.release()")

    raw = await kept.evaluate(RAW)
    assert (raw["standings"], "scan 0" in raw["unsent"], '"keys:roster"' in raw["things"]) == (
        "[[],[]]",
        False,
        False,
    )
    assert await kept.evaluate("vault.queued()") == [second]
    assert await kept.evaluate("vault.unsent()") == [{**first, "detail": "never"}]
    # Another event's device must not send them: there they would be strangers.
    assert await kept.evaluate("vault.queued(100, crypto.randomUUID())") == []
    assert await kept.evaluate("(event) => vault.queued(100, event)", str(EVENT)) == [second]
    await kept.evaluate("vault.wipe()")
    assert await kept.evaluate("Promise.all([vault.queueLength(), vault.unsentLength()])") == [0, 0]
