"""Takes the pictures in docs/screenshots from a running demo: `pesan demo`, then `python tools/screenshots.py`."""

import argparse
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from pesan.app.demo import LOG_INS
from tests.support.browser import find_chromium

FOLDER = Path("docs/screenshots")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
COLOURS = 128


def main() -> None:
    """Walk the guest's and the staff's way, and keep what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://localhost:8000")
    url = parser.parse_args().url
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            with page_of(browser, PHONE, theme) as page:
                guest_way(page, url, theme)
            with page_of(browser, DESK, theme) as page:
                staff_way(page, url, theme)
        browser.close()


@contextmanager
def page_of(browser: Browser, size: dict[str, int], theme: str) -> Iterator[Page]:
    """A page of a visitor of their own; phones are drawn twice as sharp."""
    is_phone = size is PHONE
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        is_mobile=is_phone,
        has_touch=is_phone,
        device_scale_factor=2 if is_phone else 1,
        color_scheme="dark" if theme == "dark" else "light",
        locale="id-ID",
    )
    yield context.new_page()
    context.close()


def guest_way(page: Page, url: str, theme: str) -> None:
    """List, event, sheet, payment, status."""
    page.goto(url)
    keep(page, "list", theme)
    items = page.request.get(f"{url}/api/items?available=true").json()["items"]
    chosen = next(item for item in items if item["status"] == "open" and item["price"])
    page.goto(url + chosen["url"])
    keep(page, "event", theme)
    page.goto(f"{url}{chosen['url']}/book")
    page.fill("input[name=name]", "Sari Dewi")
    page.fill("input[name=wa]", "0812 3456 7890" if theme == "light" else "0813 9876 5432")
    keep(page, "booking", theme)
    page.locator("main button[type=submit]:visible, main button:visible").last.click()
    page.wait_for_url("**/pay/**")
    page.get_by_text("BCA").first.click()
    page.wait_for_timeout(800)
    keep(page, "payment", theme)


def staff_way(page: Page, url: str, theme: str) -> None:
    """Log in, the day at a glance, the review queue."""
    person = next(entry for entry in LOG_INS if entry.role == "organizer")
    page.goto(f"{url}/backoffice/login")
    page.fill("input[name=email]", person.email)
    page.fill("input[name=password]", person.password)
    page.locator("main button:visible").last.click()
    page.wait_for_load_state("networkidle")
    keep(page, "overview", theme)
    page.locator("a[href*='/review']").first.click()
    page.wait_for_timeout(1_000)
    keep(page, "review", theme)


def keep(page: Page, name: str, theme: str) -> None:
    """Store what is seen, with few colours: the README should load on a slow line."""
    page.wait_for_timeout(400)
    picture = Image.open(io.BytesIO(page.screenshot()))
    path = FOLDER / f"{name}-{theme}.png"
    picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(path)


if __name__ == "__main__":
    main()
