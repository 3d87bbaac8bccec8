"""The scanner with a server that answers, that does not, and that took the device back; over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Page, Route

from pesan.tickets import qr
from tests.gates.pages import serving
from tests.gates.speaker import Desk, speaking
from tests.gates.test_browser_vectors import WITHOUT_CURVE
from tests.gates.vectors import AT, EVENT, GOOD, REISSUED, TYPED, build

pytestmark = pytest.mark.browser
CODES = {code["name"]: code["text"] for code in build()["codes"]}
# The device's clock is set to the vectors' noon; whatever waits, waits by the real one. How slow an answer may be is no
# question of the machine that the tests run on: what is given up after seconds, is given up when a test says so.
START = """async (at) => {
    const began = performance.now();
    Date.now = () => Math.round(at + performance.now() - began);
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    let patience = new AbortController();
    globalThis.waits = [];
    globalThis.giveUp = () => {
        patience.abort(new DOMException("too long", "TimeoutError"));
        patience = new AbortController();
    };
    AbortSignal.timeout = (ms) => {
        waits.push(ms);
        return ms > 5000 ? timeout(ms) : patience.signal;
    };
    const [{ openVault }, { openWire }, { openLink }, { openScanner }, device] = await Promise.all(
        ["vault", "wire", "link", "scanner", "device"].map((name) => import(`/js/gate/${name}.js`)));
    globalThis.vault = await openVault();
    const known = await vault.loadDevice()
        ?? await device.register(vault, { code: "ABCD-EFGH", name: "Pintu 1", appVersion: "1" });
    globalThis.wire = openWire({ vault, device: known, appVersion: "1" });
    globalThis.link = openLink({ wire, vault });
    globalThis.scanner = openScanner({ wire, vault, link, patience: 2000 });
    globalThis.heard = [];
    for (const type of ["state", "settled", "unsent", "revoked", "roster"])
        link.addEventListener(type, ({ detail }) => heard.push([type, detail?.isOnline ?? detail?.detail ?? null]));
    globalThis.until = async (holds) => {
        while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 10));
    };
}"""
PAIR_WITHOUT_CURVE = """async () => {
    const known = crypto.subtle.generateKey.bind(crypto.subtle);
    crypto.subtle.generateKey = (kind, ...rest) => kind.name === "Ed25519"
        ? Promise.reject(new DOMException("unknown", "NotSupportedError")) : known(kind, ...rest);
    const { register } = await import("/js/gate/device.js");
    wire.device = await register(vault, { code: "ABCD-EFGH", name: "Pintu 1", appVersion: "1" });
}"""
# The server lets in or out and other gates are told of it, but its answer is lost on the way.
LOSE_ANSWER = """async ([ticketId, isInside]) => {
    const { NoAnswer } = await import("/js/gate/send.js");
    wire.call = async (path, { body }) => {
        const change = { ticket_id: ticketId, is_inside: isInside, cycle: 1, seq: 9, gate: "Utara",
            entered_nonce: isInside ? body.nonce : null, entered_at: "2026-12-05T11:00:00Z" };
        await vault.applyChanges([change], 9);
        throw new NoAnswer();
    };
}"""
IS_WHOLE = """() => {
    link.hurry();
    return until(() => vault.loadBundle().then((roster) => roster.listedAt > roster.snapshot_at_s));
}"""
SCAN = "([text, direction]) => scanner.scan(text, direction)"
# What was asked for before the network came back may still be on its way to failing.
SCAN_ONCE_CHECKED = """async (text) => {
  for (;;) {
    try {
      return await scanner.scan(text);
    } catch (error) {
      if (error.constructor.name !== "CannotCheck") throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}"""
EMPTY = "until(async () => await vault.queueLength() === 0)"


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.end()


@pytest.fixture
async def gate(page: Page, desk: Desk) -> AsyncIterator[Page]:
    """A device that was paired, and has the bundle."""
    with serving(speaking(desk)) as address:
        await page.goto(address)
        await page.evaluate(START, AT * 1000)
        await page.evaluate("link.start(); until(() => vault.loadBundle())")
        yield page
        desk.end()
        await page.evaluate("globalThis.link?.stop()")
        await page.goto("about:blank")


async def scan(gate: Page, text: str, direction: str = "entry") -> dict[str, Any]:
    found: dict[str, Any] = await gate.evaluate(SCAN, [text, direction])
    return found


async def scan_in_vain(gate: Page, desk: Desk, text: str) -> dict[str, Any]:
    """The server has heard of the scan when the device waits no longer for what it says."""
    desk.is_silent = True
    scanning = asyncio.create_task(scan(gate, text))
    while not desk.scans and not scanning.done():
        await asyncio.sleep(0.01)
    await gate.evaluate("giveUp()")
    return await scanning


def slices_of(text: str) -> list[str]:
    """The same code in two slices, which its signature is not over."""
    static = qr.read(text)
    return [qr.assemble(static.body[:-6] + code, static.signature) for code in (b"slice1", b"slice2")]


async def go_offline(gate: Page) -> None:
    await gate.evaluate(
        "until(() => link.isOnline).then(() => link.stop()).then(() => { link.isOnline = false; })"
    )


async def test_bundle_comes_with_what_happened_since_it_was_packed(gate: Page, desk: Desk):
    paths = [path for path, _ in desk.asked]

    assert paths[paths.index("/v1/gates/bundle") + 1] == "/v1/gates/changes"


async def test_online_the_server_decides(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")

    verdict = await scan(gate, CODES["good live"])

    assert (verdict["source"], verdict["result"], verdict["cycle"]) == ("server", "ok", 1)
    assert [(body["qr"], body["device_id"]) for body in desk.scans.values()] == [(CODES["good live"], "d")]
    assert await gate.evaluate("vault.queueLength()") == 0


async def test_server_that_does_not_answer_in_time_gets_the_same_scan_later(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")

    verdict = await scan_in_vain(gate, desk, CODES["good live"])
    (first,) = [body for path, body in desk.asked if path == "/v1/scan"]
    await gate.evaluate("link.hurry()")
    await gate.evaluate(EMPTY)

    assert (verdict["source"], verdict["result"], verdict["reason"]) == ("device", "ok", "good")
    assert (await gate.evaluate("waits")).count(2000) == 1
    assert verdict["ticket"]["holderName"] == "Siti Rahayu"
    assert "shown" not in first
    (second,) = desk.scans.values()
    assert (second["nonce"], second["shown"], second["is_live"]) == (first["nonce"], "ok", True)
    states = [value for kind, value in await gate.evaluate("heard") if kind == "state"]
    assert states[:2] == [True, False]


async def test_gate_is_online_only_once_the_server_knows_who_came_in(gate: Page, desk: Desk):
    await go_offline(gate)
    await scan(gate, CODES["good static"])
    desk.is_busy = True

    await gate.evaluate("link.start()")
    while not any(path == "/v1/scans/bulk" for path, _ in desk.asked):
        await gate.evaluate("new Promise((resolve) => setTimeout(resolve, 10))")
    again = await scan(gate, CODES["good live"])

    assert (again["source"], again["reason"]) == ("device", "already_in")
    assert not await gate.evaluate("link.isOnline")
    assert not any(path == "/v1/scan" for path, _ in desk.asked)


@pytest.mark.parametrize("name", ["good live", "good token", "typed"])
async def test_ticket_that_came_in_here_unheard_is_judged_here(gate: Page, desk: Desk, name: str):
    await go_offline(gate)
    await scan(gate, CODES["good static"])

    await gate.evaluate("link.isOnline = true")
    again = await scan(gate, TYPED if name == "typed" else CODES[name])
    other = await scan(gate, CODES["superseded"])

    assert (again["source"], again["reason"], other["source"]) == ("device", "already_in", "server")


async def test_own_entry_that_is_heard_of_before_its_answer_is_no_duplicate(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")
    await gate.evaluate(LOSE_ANSWER, [str(GOOD), True])

    mine = await scan(gate, CODES["good live"])
    again = await scan(gate, CODES["good static"])

    assert (mine["source"], mine["reason"], again["reason"]) == ("device", "good", "already_in")
    assert [scan["reason"] for scan in await gate.evaluate("vault.queued()")] == ["good", "already_in"]


async def test_own_exit_that_is_heard_of_before_its_answer_is_one(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")
    entered = {"ticket_id": str(GOOD), "is_inside": True, "cycle": 1, "seq": 8, "gate": "Selatan"}
    await gate.evaluate("(entered) => vault.applyChanges([entered], 8)", entered)
    await gate.evaluate(LOSE_ANSWER, [str(GOOD), False])

    mine = await scan(gate, CODES["good live"], "exit")
    again = await scan(gate, CODES["good static"], "exit")

    assert (mine["source"], mine["reason"], again["reason"]) == ("device", "good", "not_in")
    assert [scan["shown"] for scan in await gate.evaluate("vault.queued()")] == ["ok", "duplicate"]


async def test_what_was_decided_here_while_online_is_sent_at_once(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")
    await gate.evaluate("() => { link.hurry = () => heard.push(['hurry', null]); }")
    desk.scan_problem = 403

    verdict = await scan(gate, CODES["good static"])

    assert (verdict["source"], verdict["result"]) == ("device", "ok")
    assert ["hurry", None] in await gate.evaluate("heard")


async def test_offline_the_device_decides_and_remembers(gate: Page, desk: Desk):
    await go_offline(gate)

    names = [
        "good static",
        "good live",
        "forged signature",
        "void",
        "superseded",
        "not in the bundle",
        "emoji",
    ]
    reasons = {name: (await scan(gate, CODES[name]))["reason"] for name in names}
    again = await scan(gate, TYPED, "exit")
    unknown = await scan(gate, "Z" * 26)

    assert reasons == {
        "good static": "good",
        "good live": "already_in",
        "forged signature": "forged",
        "void": "voided",
        "superseded": "superseded",
        "not in the bundle": "other_event",
        "emoji": "unreadable",
    }
    assert (again["reason"], unknown["reason"]) == ("good", "unknown")
    assert len(await gate.evaluate("vault.queued()")) == len(names) + 2
    assert desk.scans == {}


async def test_ticket_that_is_on_no_list_is_looked_at_twice_while_it_may_be_new(gate: Page, desk: Desk):
    # The server says once more that nothing was added to the list.
    await gate.evaluate(IS_WHOLE)
    await go_offline(gate)

    new = await scan(gate, CODES["sold a moment ago"])
    older = await scan(gate, CODES["sold after the bundle"])

    assert (new["result"], new["isWarning"], new["isListed"]) == ("ok", True, False)
    assert (older["reason"], older["isWarning"]) == ("other_event", False)
    assert [scan["shown"] for scan in await gate.evaluate("vault.queued()")] == ["ok", "wrong_event"]


async def test_only_a_code_of_a_secret_key_needs_the_network(gate: Page, desk: Desk):
    await go_offline(gate)

    names = ["secret key", "token of a secret key", "key of somebody else", "good live"]
    verdicts = [await scan(gate, CODES[name]) for name in names]

    assert [verdict["reason"] for verdict in verdicts] == [*["no_network"] * 3, "good"]
    assert len(await gate.evaluate("vault.queued()")) == 1


async def test_answer_that_was_lost_is_asked_for_again_whatever_slice_the_ticket_shows(
    gate: Page, desk: Desk
):
    await gate.evaluate("until(() => link.isOnline)")
    now, later = slices_of(CODES["key of somebody else"])
    lost = await scan_in_vain(gate, desk, now)

    desk.is_silent = False
    await gate.evaluate("link.hurry(); until(() => link.isOnline)")
    again = await scan(gate, later)

    assert (lost["reason"], again["source"], again["nonce"]) == ("no_network", "server", lost["nonce"])
    assert list(desk.scans) == [lost["nonce"]]


async def test_only_the_same_code_soon_after_is_the_same_scan(gate: Page):
    await go_offline(gate)
    now, later = slices_of(CODES["key of somebody else"])
    lost = await scan(gate, now)

    # Names the same ticket, and nobody checked that it is of it.
    others = [await scan(gate, CODES["secret key"]), await scan(gate, now, "exit")]
    again = await scan(gate, later)
    await gate.evaluate("() => { const now = Date.now; Date.now = () => now() + 90_000; }")
    others.append(await scan(gate, now))

    assert again["nonce"] == lost["nonce"]
    assert len({verdict["nonce"] for verdict in [lost, *others]}) == 4


@pytest.mark.parametrize("is_silent", [False, True])
async def test_nonce_of_another_scan_is_asked_and_kept_under_no_more(gate: Page, desk: Desk, is_silent: bool):
    await gate.evaluate("until(() => link.isOnline)")
    desk.reuses, text = 1, CODES["good static"]
    await gate.evaluate("() => { link.hurry = () => {}; link.stop(); }")

    verdict = await (scan_in_vain(gate, desk, text) if is_silent else scan(gate, text))

    first, second = (body["nonce"] for path, body in desk.asked if path == "/v1/scan")
    assert (verdict["result"], verdict["source"]) == ("ok", "device" if is_silent else "server")
    assert first != second == verdict["nonce"]
    queued = [scan["nonce"] for scan in await gate.evaluate("vault.queued()")]
    assert queued == ([second] if is_silent else [])


async def test_server_decides_before_the_bundle_is_here(gate: Page, desk: Desk):
    await go_offline(gate)
    await gate.evaluate("vault.release().then(() => { link.isOnline = true; })")

    verdict = await scan(gate, CODES["good live"])

    assert (verdict["source"], verdict["result"]) == ("server", "ok")


async def test_code_is_not_called_forged_where_nothing_can_check_it(gate: Page):
    await gate.route("**/vendor/ed25519/*", lambda route: route.abort())
    await go_offline(gate)
    await gate.reload()
    await gate.evaluate(WITHOUT_CURVE)
    await gate.evaluate(START, AT * 1000)

    names = ["good static", "good token"]
    said = [
        await gate.evaluate(
            "(text) => scanner.scan(text).catch(({ constructor: { name } }) => name)", CODES[name]
        )
        for name in names
    ]
    await gate.unroute("**/vendor/ed25519/*")
    verdict = await gate.evaluate(SCAN_ONCE_CHECKED, CODES["good static"])

    assert (said, verdict["reason"]) == (["CannotCheck"] * 2, "good")
    assert await gate.evaluate("vault.queueLength()") == 1


async def test_staff_let_in_by_name_without_a_network(gate: Page, desk: Desk):
    await go_offline(gate)

    (found,) = await gate.evaluate("scanner.find('wijaya')")
    manual = {"ticketId": found["id"], "reason": "ponsel mati"}
    verdict = await gate.evaluate("(manual) => scanner.scan('', 'entry', manual)", manual)

    assert (found["id"], verdict["reason"]) == (str(REISSUED), "good")
    assert "code" not in found
    (queued,) = await gate.evaluate("vault.queued()")
    assert (queued["ticket_id"], queued["manual_reason"]) == (str(REISSUED), "ponsel mati")


async def test_entry_at_another_gate_is_known_here_at_once(gate: Page, desk: Desk):
    while not desk.listeners:
        await gate.evaluate("new Promise((resolve) => setTimeout(resolve, 10))")
    entered = {"is_inside": True, "cycle": 1, "entered_at": "2026-12-05T11:00:00Z"}
    desk.changes = [{"ticket_id": str(GOOD), "seq": 9, "gate": "Selatan", **entered}]
    desk.happened.set()
    await gate.evaluate("until(async () => await vault.seq() === 9)")
    await go_offline(gate)

    verdict = await scan(gate, CODES["good static"])

    assert (verdict["reason"], verdict["usedGate"], verdict["usedAt"]) == (
        "already_in",
        "Selatan",
        (AT - 3610) * 1000,
    )


@pytest.mark.parametrize("kind", ["Ed25519", "ES256"])
async def test_token_that_is_over_is_renewed_by_proof_of_the_key(gate: Page, desk: Desk, kind: str):
    await gate.evaluate("until(() => link.isOnline)")
    if kind == "ES256":
        await gate.evaluate(PAIR_WITHOUT_CURVE)
    desk.token = "second"

    verdict = await scan(gate, CODES["good static"])

    assert (verdict["source"], verdict["result"], desk.key_kind) == ("server", "ok", kind)
    assert (await gate.evaluate("vault.loadDevice()"))["token"] == "second"


async def test_device_whose_work_is_done_hands_in_what_it_has(gate: Page, desk: Desk):
    await go_offline(gate)
    await scan(gate, CODES["good static"])
    desk.is_over = True

    await gate.evaluate("wire.device = { ...wire.device, expiresAt: Date.now() + 3600_000 }; link.start()")
    await gate.evaluate(EMPTY)
    await gate.evaluate("wire.renewEarly()")

    assert [body["qr"] for body in desk.scans.values()] == [CODES["good static"]]
    assert [path for path, _ in desk.asked].count("/v1/gates/renew") == 1
    assert await gate.evaluate("vault.loadBundle().then(Boolean)")


async def test_device_that_gets_no_list_any_more_stays_connected_with_the_one_it_has(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")
    desk.is_over, desk.roster_version = True, "r2"
    # The bundle is not asked for again before half a minute went by.
    await gate.evaluate(
        "() => { const now = performance.now.bind(performance); performance.now = () => now() + 60_000; }"
    )

    await gate.evaluate("link.hurry(); until(() => link.isOver)")
    count = len(desk.asked)
    await gate.evaluate("link.hurry()")
    while not any(path == "/v1/gates/changes" for path, _ in desk.asked[count:]):
        await gate.evaluate("new Promise((resolve) => setTimeout(resolve, 10))")

    assert await gate.evaluate("heard.filter(([type]) => type === 'state')") == [["state", True]]
    assert await gate.evaluate("vault.loadBundle().then((roster) => roster.roster_version)") == "r1"


async def test_scan_that_the_server_never_takes_keeps_back_no_other(gate: Page, desk: Desk):
    await go_offline(gate)
    for name in ("good static", "void", "superseded"):
        await scan(gate, CODES[name])
    desk.refuses = CODES["void"]

    await gate.evaluate("link.start()")
    await gate.evaluate(EMPTY)

    assert sorted(scan["reason"] for scan in desk.scans.values()) == ["good", "superseded"]
    assert ["unsent", "not this one"] in await gate.evaluate("heard")
    (kept,) = await gate.evaluate("vault.unsent()")
    assert (kept["qr"], kept["reason"], kept["detail"]) == (CODES["void"], "voided", "not this one")
    assert await gate.evaluate("vault.unsentLength()") == 1
    desk.refuses = ""
    await gate.evaluate("(event) => vault.retry(event).then(link.hurry)", str(EVENT))
    await gate.evaluate(EMPTY)
    assert desk.scans[kept["nonce"]] == {name: kept[name] for name in kept if name != "detail"}
    assert await gate.evaluate("vault.unsentLength()") == 0


async def test_scan_for_which_the_server_has_another_is_kept_and_its_ticket_stays_used(
    gate: Page, desk: Desk
):
    await go_offline(gate)
    for name in ("good static", "void"):
        await scan(gate, CODES[name])
    desk.has_otherwise = CODES["good static"]

    await gate.evaluate("link.start()")
    await gate.evaluate(EMPTY)
    await gate.evaluate("until(() => link.isOnline)")
    again = await scan(gate, CODES["good live"])

    (kept,) = await gate.evaluate("vault.unsent()")
    assert (kept["qr"], kept["shown"], kept["detail"]) == (CODES["good static"], "ok", "taken_otherwise")
    assert ["unsent", "taken_otherwise"] in await gate.evaluate("heard")
    assert (again["source"], again["reason"]) == ("device", "already_in")


async def test_scan_that_the_server_breaks_at_stands_aside_and_the_others_go_out(gate: Page, desk: Desk):
    await go_offline(gate)
    for name in ("good static", "void", "superseded"):
        await scan(gate, CODES[name])
    desk.breaks_at = CODES["void"]

    await gate.evaluate("link.start()")
    await gate.evaluate(EMPTY)

    assert sorted(scan["reason"] for scan in desk.scans.values()) == ["good", "superseded"]
    (kept,) = await gate.evaluate("vault.unsent()")
    assert (kept["reason"], kept["detail"]) == ("voided", "HTTP 500")


async def test_server_that_breaks_at_everything_loses_no_scan(gate: Page, desk: Desk):
    await go_offline(gate)
    desk.breaks_at = CODES["void"]
    for _ in range(4):
        await scan(gate, CODES["void"])

    await gate.evaluate("link.start()")
    while [path for path, _ in desk.asked].count("/v1/scans/bulk") < 5:
        await gate.evaluate("new Promise((resolve) => setTimeout(resolve, 10))")

    assert await gate.evaluate("Promise.all([vault.queueLength(), vault.unsentLength()])") == [4, 0]


async def test_scans_outlast_a_device_that_is_taken_back_and_go_out_once_it_is_paired_again(
    gate: Page, desk: Desk
):
    await go_offline(gate)
    for name in ("good static", "void"):
        await scan(gate, CODES[name])
    before = await gate.evaluate("vault.queued()")
    desk.is_revoked = True
    await gate.evaluate("link.start(); until(() => heard.some(([type]) => type === 'revoked'))")
    left = await gate.evaluate("Promise.all([vault.loadBundle(), vault.loadDevice(), vault.queueLength()])")

    desk.is_revoked, desk.token = False, "of another device"
    await gate.evaluate(START, AT * 1000)
    await gate.evaluate("link.start()")
    await gate.evaluate(EMPTY)

    assert left == [None, None, 2]
    assert list(desk.scans) == [scan["nonce"] for scan in before]
    assert [scan["shown"] for scan in desk.scans.values()] == ["ok", "void"]


async def test_phone_of_a_gate_that_is_closed_hands_in_what_it_has_and_works_once_it_is_open_again(
    gate: Page, desk: Desk
):
    await go_offline(gate)
    await scan(gate, CODES["good static"])
    desk.is_closed = True

    await gate.evaluate("link.start()")
    await gate.evaluate(EMPTY)
    shut = await scan(gate, CODES["sold a moment ago"])
    kept = await gate.evaluate("vault.loadDevice().then(({ isShut }) => isShut)")
    desk.is_closed = False
    await gate.evaluate("link.hurry(); until(() => link.isOnline)")
    again = await scan(gate, CODES["sold a moment ago"])

    assert (shut["reason"], shut["result"], kept) == ("gate_shut", "invalid", True)
    assert (again["source"], again["result"]) == ("server", "ok")
    assert await gate.evaluate("vault.loadBundle().then(Boolean)")
    reasons = [scan.get("reason") for scan in desk.scans.values()]
    assert reasons == ["good", None]


async def test_scan_that_is_asked_as_the_gate_closes_lets_nobody_in(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")
    desk.is_closed = True

    shut = await scan(gate, CODES["good static"])
    await gate.evaluate("until(() => wire.isShut)")

    assert (shut["reason"], desk.scans) == ("gate_shut", {})
    assert await gate.evaluate("vault.queueLength()") == 0


async def test_device_that_is_let_go_while_its_list_comes_keeps_nobody(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")
    await gate.evaluate(
        "() => { const now = performance.now.bind(performance); performance.now = () => now() + 60_000; }"
    )
    await gate.evaluate("""() => {
        const save = vault.saveBundle.bind(vault);
        globalThis.saving = null;
        vault.saveBundle = (...given) => (saving = save(...given));
    }""")
    asked, gone = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await gone.wait()
        await route.continue_()

    await gate.route("**/v1/gates/bundle", hold)
    desk.roster_version = "r2"
    await gate.evaluate("link.hurry()")
    await asked.wait()
    await gate.evaluate("link.stop(); vault.wipe()")
    gone.set()

    saved = await gate.evaluate("until(() => saving !== null).then(() => saving).then(Boolean)")

    assert not saved
    assert await gate.evaluate("Promise.all([vault.loadBundle(), vault.loadDevice()])") == [None, None]


async def test_device_taken_back_keeps_nobody(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")
    desk.is_revoked = True

    refused = await gate.evaluate(
        "(text) => scanner.scan(text).catch((error) => error.code)", CODES["good static"]
    )

    assert refused == "gate.device_revoked"
    assert await gate.evaluate("Promise.all([vault.loadBundle(), vault.loadDevice()])") == [None, None]
    assert ["revoked", "taken back"] in await gate.evaluate("heard")
