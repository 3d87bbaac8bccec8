"""The jastiper's desk on a home screen: a phone may install it, and it says when there is no network."""

import json

import pytest
from playwright.async_api import Browser, expect

from pesan.identity.states import MerchantRole
from pesan.kit.ids import new_id
from tests.journeys.browser import visiting
from tests.support.factories import Make
from tests.support.service import Service

pytestmark = pytest.mark.browser
# The desk's own, and the site's, which other addresses have.
_WORKERS_RUN = """async () => {
    for (;;) {
        const found = await navigator.serviceWorker.getRegistrations();
        const scopes = found.filter(({ active }) => active).map(({ scope }) => new URL(scope).pathname);
        if (scopes.length === 2) return scopes.sort();
        await new Promise((done) => setTimeout(done, 50));
    }
}"""
_KEPT_PAGES = """async () => {
    const paths = [];
    for (const name of await caches.keys()) {
        for (const one of await (await caches.open(name)).keys()) paths.push(new URL(one.url).pathname);
    }
    return paths.filter((path) => !path.startsWith("/static/")).sort();
}"""


async def test_it_installs_and_says_when_there_is_no_network(
    browser: Browser, service: Service, make: Make
) -> None:
    merchant = await make.merchant(name="Jastip by Tina", slug=f"jastip-{new_id().hex[-12:]}")
    cookies = await make.session_of(await make.user(merchant, MerchantRole.ORGANIZER))
    async with visiting(browser) as tab:
        page = tab.page
        await page.context.add_cookies(
            [{"name": name, "value": value, "url": service.url} for name, value in cookies.items()]
        )
        await tab.open(f"{service.url}/jastip/{merchant.slug}")
        title = await page.get_by_role("heading", level=1).inner_text()
        client = await page.context.new_cdp_session(page)
        manifest = await client.send("Page.getAppManifest")
        problems = await client.send("Page.getInstallabilityErrors")
        assert await page.evaluate(_WORKERS_RUN) == ["/", "/jastip"]

        await page.context.set_offline(True)
        await page.goto(f"{service.url}/jastip/{merchant.slug}/new")
        await expect(page.get_by_role("heading", name="Tidak ada jaringan")).to_be_visible()
        kept, blocked = await page.evaluate(_KEPT_PAGES), await tab.violations()
        await page.goto(f"{service.url}/jastiper-lain")
        await expect(page.get_by_role("heading", name="Sambungan terputus")).to_be_visible()
        await page.goto(f"{service.url}/jastip/{merchant.slug}")
        await expect(page.get_by_role("heading", name="Tidak ada jaringan")).to_be_visible()
        await page.context.set_offline(False)

        await expect(page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible(
            timeout=60_000
        )
    purposes = [(icon["sizes"], icon["purpose"]) for icon in json.loads(manifest["data"])["icons"]]
    # A browser of a test forgets everything, and installs nothing for that alone.
    stands_against = [problem["errorId"] for problem in problems["installabilityErrors"]]
    assert (manifest["errors"], stands_against, blocked) == ([], ["in-incognito"], [])
    assert purposes == [("any", "any"), ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")]
    assert kept == ["/jastip/offline", "/offline"]


async def test_the_page_for_no_network_is_for_everybody(browser: Browser, service: Service) -> None:
    async with visiting(browser) as tab:
        assert await tab.inspect(f"{service.url}/jastip/offline") == []
        assert tab.faults == []
