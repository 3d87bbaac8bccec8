"""What the scanner's screen decides by itself: which code is new, what a scanner typed, what is counted and said."""

import json
from typing import Any

import pytest
from playwright.async_api import Page

from pesan.gates.states import Reason
from tests.gates.vectors import PATH

pytestmark = pytest.mark.browser
CODES = {code["name"]: code["text"] for code in json.loads(PATH.read_text())["codes"]}
# Each step is [milliseconds, text, whether a new one could be taken]; the clock is the test's.
WATCH = """async (steps) => {
    const { watch } = await import("/js/gate/sighting.js");
    let now = 0;
    const sightings = watch(3000, () => now);
    return steps.map(([at, text, isFree]) => { now = at; return sightings.isNew(text, isFree); });
}"""
# Each key is [milliseconds, key].
TYPE = """async (keys) => {
    const { listen } = await import("/js/gate/wedge.js");
    let now = 0;
    const heard = [];
    listen((text) => heard.push(text), () => now);
    for (const [at, key] of keys) {
        now = at;
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    return heard;
}"""
# Typed at once, and heard in two parts by a page that was busy in between.
HEAR_LATE = """async (text) => {
    const { listen } = await import("/js/gate/wedge.js");
    const heard = [];
    listen((text) => heard.push(text));
    const press = (key) => new KeyboardEvent("keydown", { key, bubbles: true });
    const keys = [...text, "Enter"].map(press);
    for (const key of keys.slice(0, 3)) document.body.dispatchEvent(key);
    await new Promise((resolve) => setTimeout(resolve, 600));
    for (const key of keys.slice(3)) document.body.dispatchEvent(key);
    return heard;
}"""
COUNT = """async () => {
    const { forgetCounters, passed, recallCounters, takeCounters } = await import("/js/gate/counters.js");
    const start = passed({ result: "ok", source: "device", direction: "entry" });
    takeCounters({ inside: 5, entered: 6, left: 1, per_minute: 2 });
    passed({ result: "ok", source: "server", direction: "entry" });
    passed({ result: "duplicate", source: "device", direction: "entry" });
    passed({ result: "ok", source: "device", direction: "entry" });
    passed({ result: "ok", source: "device", direction: "entry" });
    const end = passed({ result: "ok", source: "device", direction: "exit" });
    forgetCounters();
    return [start, end, recallCounters()];
}"""
SAY = """async (reasons) => {
    const { speak, verdictWords } = await import("/js/gate/words.js");
    return ["id", "en"].map((language) => {
        speak(language);
        return reasons.map((reason) => verdictWords({ reason, direction: "entry" })[0]);
    });
}"""


async def test_a_ticket_in_view_is_new_once_until_it_was_gone_for_three_seconds(page: Page) -> None:
    live, other = CODES["good live"], CODES["superseded"]
    # The same ticket, in its next slice.
    turned = CODES["good static"]
    steps: list[tuple[list[Any], bool]] = [
        ([0, live, True], True),
        ([2900, live, True], False),
        ([5800, turned, True], False),
        ([5900, other, False], False),
        ([6000, other, True], True),
        ([8700, live, False], False),
        ([11_600, live, True], False),
        ([14_600, live, True], True),
    ]

    new = await page.evaluate(WATCH, [step for step, _ in steps])

    assert new == [expected for _, expected in steps]


async def test_a_scanner_that_types_is_told_from_a_person_who_does(page: Page) -> None:
    quick = [(at, key) for at, key in enumerate([*"A B%1", "Enter"])]
    slow = [(1000 + 500 * at, key) for at, key in enumerate([*"ABCDE", "Enter"])]
    short = [(9000 + at, key) for at, key in enumerate(["A", "Shift", "B", "Enter"])]

    assert await page.evaluate(TYPE, [*quick, *slow, *short]) == ["A B%1"]


async def test_a_scanner_is_told_by_when_it_typed_though_the_page_was_too_busy_to_hear(page: Page) -> None:
    assert await page.evaluate(HEAR_LATE, "ABCDEFGH") == ["ABCDEFGH"]


async def test_what_passes_without_a_network_is_counted(page: Page) -> None:
    start, end, gone = await page.evaluate(COUNT)

    assert (start, gone) == ({}, {})
    assert end == {"inside": 6, "left": 2, "perMinute": 2}


async def test_every_reason_has_a_word_of_its_own_in_both_languages(page: Page) -> None:
    reasons = [reason.value for reason in Reason] + ["no_bundle", "no_network", "gate_shut"]

    for words in await page.evaluate(SAY, reasons):
        assert len(set(words)) == len(reasons)
