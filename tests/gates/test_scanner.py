"""The scanner with a server that answers, that does not, and that took the device back; over real HTTP."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Page

from tests.gates.pages import serving
from tests.gates.speaker import Desk, speaking
from tests.gates.test_browser_vectors import WITHOUT_CURVE
from tests.gates.vectors import AT, GOOD, REISSUED, TYPED, build

pytestmark = pytest.mark.browser
CODES = {code["name"]: code["text"] for code in build()["codes"]}
# The device's clock is set to the vectors' noon; whatever waits, waits by the real one.
START = """async (at) => {
    const began = performance.now();
    Date.now = () => Math.round(at + performance.now() - began);
    const [{ openVault }, { openWire }, { openLink }, { openScanner }, device] = await Promise.all(
        ["vault", "wire", "link", "scanner", "device"].map((name) => import(`/js/gate/${name}.js`)));
    globalThis.vault = await openVault();
    const known = await vault.loadDevice()
        ?? await device.register(vault, { code: "ABCD-EFGH", name: "Pintu 1", appVersion: "1" });
    globalThis.wire = openWire({ vault, device: known, appVersion: "1" });
    globalThis.link = openLink({ wire, vault });
    globalThis.scanner = openScanner({ wire, vault, link, patience: 300 });
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
# The server admits and other gates are told of it, but its answer is lost on the way.
LOSE_ANSWER = """async (ticketId) => {
    const { NoAnswer } = await import("/js/gate/send.js");
    wire.call = async (path, { body }) => {
        const change = { ticket_id: ticketId, is_inside: true, cycle: 1, seq: 9, entered_nonce: body.nonce,
            entered_at: "2026-12-05T11:00:00Z", gate: "Utara" };
        await vault.applyChanges([change], 9);
        throw new NoAnswer();
    };
}"""
SCAN = "([text, direction]) => scanner.scan(text, direction)"
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


async def go_offline(gate: Page) -> None:
    await gate.evaluate(
        "until(() => link.isOnline).then(() => link.stop()).then(() => { link.isOnline = false; })"
    )


async def test_online_the_server_decides(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")

    verdict = await scan(gate, CODES["good live"])

    assert (verdict["source"], verdict["result"], verdict["cycle"]) == ("server", "ok", 1)
    assert [(body["qr"], body["device_id"]) for body in desk.scans.values()] == [(CODES["good live"], "d")]
    assert await gate.evaluate("vault.queueLength()") == 0


async def test_server_that_does_not_answer_in_time_gets_the_same_scan_later(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")
    desk.is_silent = True

    verdict = await scan(gate, CODES["good live"])
    (first,) = desk.scans.values()
    await gate.evaluate("link.hurry()")
    await gate.evaluate(EMPTY)

    assert (verdict["source"], verdict["result"], verdict["reason"]) == ("device", "ok", "good")
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
    await gate.evaluate(LOSE_ANSWER, str(GOOD))

    mine = await scan(gate, CODES["good live"])
    again = await scan(gate, CODES["good static"])

    assert (mine["source"], mine["reason"], again["reason"]) == ("device", "good", "already_in")
    assert [scan["reason"] for scan in await gate.evaluate("vault.queued()")] == ["good", "already_in"]


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
    verdict = await scan(gate, CODES["good static"])

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


async def test_scans_of_a_gate_that_is_closed_are_sent_before_the_phone_forgets(gate: Page, desk: Desk):
    await go_offline(gate)
    await scan(gate, CODES["good static"])
    desk.is_closed = True

    await gate.evaluate("link.start(); until(() => heard.some(([type]) => type === 'revoked'))")

    assert [scan["reason"] for scan in desk.scans.values()] == ["good"]
    assert await gate.evaluate("Promise.all([vault.loadDevice(), vault.queueLength()])") == [None, 0]


async def test_device_taken_back_keeps_nobody(gate: Page, desk: Desk):
    await gate.evaluate("until(() => link.isOnline)")
    desk.is_revoked = True

    refused = await gate.evaluate(
        "(text) => scanner.scan(text).catch((error) => error.code)", CODES["good static"]
    )

    assert refused == "gate.device_revoked"
    assert await gate.evaluate("Promise.all([vault.loadBundle(), vault.loadDevice()])") == [None, None]
    assert ["revoked", "taken back"] in await gate.evaluate("heard")
