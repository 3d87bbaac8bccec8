"""Saying something is a row in the caller's transaction, once for each id."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from pesan.chats.models import ChatMessage
from pesan.chats.outbox import Outgoing, say
from pesan.chats.states import Category, Line
from pesan.db import Actor, Database
from pesan.messaging.whatsapp.shapes import TemplateUse, Text, shape_from_json
from tests.support.factories import Make

SYSTEM = Actor.system("tests")


async def test_a_message_is_kept_as_it_was_said(database: Database, make: Make) -> None:
    event = await make.event()
    body, template = Text("Halo 👋"), TemplateUse("kabar", "id", ("Siti",))
    due_at = datetime(2026, 12, 1, 8, tzinfo=UTC)
    said = Outgoing(
        Line.CONFIRMATION,
        Category.UTILITY,
        to_wa="+6281234567890",
        to_user_id="ID.1",
        body=body,
        template=template,
        merchant_id=event.merchant_id,
        event_id=event.id,
        due_at=due_at,
    )

    async with database.write(Actor.staff(event.id, frozenset([event.merchant_id]))) as session:
        await say(session, [said])

    async with database.read(SYSTEM) as session:
        row = (await session.scalars(select(ChatMessage))).one()
    assert (row.id, row.to_wa, row.to_user_id, row.due_at) == (said.id, "+6281234567890", "ID.1", due_at)
    assert (row.line, row.priority, row.category, row.state) == ("confirmation", 10, "utility", "queued")
    assert row.body is not None
    assert row.template is not None
    assert (shape_from_json(row.body), shape_from_json(row.template)) == (body, template)


async def test_two_with_one_id_are_one_message(database: Database) -> None:
    first = Outgoing(Line.REPLIES, Category.SERVICE, to_wa="+6281234567890", body=Text("satu"))
    again = Outgoing(Line.REPLIES, Category.SERVICE, to_wa="+6281234567890", body=Text("dua"), id=first.id)

    async with database.sale() as session:
        await say(session, [first, again])
    async with database.write(SYSTEM) as session:
        await say(session, [again])

    async with database.read(SYSTEM) as session:
        bodies = (await session.scalars(select(ChatMessage.body))).all()
    assert bodies == [Text("satu").as_json()]


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": Text("Halo")},
        {"body": Text("Halo"), "to_wa": "6281234567890"},
        {"to_wa": "+6281234567890"},
    ],
)
def test_a_message_needs_a_person_and_words(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"a message needs|with its plus"):
        Outgoing(Line.REPLIES, Category.SERVICE, **wrong)  # type: ignore[arg-type]
