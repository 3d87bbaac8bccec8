"""Messages in tests: said, sent without waiting for anybody's clock, and looked at."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from pesan.chats.contacts import open_window
from pesan.chats.models import ChatContact, ChatMessage
from pesan.chats.outbox import Outgoing, say
from pesan.chats.sending import Sender
from pesan.chats.states import Category, Line
from pesan.db import Actor, Database
from pesan.messaging.whatsapp.shapes import TemplateUse, Text
from tests.support.whatsapp import FakeWhatsApp

SYSTEM = Actor.system("tests")
SITI, BUDI = "+6281234567890", "+6281234567891"
TEMPLATE = TemplateUse("kabar", "id", ("Siti",))


def message(wa: str = SITI, line: Line = Line.NOTIFICATIONS, **other: Any) -> Outgoing:
    """Something to say, freely or by template, as whoever says it has both."""
    default = Category.MARKETING if line is Line.BROADCAST else Category.UTILITY
    said = {"category": default, "body": Text("Halo"), "template": TEMPLATE, **other}
    return Outgoing(line, to_wa=wa, **said)


@dataclass
class Chats:
    """One sender on one database, and the WhatsApp that it writes to."""

    database: Database
    whatsapp: FakeWhatsApp
    sender: Sender

    async def say(self, *messages: Outgoing) -> list[UUID]:
        """Have messages said; their ids."""
        async with self.database.write(SYSTEM) as session:
            await say(session, messages)
        return [one.id for one in messages]

    async def open(self, *people: str) -> None:
        """They write, and WhatsApp and we know of it."""
        for wa in people:
            await self.whatsapp.say(wa.removeprefix("+"), "Halo")
            await self.know(wa)

    async def know(self, wa: str, at: datetime | None = None) -> None:
        """We believe that they wrote, a moment ago or at `at`."""
        at = at or datetime.now(UTC) - timedelta(seconds=1)
        async with self.database.write(SYSTEM) as session:
            await open_window(session, wa=wa, user_id=None, profile_name="Siti", at=at)

    async def send(self) -> int:
        """One turn of the sender, and what became of it; how many messages were handed over."""
        begun = await self.sender.turn()
        await self.sender.drain()
        return begun

    async def pass_time(self) -> None:
        """Whatever waits for a moment waits no longer: slots, tries, leases, templates, what nobody heard of."""
        await self.execute("UPDATE chat_slots SET free_at = clock_timestamp()")
        await self.execute(
            "UPDATE chat_messages SET due_at = clock_timestamp() WHERE state IN ('queued', 'unknown')"
        )
        await self.execute("UPDATE chat_messages SET lease_until = clock_timestamp() WHERE state = 'sending'")
        await self.execute("UPDATE chat_templates SET checked_at = checked_at - interval '1 hour'")

    async def pass_seconds(self) -> None:
        """Every slot is free again; what waits for a moment of its own goes on waiting."""
        await self.execute("UPDATE chat_slots SET free_at = clock_timestamp()")

    async def execute(self, statement: str, **values: Any) -> None:
        """Change something behind everybody's back."""
        async with self.database.write(SYSTEM) as session:
            await session.execute(text(statement), values)

    async def find(self, message_id: UUID) -> ChatMessage:
        """A message as it is now."""
        async with self.database.read(SYSTEM) as session:
            return (await session.scalars(select(ChatMessage).where(ChatMessage.id == message_id))).one()

    async def state(self, message_id: UUID) -> tuple[str, str | None]:
        """What became of a message, and why."""
        found = await self.find(message_id)
        return found.state, found.error_code

    async def contact(self, wa: str = SITI) -> ChatContact:
        """Somebody as we know them."""
        async with self.database.read(SYSTEM) as session:
            return (await session.scalars(select(ChatContact).where(ChatContact.wa == wa))).one()

    async def taken(self) -> dict[UUID, int]:
        """How often WhatsApp took each message."""
        measured = await self.whatsapp.measures()
        return {UUID(opaque): count for opaque, count in measured["opaque"].items()}
