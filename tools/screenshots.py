"""Takes the pictures in docs/screenshots from a running demo: `pesan demo`, then `python -m tools.screenshots`."""

import argparse
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, sync_playwright

from pesan.app.demo import LOG_INS
from pesan.app.demo.receipts import Receipt, draw_receipt
from tests.support.browser import find_chromium

FOLDER = Path("docs/screenshots")
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
COLOURS = 128
SHOP = "kopi-teduh"
FESTIVAL = "suara-sentani"
# One picture of each, because whoever reads the README fetches them all.
SHOWN = {"payment": "dark", "seats": "dark"}
BUYERS = {"light": ("Sari Dewi", "0812 0000 0071"), "dark": ("Bima Aditya", "0812 0000 0072")}


def main() -> None:
    """Walk the guest's and the staff's way, and keep what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://localhost:8000")
    url = parser.parse_args().url
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        for theme in BUYERS:
            with page_of(browser, PHONE, theme) as guest, page_of(browser, DESK, theme) as staff:
                choose_seats(guest, url, theme)
                guest_way(guest, url, theme)
                staff_way(staff, url, theme, code=guest.url.rpartition("/")[2])
                organizer_way(staff, url, theme)
                guest.locator(".pass__qr svg").wait_for()
                keep(guest, "ticket", theme)
        browser.close()


@contextmanager
def page_of(browser: Browser, size: ViewportSize, theme: str) -> Iterator[Page]:
    """A page of a visitor of their own; phones are drawn twice as sharp."""
    is_phone = size is PHONE
    context = browser.new_context(
        viewport=size,
        is_mobile=is_phone,
        has_touch=is_phone,
        device_scale_factor=2 if is_phone else 1,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale="id-ID",
    )
    context.set_default_timeout(120_000)  # whatever else the machine does
    yield context.new_page()
    context.close()


def guest_way(page: Page, url: str, theme: str) -> None:
    """List, event, sheet, payment, and the proof on its way."""
    page.goto(url)
    keep(page, "list", theme)
    items = page.request.get(f"{url}/api/items?available=true&merchant={SHOP}").json()["items"]
    chosen = next(item for item in items if item["status"] == "open" and item["price"])
    page.goto(url + chosen["url"])
    keep(page, "event", theme)
    page.goto(f"{url}{chosen['url']}/book")
    name, wa = BUYERS[theme]
    page.fill("#name", name)
    page.fill("#wa", wa)
    keep(page, "booking", theme)
    page.locator("#terms").check()
    page.get_by_role("button", name="Tahan tempat").click()
    page.get_by_role("button", name="BCA").click()
    page.locator("#instructions").wait_for()
    keep(page, "payment", theme)
    send_proof(page, name)


def choose_seats(page: Page, url: str, theme: str) -> None:
    """Three seats of the festival's."""
    items = page.request.get(f"{url}/api/items?merchant={FESTIVAL}").json()["items"]
    page.goto(url + next(item["url"] for item in items if "Festival" in item["title"]))
    page.get_by_role("button", name="Pilih kursi").click()
    for name in ("B-4", "B-5", "B-6"):
        page.locator(f"[data-seat][aria-label*='{name},']").click()
    keep(page, "seats", theme)


def send_proof(page: Page, sender: str) -> None:
    """A made-up receipt of exactly the amount."""
    amount = int(re.sub(r"\D", "", page.locator(".sticky-bar .price").inner_text()))
    receipt = Receipt(
        amount=amount,
        sender=sender,
        recipient="CONTOH SEKOLAH KOPI TEDUH",
        account="BCA 0001002003",
        at=datetime.now(UTC),
        zone="Asia/Jakarta",
        seed=sender,
    )
    file: FilePayload = {"name": "bukti.jpg", "mimeType": "image/jpeg", "buffer": draw_receipt(receipt)}
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Kirim bukti").click()
    page.wait_for_url("**/b/*")


def staff_way(page: Page, url: str, theme: str, *, code: str) -> None:
    """Log in, the review queue, and the guest's proof approved."""
    log_in(page, url, shop="kopiteduh")
    page.goto(f"{url}/organizer/{SHOP}/review")
    keep(page, "review", theme)
    page.goto(f"{url}/organizer/{SHOP}/review/{code}")
    page.get_by_role("button", name="Setujui").click()
    page.get_by_text(f"{code} disetujui.").wait_for()


def organizer_way(page: Page, url: str, theme: str) -> None:
    """How an event sells, and what is owed to buyers."""
    item = page.request.get(f"{url}/api/items?merchant={SHOP}").json()["items"][0]
    page.goto(f"{url}/organizer/{SHOP}/events/{item['url'].rpartition('-')[2]}/sales")
    keep(page, "sales", theme)
    page.context.clear_cookies()
    log_in(page, url, shop="suarasentani")
    page.goto(f"{url}/organizer/{FESTIVAL}/refunds")
    keep(page, "refunds", theme)


def log_in(page: Page, url: str, *, shop: str) -> None:
    """As the shop's organizer."""
    person = next(one for one in LOG_INS if one.role == "organizer" and shop in one.email)
    page.goto(f"{url}/backoffice/login")
    page.fill("#email", person.email)
    page.fill("#password", person.password)
    page.get_by_role("button", name="Masuk", exact=True).click()
    page.wait_for_load_state("networkidle")


def keep(page: Page, name: str, theme: str) -> None:
    """Store what is seen, with few colours: the README should load on a slow line."""
    if theme != SHOWN.get(name, "light"):
        return
    page.wait_for_timeout(600)
    picture = Image.open(io.BytesIO(page.screenshot()))
    path = FOLDER / f"{name}-{theme}.png"
    picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(path)


if __name__ == "__main__":
    main()
