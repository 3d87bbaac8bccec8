"""Letters as chat messages: within WhatsApp's limits, true without attachments, and written down once."""

import re
from dataclasses import replace
from uuid import UUID

import pytest

from pesan.chats.catalogue import CATALOGUE
from pesan.chats.models import ChatMessage
from pesan.kit.registry import Registry
from pesan.messaging.whatsapp.limits import MAX_BODY, MAX_LABEL
from pesan.messaging.whatsapp.shapes import Link, Text, shape_from_json
from pesan.notifications.channels import Channels
from pesan.notifications.letters import Composers, Letter
from pesan.notifications.queries import list_deliveries
from pesan.notifications.render import sentences
from pesan.notifications.service import notify
from pesan.notifications.states import ChannelName, Kind
from pesan.notifications.tasks import deliver
from pesan.notifications.whatsapp import WhatsAppChannel, chat_of
from pesan.notifications.wording import OwnWords
from tests.notifications.composing import PlainComposer
from tests.notifications.test_render import FACTS
from tests.support.factories import SYSTEM

BASE_URL = "https://tiket.example"


def _letter(kind: Kind, **changes) -> Letter:
    return Letter(kind, replace(FACTS, **changes), {ChannelName.WHATSAPP: "+6281234567890"})


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("locale", ["id", "en"])
def test_a_chat_says_every_kind_of_letter_with_its_facts_and_nothing_attached(kind, locale):
    letter = replace(_letter(kind), locale=locale)

    chat = chat_of(letter)

    assert isinstance(chat, Link)
    assert chat.url == sentences(letter)["url"]
    assert chat.label == sentences(letter)["button"]
    assert FACTS.order_code in chat.body
    assert "Senja di Braga" in chat.body
    assert not re.search(r"[{}]|terlampir|attached|[Bb]alas|[Aa]nswer this", chat.body)


def test_a_chat_shortens_the_merchants_own_words_and_keeps_the_facts():
    own = OwnWords("-", "Judul " + "panjang " * 30, "Kata {buyer_name} 👩‍👩‍👧 " * 200)
    long = dict.fromkeys(
        ("buyer_name", "event_title", "where", "tickets", "reason"), "Nama yang panjang " * 9
    )
    letter = replace(_letter(Kind.REJECTED, **long), own=own)

    chat = chat_of(letter)

    assert isinstance(chat, Link)
    assert len(chat.body) <= MAX_BODY
    assert len(chat.label) <= MAX_LABEL
    assert FACTS.order_code in chat.body
    assert "Judul panjang" in chat.body
    assert "Kata Nama" in chat.body
    assert chat.body.count("…") >= 5


def test_a_chat_without_a_page_to_open_is_text():
    chat = chat_of(_letter(Kind.REFUNDED, status_url=""))

    assert isinstance(chat, Text)


async def test_the_channel_writes_a_delivery_down_once_for_the_sender_of_chats(database, make):
    order = await make.order(wa="+6281234567890", buyer_name="Asep Budiawan")
    composer = PlainComposer(database)
    deps = Registry()
    deps.add(type(database), database)
    deps.add(Channels, Channels([WhatsAppChannel(database, BASE_URL)]))
    deps.add(Composers, Composers(dict.fromkeys(Kind, composer)))
    async with database.write(SYSTEM) as session:
        await notify(
            session,
            order_id=order.id,
            merchant_id=order.merchant_id,
            kind=Kind.TICKET_READY,
            channels=[ChannelName.WHATSAPP],
        )
    async with database.read(SYSTEM) as session:
        ((_, delivery),) = await list_deliveries(session, order.id)

    await deliver(deps, delivery.id)
    letter = await composer.compose(order.id, Kind.TICKET_READY)
    await deps[Channels].of(ChannelName.WHATSAPP).send(letter, order.wa, message_id=str(delivery.id))

    async with database.read(SYSTEM) as session:
        message = await session.get_one(ChatMessage, delivery.id)
        ((_, delivery),) = await list_deliveries(session, order.id)
    assert (delivery.state, delivery.message_id) == ("sent", str(message.id))
    assert (message.to_wa, message.line, message.category) == (order.wa, "confirmation", "utility")
    assert (message.merchant_id, message.event_id) == (order.merchant_id, order.event_id)
    template = shape_from_json(message.template)
    assert (template.name, template.language) == (CATALOGUE["ticket_ready"].name, "id")
    assert template.body[0] == "Asep Budiawan"
    assert template.button == f"b/{order.code}"
    assert isinstance(shape_from_json(message.body), Link)
    assert isinstance(message.id, UUID)
