"""Letters about what somebody shops for: no place, no time, no ticket and nobody who should come."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from pesan.chats.models import ChatMessage
from pesan.checkout.letters import letter_composers
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_id
from pesan.messaging.whatsapp.shapes import shape_from_json
from pesan.notifications.render import render
from pesan.notifications.samples import sample_letter
from pesan.notifications.states import Kind
from pesan.notifications.whatsapp import WhatsAppChannel, chat_of
from pesan.notifications.words import WORDS, goods, parcels
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from tests.checkout.conftest import BASE_URL, deps
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

__all__ = ["deps"]
OF_EVENTS = re.compile(
    r"\b(tempat\w*|tiket\w*|acara\w*|datang|panitia|waktu:|places?|tickets?|event|organizer|come)\b",
    re.IGNORECASE,
)


@pytest.fixture
async def journey(make, database, settings) -> Journey:
    return await make_journey(make, database, settings)


@pytest.mark.parametrize("locale", ["id", "en"])
@pytest.mark.parametrize("kind", [*goods.WORDS, *parcels.WORDS])
def test_words_of_goods_speak_of_nothing_that_takes_place(kind: Kind, locale: Locale) -> None:
    sample = sample_letter("Titip Tina", kind, locale, own=None, zone="Asia/Jakarta", now=datetime.now(UTC))
    words = goods.WORDS.get(kind, WORDS[kind])
    said = [words.subject, words.heading, *words.paragraphs, words.button]

    assert [OF_EVENTS.findall(each.in_(locale, **vars_of(sample))) for each in said] == [[]] * len(said)
    # What merchants may name in their own words is the same for both.
    assert words.rows == WORDS[kind].rows


@pytest.mark.parametrize("kind", [Kind.PROOF_RECEIVED, Kind.REJECTED])
async def test_a_trips_letter_names_what_was_ordered_and_no_time(journey, deps, make, kind):
    placed = await order(journey, await make_participant(journey), (await make_product(journey), 2))
    await make.move(Move(OrderEvent.SUBMIT_PROOF, journey.id, SYSTEM, placed.id))
    if kind is Kind.REJECTED:
        await make.move(Move(OrderEvent.REJECT, journey.id, SYSTEM, placed.id, reason="Buram"))

    letter = await letter_composers(deps).of(kind).compose(placed.id, kind)
    mail, chat = render(letter), chat_of(letter)

    assert letter.facts.when == ""
    assert "Trip: Jastip Jepang" in chat.body
    assert "Titipan: 2 × Kit Kat Matcha" in chat.body
    assert [OF_EVENTS.findall(text) for text in (chat.body, mail.text.replace(BASE_URL, ""))] == [[], []]


async def test_a_trips_letter_goes_by_a_template_of_goods(journey, database, deps, make):
    placed = await order(journey, await make_participant(journey), (await make_product(journey), 2))
    await make.move(Move(OrderEvent.SUBMIT_PROOF, journey.id, SYSTEM, placed.id))
    kind = Kind.PROOF_RECEIVED
    letter = await letter_composers(deps).of(kind).compose(placed.id, kind)

    channel = WhatsAppChannel(database, BASE_URL)
    await channel.send(letter, placed.wa, message_id=str(new_id()))

    async with database.read(SYSTEM) as session:
        said = (await session.scalars(select(ChatMessage))).one()
    template = shape_from_json(said.template)
    assert (template.name, template.button) == ("pesan_goods_proof_received_v1", f"b/{placed.code}")


def vars_of(letter) -> dict[str, object]:
    return {name: getattr(letter.facts, name) for name in letter.facts.__dataclass_fields__}
