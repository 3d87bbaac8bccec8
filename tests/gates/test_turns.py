"""Verdicts one after another, as somebody with a hardware scanner sees them."""

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.browser
SHOW = """async () => {
    const { openTurns } = await import("/js/gate/turns.js");
    const seen = [];
    const turns = openTurns(
        async (code) => { if (code === "broken") throw new Error(code); seen.push(code); },
        async () => { seen.push(turns.isFree() ? "free" : "stands"); });
    const first = turns.add("first");
    for (const code of ["second", "broken", "third"]) turns.add(code);
    await first;
    const isFree = turns.isFree();
    const fourth = turns.add("fourth");
    turns.add("of nobody");
    turns.clear();
    await fourth;
    return { seen, isFree };
}"""


async def test_each_verdict_stands_before_the_next_and_none_is_lost(page: Page):
    shown = await page.evaluate(SHOW)

    stood = ["first", "stands", "second", "stands", "stands", "third", "stands", "fourth", "stands"]
    assert shown == {"seen": stood, "isFree": True}
