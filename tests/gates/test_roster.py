"""The list of tickets on a device is one text; whatever people are called, each ticket is found in it."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.gates.vectors import build, digest_of

pytestmark = pytest.mark.browser
NAMES = ['"],["', "\\", '\\"],["AZNrLAAAcACAAAAAAAAAAA",', "Zoë 🎫", "", "]]"]
# The rows are sealed and opened as bytes.
LOOK = """async ({ bundle, asked }) => {
    const { openRoster, packRoster } = await import("/js/gate/roster.js");
    const { longId } = await import("/js/gate/bytes.js");
    const { head, rows } = packRoster(bundle);
    const roster = await openRoster(head, new TextDecoder("ascii").decode(new TextEncoder().encode(rows)));
    const found = [];
    for (const [id, code] of asked) {
        const tid = await roster.withCode(code);
        found.push([tid === longId(id), roster.find(longId(id)).holderName, roster.standing(longId(id)).cycle]);
    }
    const nobody = [roster.find(crypto.randomUUID()), await roster.withCode("Z".repeat(26))];
    return { found, nobody, size: roster.size, named: roster.search("zoë").map((one) => one.seat) };
}"""


async def test_each_ticket_is_found_whatever_its_holder_is_called(page: Page):
    bundle: dict[str, Any] = build()["bundle"]
    ids = [row[0] for row in bundle["tickets"]] + [f"AZNrLAAAcACAAAAAAAAAB{char}" for char in "AQg"]
    codes = [f"{number}" * 26 for number in range(len(NAMES))]
    rows = [
        [short, digest_of(code), name, 0, f"A-{place}", 0, 0, place, 0, 0]
        for place, (short, code, name) in enumerate(zip(ids, codes, NAMES, strict=True))
    ]

    asked = {"bundle": {**bundle, "tickets": rows}, "asked": list(zip(ids, codes, strict=True))}
    seen = await page.evaluate(LOOK, asked)

    assert seen["found"] == [[True, name, place] for place, name in enumerate(NAMES)]
    assert (seen["nobody"], seen["size"], seen["named"]) == ([None, None], len(NAMES), ["A-3"])
