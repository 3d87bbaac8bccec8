"""What a gate's phone knows of the server's time, while somebody sets its clock."""

import pytest
from playwright.async_api import Page

from tests.gates.pages import serving
from tests.gates.speaker import Desk, speaking

pytestmark = pytest.mark.browser
# A clock that is three minutes behind, until somebody sets it.
PAIR = """async () => {
    const now = Date.now;
    globalThis.behind = 180_000;
    Date.now = () => now() - behind;
    const [{ openVault }, { openWire }, { register }] = await Promise.all(
        ["vault", "wire", "device"].map((name) => import(`/js/gate/${name}.js`)));
    globalThis.vault = await openVault();
    const device = await register(vault, { code: "ABCD-EFGH", name: "Pintu 1", appVersion: "1" });
    globalThis.wire = openWire({ vault, device, appVersion: "1" });
}"""
# Told in half minutes, because a slow machine takes its time.
ASK = """async () => {
    await wire.call("/v1/gates/changes", { timeout: 60_000 });
    let kept;
    do ({ offsetMs: kept } = await vault.loadDevice());
    while (Math.abs(kept - wire.offsetMs) > 1000);
    return Math.round(wire.offsetMs / 30_000);
}"""


@pytest.mark.parametrize(("behind", "offset"), [(0, 0), (-60_000, -2)])
async def test_a_clock_that_was_set_is_noticed_though_the_network_became_slow(
    page: Page, behind: int, offset: int
):
    desk = Desk(tells_time=True)
    with serving(speaking(desk)) as address:
        await page.goto(address)
        await page.evaluate(PAIR)
        before = await page.evaluate(ASK)

        desk.slow_seconds = 1.0
        await page.evaluate("(set) => { globalThis.behind = set; }", behind)
        after = await page.evaluate(ASK)

    assert (before, after) == (6, offset)
