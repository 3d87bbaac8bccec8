"""Our adapter and the fake were written apart, after the same description: they understand each other."""

import asyncio
import base64
import json

import pytest

from pesan.messaging.whatsapp import shapes
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.messaging.whatsapp.failures import FailureKind, SendFailed
from pesan.messaging.whatsapp.inbound import OtherUpdate, read_updates
from pesan.messaging.whatsapp.signature import is_signed
from pesan.messaging.whatsapp.templates import NewTemplate, UrlButton
from pesan.settings import Settings
from tests.support.providers.server import Asked, FakeProvider, Reply, running_provider

SARI = "6281234567890"
PNG = bytes.fromhex("89504e470d0a1a0a") + b"gambar"
ROWS = (shapes.Row("r1", "Satu", "Yang pertama"), shapes.Row("r2", "Dua"))
EVERY_SHAPE = [
    shapes.Text("Siap"),
    shapes.Buttons("Benar?", (shapes.Button("ya", "Ya"), shapes.Button("tidak", "Tidak")), footer="Toko"),
    shapes.Choices("Pilih", "Lihat", (shapes.Section("", ROWS),), header="Daftar"),
    shapes.Link("Bayar di sini", "Bayar", "https://toko.example/p"),
    shapes.Picture(link="https://toko.example/qr.png", caption="QRIS"),
    shapes.Document(link="https://toko.example/a.pdf", filename="a.pdf"),
]


class Webhook(FakeProvider):
    def answer(self, asked: Asked) -> Reply:
        return Reply()

    async def read(self, count: int) -> list:
        """The updates of the first `count` posts."""
        async with asyncio.timeout(30):
            while len(self.requests) < count:
                await asyncio.sleep(0.01)
        bodies = [json.loads(asked.body) for asked in self.requests[:count]]
        return [update for body in bodies for update in read_updates(body)]


@pytest.fixture
async def webhook(whatsapp):
    async with running_provider(Webhook()) as webhook:
        whatsapp.deliver_to(f"{webhook.url}/api/webhooks/whatsapp")
        yield webhook


@pytest.fixture
async def client(whatsapp):
    client = WhatsAppClient.of(Settings(**whatsapp.settings))
    yield client
    await client.aclose()


async def test_every_shape_of_ours_is_taken(whatsapp, client):
    await whatsapp.say(SARI, "Halo")
    for number, shape in enumerate(EVERY_SHAPE):
        accepted = await client.send(f"+{SARI}", shape, opaque=f"msg-{number}")
        assert accepted.wa_id == SARI
    got = await whatsapp.messages(SARI)
    assert [message["shape"] for message in got] == [shape.to_wire()[1] for shape in EVERY_SHAPE]


async def test_template_is_submitted_approved_listed_and_used(whatsapp, webhook, client):
    button = UrlButton("Buka", "https://toko.example/u/{{1}}", "https://toko.example/u/abc")
    body = "Halo {{1}}, pesanan {{2}} siap."
    new = NewTemplate("pesanan_siap", "id", "UTILITY", body, ("Sari", "A1"), "Toko", button)

    assert (await client.create_template(new)).status == "PENDING"

    (told,) = await webhook.read(1)
    assert (told.name, told.event) == ("pesanan_siap", "APPROVED")
    (state,) = await client.list_templates()
    assert (state.name, state.language, state.status, state.category) == (
        "pesanan_siap", "id", "APPROVED", "UTILITY"
    )  # fmt: skip
    await client.send(f"+{SARI}", shapes.TemplateUse("pesanan_siap", "id", ("Sari", "A1"), "abc"), opaque="m")
    (message,) = await whatsapp.messages(SARI)
    assert message["shown"]["text"] == "Halo Sari, pesanan A1 siap."
    assert message["shown"]["buttons"][0]["url"] == "https://toko.example/u/abc"


async def test_refusals_and_broken_connections_are_understood(whatsapp, client):
    async def kind_of_failure() -> FailureKind:
        with pytest.raises(SendFailed) as raised:
            await client.send(f"+{SARI}", EVERY_SHAPE[0], opaque="m")
        return raised.value.kind

    assert await kind_of_failure() is FailureKind.SWITCH_TO_TEMPLATE
    await whatsapp.say(SARI, "Halo")
    codes = [130429, 131056, 131000, "http_500", 131048, "cut"]
    await whatsapp.set_faults(failures=[{"code": code, "times": 1} for code in codes])

    kinds = [await kind_of_failure() for _ in codes]

    assert kinds[:3] == [FailureKind.RETRY, FailureKind.RETRY_RECIPIENT, FailureKind.RETRY]
    assert kinds[3:] == [FailureKind.RETRY, FailureKind.STOP_QUEUE, FailureKind.UNKNOWN]


async def test_everything_customers_do_is_read(whatsapp, webhook, client):
    await whatsapp.say(SARI, "Halo 🙏", name="Ibu Sari")
    await client.send(f"+{SARI}", EVERY_SHAPE[1], opaque="m")
    await webhook.read(4)  # the text, and three statuses of our answer
    await whatsapp.say(SARI, reply_id="ya")
    await whatsapp.say(SARI, image=base64.b64encode(PNG).decode(), mime="image/png", caption="Bukti")

    updates = await webhook.read(6)

    assert [update for update in updates if isinstance(update, OtherUpdate)] == []
    secret = whatsapp.terms.app_secret
    assert all(
        is_signed(asked.body, asked.headers["x-hub-signature-256"], secret) for asked in webhook.requests
    )
    (message,) = json.loads(webhook.requests[-1].body)["entry"][0]["changes"][0]["value"]["messages"]
    with await client.fetch_media(message["image"]["id"], limit=1_000_000) as media:
        assert (media.file.read(), media.mime) == (PNG, "image/png")
    await client.mark_read(message["id"], typing=True)
    entries = await whatsapp.messages(SARI, whole=True)
    assert entries[-1]["status"] == "read"
