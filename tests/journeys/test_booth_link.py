"""A booth's screen and a server that answers late, wrongly or in another hour; over real HTTP."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.gates.pages import Answers, serving

pytestmark = pytest.mark.browser
BOOTH = "01900000-0000-7000-8000-000000000001"
# Rounds follow each other at once while something is waited for.
START = """async (booth) => {
    const [{ openLink }, { openVault }] = await Promise.all(
        ["link", "vault"].map((name) => import(`/js/booth/${name}.js`)));
    globalThis.vault = await openVault(booth);
    const { device, reports } = await vault.recall();
    const known = device ?? { deviceId: "d", token: "t", expiresAt: Date.now() + 864e5, outletId: "o" };
    globalThis.link = openLink({ vault, device: known, boothId: booth, appVersion: "1", reports });
    globalThis.heard = [];
    link.addEventListener("now", () => heard.push("now"));
    for (const type of ["taken", "refused"])
        link.addEventListener(type, ({ detail }) => heard.push(`${type} ${(detail.report ?? detail).event}`));
    globalThis.until = async (holds) => {
        while (!await holds()) {
            link.hurry();
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
    };
}"""
REPORT = "link.report({ id: 'one', event: 'start', at: link.serverNow() })"
EMPTY = "until(() => link.reports.length === 0)"
# So many more rounds heard what is on now.
ROUNDS = "(n) => { const from = heard.length; return until(() => heard.length >= from + n); }"
OFFSET = "Math.round((link.serverNow() - Date.now()) / 1000)"


@dataclass
class Room:
    """A server whose answers are the test's: the first of each path's, the last of them again and again."""

    answers: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    ahead: timedelta = timedelta()
    slow: float = 0
    slow_end: float = 0

    def next(self, path: str) -> tuple[int, str]:
        kind = path.rpartition("/")[2]
        left = self.answers.get(kind, [(200, "")])
        return left.pop(0) if len(left) > 1 else left[0]

    def keys(self, kind: str) -> list[str | None]:
        return [key for path, key in self.asked if path.endswith(f"/{kind}")]


def answering(room: Room) -> type[Answers]:
    class Booth(Answers):
        def do_GET(self) -> None:  # noqa: N802
            if self.path.endswith("/now"):
                return self._say()
            return super().do_GET()

        def do_POST(self) -> None:  # noqa: N802
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self._say()

        def end_headers(self) -> None:
            at = datetime.now(UTC) + room.ahead
            self.send_header("x-server-time", at.isoformat())
            super().end_headers()
            time.sleep(room.slow_end)

        def _say(self) -> None:
            room.asked.append((self.path, self.headers.get("idempotency-key")))
            time.sleep(room.slow)
            status, code = room.next(self.path)
            body: dict[str, Any] = {"code": code, "detail": code} if code else {}
            self.answer(status, json.dumps(body).encode())

    return Booth


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def address(room: Room) -> Iterator[str]:
    with serving(answering(room)) as address:
        yield address


@pytest.fixture
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    """A tablet that was paired before."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(address)
    await page.evaluate(START, BOOTH)
    yield page
    await context.close()


async def test_a_report_whose_first_try_still_runs_is_tried_again_with_its_key(page: Page, room: Room):
    room.answers["start"] = [(409, "idempotency.in_flight"), (200, "")]
    await page.evaluate(REPORT)

    await page.evaluate("link.start()")
    await page.evaluate(EMPTY)

    first, second = room.keys("start")
    assert first == second
    assert "refused start" not in await page.evaluate("heard")


async def test_a_report_that_is_refused_is_let_go(page: Page, room: Room):
    room.answers["start"] = [(409, "booths.wrong_state")]
    await page.evaluate(REPORT)

    await page.evaluate("link.start()")
    await page.evaluate(EMPTY)

    assert (len(room.keys("start")), (await page.evaluate("heard"))[0]) == (1, "refused start")


async def test_a_report_at_which_the_server_fails_stops_nothing_else_and_is_put_aside_in_sight(
    page: Page, room: Room
):
    room.answers["start"] = [(500, "internal")]
    await page.evaluate(REPORT)

    await page.evaluate("link.start()")
    await page.evaluate(ROUNDS, 1)
    waiting = await page.evaluate("link.reports.length")
    await page.evaluate(EMPTY)

    assert waiting == 1
    assert (await page.evaluate("heard")).count("refused start") == 1
    assert len(room.keys("beat")) == 1
    assert len(set(room.keys("start"))) == 1
    assert (await page.evaluate("vault.recall()"))["reports"] == []


async def test_a_report_waits_as_long_as_the_server_answers_nothing(page: Page, room: Room):
    room.answers["start"] = [(500, "internal")] * 30 + [(200, "")]
    room.answers["now"] = [(500, "internal")] * 30 + [(200, "")]
    await page.evaluate(REPORT)

    await page.evaluate("link.start()")
    await page.evaluate(EMPTY)

    assert "refused start" not in await page.evaluate("heard")


async def test_time_goes_on_when_the_tablets_clock_is_set(page: Page):
    await page.evaluate("link.start()")
    await page.evaluate(ROUNDS, 1)

    jumped = await page.evaluate(f"""() => {{
        const known = Date.now;
        Date.now = () => known() + 600_000;
        return {OFFSET};
    }}""")
    await page.evaluate(ROUNDS, 2)
    await page.evaluate(
        "until(async () => Math.abs((await vault.recall()).device?.offsetMs + 600_000) < 5000)"
    )

    assert abs(jumped + 600) < 5
    assert abs(await page.evaluate(OFFSET) + 600) < 5


async def test_another_hour_that_no_round_trip_explains_is_taken_at_once(page: Page, room: Room):
    await page.evaluate("link.start()")
    await page.evaluate(ROUNDS, 1)
    # Slower than the answers before, which knew better otherwise.
    room.ahead, room.slow = timedelta(minutes=10), 0.3

    await page.evaluate(ROUNDS, 2)

    assert abs(await page.evaluate(OFFSET) - 600) < 5


async def test_a_tablet_that_slept_without_a_network_goes_by_its_clock(page: Page, room: Room):
    await page.evaluate("link.start()")
    await page.evaluate(ROUNDS, 1)
    await page.context.set_offline(True)

    # What counts the time stood still meanwhile.
    await page.evaluate("""() => {
        const known = performance.now.bind(performance);
        performance.now = () => known() - 300_000;
        document.dispatchEvent(new Event("visibilitychange"));
    }""")

    await page.evaluate(f"until(() => Math.abs({OFFSET}) < 5)")


@pytest.mark.parametrize(("slow", "slow_end"), [(0.5, 0), (0, 1.2)], ids=["begins late", "ends late"])
async def test_an_answer_during_which_the_tablet_slept_says_nothing_of_the_time(
    page: Page, room: Room, slow: float, slow_end: float
):
    await page.evaluate("link.start()")
    await page.evaluate(ROUNDS, 1)
    room.slow, room.slow_end = slow, slow_end

    await page.evaluate("""async () => {
        const asked = link.call("/slow", { method: "POST" });
        await new Promise((resolve) => setTimeout(resolve, 300));
        const known = performance.now.bind(performance);
        performance.now = () => known() - 300_000;
        await asked;
    }""")
    await page.context.set_offline(True)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    await page.evaluate(f"until(() => Math.abs({OFFSET}) < 5)")
