"""Somebody who develops chats as a customer on a phone, and makes things go wrong."""

from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.journeys.browser import Tab
from tests.support.whatsapp import FakeWhatsApp

pytestmark = pytest.mark.browser

SARI = "6281234567890"
LIST = {
    "type": "list",
    "body": {"text": "Pilih barang"},
    "action": {
        "button": "Lihat barang",
        "sections": [
            {"title": "Camilan", "rows": [{"id": "order:1", "title": "KitKat", "description": "Rp 95.000"}]}
        ],
    },
}


async def send(whatsapp: FakeWhatsApp, content: dict) -> None:
    terms = whatsapp.terms
    body = {"messaging_product": "whatsapp", "to": f"+{SARI}", "type": "interactive", "interactive": content}
    headers = {"authorization": f"Bearer {terms.access_token}"}
    async with httpx.AsyncClient(timeout=30) as http:
        url = f"{whatsapp.url}/v24.0/{terms.numbers[0].id}/messages"
        (await http.post(url, json=body, headers=headers)).raise_for_status()


async def test_customer_chats_on_a_small_phone(tab: Tab, whatsapp: FakeWhatsApp, proof: Path):
    page = tab.page
    await page.set_viewport_size({"width": 360, "height": 740})
    await whatsapp.set_faults(statuses="delivered")
    # What happens before the page listens is not shown.
    async with page.expect_response(f"{whatsapp.url}/fake/events"):
        await tab.open(f"{whatsapp.url}/{whatsapp.terms.numbers[0].display}?text=JOIN%20tokyo24")
    await page.get_by_role("button", name="Buka obrolan").click()
    await page.get_by_role("button", name="Kirim", exact=True).click()
    chat = page.get_by_role("article", name="Ibu Sari")
    await expect(chat.get_by_text("JOIN tokyo24")).to_be_visible()

    await send(whatsapp, LIST)
    await expect(chat.get_by_text("Dibaca")).to_be_visible()  # an open chat is read
    await chat.get_by_role("button", name="Lihat barang").press("Enter")
    await page.get_by_role("button", name="KitKat").press("Enter")

    await expect(chat.get_by_text("KitKat", exact=True)).to_be_visible()
    await chat.get_by_label("Kirim gambar").set_input_files(proof)
    await expect(chat.locator("img")).to_be_visible()
    said = [entry for entry in await whatsapp.messages(SARI, whole=True) if entry["by"] == "customer"]
    assert [entry["type"] for entry in said] == ["text", "interactive", "image"]
    assert said[1]["shape"]["list_reply"]["id"] == "order:1"
    assert await tab.axe() == []


async def test_faults_and_measures_are_at_hand(tab: Tab, whatsapp: FakeWhatsApp):
    page = tab.page
    assert await tab.inspect(whatsapp.url) == []

    await page.get_by_role("button", name="Gangguan dan ukuran").click()
    await page.get_by_label("Bagian gagal (%)").fill("50")
    await page.get_by_label("Datang dua kali (%)").fill("10")
    async with page.expect_response(f"{whatsapp.url}/fake/faults"):
        await page.get_by_role("button", name="Pasang").click()

    faults = whatsapp.business.chance.faults
    assert [(failure.code, failure.rate) for failure in faults.failures] == [(130429, 0.5)]
    assert faults.duplicates == 0.1
    await expect(page.get_by_text("Pesan diambil")).to_be_visible()
    assert await tab.axe() == []
