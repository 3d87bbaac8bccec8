"""Client and reader against the shipped fake, which has Meta's rules from the same paper and not from this code."""

import asyncio
from base64 import b64encode

import pytest

from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.messaging.whatsapp.failures import SendFailed
from pesan.messaging.whatsapp.inbound import InboundMessage, StatusUpdate, Update, read_updates
from pesan.messaging.whatsapp.shapes import (
    Button,
    Buttons,
    Choices,
    Document,
    Link,
    Picture,
    Row,
    Section,
    TemplateUse,
    Text,
)
from pesan.messaging.whatsapp.signature import is_signed
from pesan.messaging.whatsapp.templates import NewTemplate, UrlButton
from tests.support.providers.server import Asked, FakeProvider, Reply, running_provider
from tests.support.whatsapp import running_whatsapp

SARI = "6281234567890"
PNG = bytes.fromhex("89504e470d0a1a0a") + b"gambar"
WIDE = "👍" * 1024
FRAME = {"header": WIDE[:60], "footer": WIDE[:60]}
SECTIONS = (
    Section("A" * 24, tuple(Row(str(n) * 200, WIDE[:24], WIDE[:72]) for n in range(5))),
    Section("B", tuple(Row(str(n), "x") for n in range(5))),
)
SHAPES = [
    Text(WIDE * 4, preview_url=True),
    Buttons(WIDE, tuple(Button(str(n) * 256, WIDE[:19] + str(n)) for n in range(3)), **FRAME),
    Buttons("Benar?", (Button("ya", "Ya"),)),
    Choices(WIDE * 4, WIDE[:20], SECTIONS, **FRAME),
    Choices("Pilih", "Buka", (Section("", (Row("1", "x"),)),)),
    Link(WIDE, WIDE[:20], "https://toko.example/p", **FRAME),
    Picture("https://toko.example/qr.png", caption=WIDE),
    Document("https://toko.example/a.pdf", filename="a.pdf", caption=WIDE),
    TemplateUse("pesanan_siap", "id", ("Sari\n\t     B", "ORD-1"), "ORD-1"),
]
READY = NewTemplate(
    "pesanan_siap",
    "id",
    "UTILITY",
    "Halo {{1}}, pesanan {{2}} siap.",
    ("Sari", "ORD-1"),
    footer="Toko",
    button=UrlButton("Lihat", "https://toko.example/b/{{1}}", "https://toko.example/b/ORD-1"),
)


class Reader(FakeProvider):
    """A webhook that reads what it gets by the code under test."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self.secret = secret
        self.updates: list[Update] = []

    def answer(self, asked: Asked) -> Reply:
        if not is_signed(asked.body, asked.headers.get("x-hub-signature-256"), self.secret):
            return Reply(401)
        self.updates += read_updates(asked.json)
        return Reply()

    async def wait_for(self, kind: type, count: int) -> list:
        async with asyncio.timeout(60):
            while len(found := [update for update in self.updates if isinstance(update, kind)]) < count:
                await asyncio.sleep(0.01)
        return found


@pytest.fixture
async def fake():
    async with running_whatsapp() as fake:
        yield fake


@pytest.fixture
async def reader(fake):
    async with running_provider(Reader(fake.terms.app_secret)) as reader:
        fake.deliver_to(reader.url)
        yield reader


@pytest.fixture
async def client(fake, settings):
    made = WhatsAppClient.of(settings.model_copy(update=fake.settings))
    yield made
    await made.aclose()


async def test_every_shape_is_taken_at_its_limits_and_told_about(fake, reader, client):
    await fake.say(SARI, "Halo")
    state = await client.create_template(READY)

    for number, shape in enumerate(SHAPES):
        await client.send(f"+{SARI}", shape, opaque=f"msg-{number}")

    assert [one.name for one in await client.list_templates()] == [state.name] == ["pesanan_siap"]
    assert [got["type"] for got in await fake.messages(SARI)] == [shape.to_wire()[0] for shape in SHAPES]
    statuses = await reader.wait_for(StatusUpdate, 3 * len(SHAPES))
    assert {(told.opaque, told.status, told.recipient) for told in statuses} == {
        (f"msg-{number}", status, f"+{SARI}")
        for number in range(len(SHAPES))
        for status in ("sent", "delivered", "read")
    }


async def test_picture_that_somebody_sent_is_read_fetched_and_marked(fake, reader, client):
    with pytest.raises(SendFailed, match="switch_to_template"):
        await client.send(f"+{SARI}", Text("Halo"), opaque="msg-1")
    image = b64encode(PNG).decode()
    await fake.say(SARI, image=image, mime="image/png", caption="Bukti", name="Ibu Sari 🙏")

    (said,) = await reader.wait_for(InboundMessage, 1)
    with await client.fetch_media(said.media.media_id, limit=len(PNG)) as media:
        content = media.file.read()
    await client.mark_read(said.wamid, typing=True)

    assert (said.wa, said.profile_name, said.kind, said.text) == (f"+{SARI}", "Ibu Sari 🙏", "image", "Bukti")
    assert (content, media.mime, said.media.mime) == (PNG, "image/png", "image/png")
    (entry,) = await fake.messages(SARI, whole=True)
    assert entry["status"] == "read"


async def test_person_who_hides_their_number_is_answered_by_their_id(fake, reader, client):
    await fake.say(SARI, "Halo", name="Sari", hides_number=True)
    (said,) = await reader.wait_for(InboundMessage, 1)

    accepted = await client.send(said.user_id, Text("Halo Sari"), opaque="msg-1", reply_to=said.wamid)

    assert (said.wa, said.profile_name, accepted.wa_id) == (None, "Sari", None)
    statuses = await reader.wait_for(StatusUpdate, 1)
    assert {told.recipient for told in statuses} == {said.user_id}
