"""Somebody who writes to the number, without a network: what they write is stored and handled as the webhook's is."""

from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from pesan.chats.models import ChatMessage, ChatUpdate
from pesan.chats.updates import row_of
from pesan.db import Database
from pesan.jastip.chat.handling import handle
from pesan.kit.registry import Registry
from pesan.messaging.whatsapp.inbound import InboundMessage, MediaRef
from pesan.settings import Settings
from tests.support.factories import SYSTEM

_numbers = count(1)


class Chatter:
    """One person with a number; `said` are the answers that they got, each as it is kept."""

    def __init__(self, registry: Registry, wa: str | None = None, **about: Any) -> None:
        self.registry = registry
        self.wa = wa or f"+62813{next(_numbers):08d}"
        self.about = {"user_id": None, "profile_name": "Siti", **about}

    async def write(self, text: str = "", **message: Any) -> list[dict[str, Any]]:
        """Write something; what is answered to it, in order."""
        return await self.handle(await self.send(text, **message))

    async def tap(self, reply_id: str) -> list[dict[str, Any]]:
        """Tap an answer of ours."""
        return await self.write(kind="interactive", reply_id=reply_id)

    async def show(self, media_id: str, **message: Any) -> list[dict[str, Any]]:
        """Send a picture."""
        media = MediaRef(media_id, "image/jpeg", None, None)
        return await self.write(kind="image", media=media, **message)

    async def send(self, text: str = "", **message: Any) -> UUID:
        """What the webhook stores of it, handled by nobody yet."""
        usual: dict[str, Any] = {
            "phone_number_id": self.registry[Settings].wa_phone_id,
            "wamid": f"wamid.{next(_numbers)}",
            "wa": self.wa,
            "kind": "text",
            "text": text,
            "reply_id": None,
            "media": None,
            "context_wamid": None,
            "said_at": datetime.now(UTC),
            "raw": {},
        }
        row = row_of(InboundMessage(**{**usual, **self.about, **message}))
        async with self.registry[Database].write(SYSTEM) as session:
            await session.execute(insert(ChatUpdate).values(**row))
        update_id: UUID = row["id"]
        return update_id

    async def handle(self, update_id: UUID) -> list[dict[str, Any]]:
        """Handle what was stored; what is answered to it, in order, now or before."""
        database = self.registry[Database]
        async with database.read(SYSTEM) as session:
            known = set(await session.scalars(select(ChatMessage.id)))
        await handle(self.registry, update_id)
        async with database.read(SYSTEM) as session:
            new = select(ChatMessage).where(ChatMessage.id.not_in(known)).order_by(ChatMessage.created_at)
            return [message.body or {} for message in await session.scalars(new)]

    async def outcome(self) -> str | None:
        """What came of the last thing that they wrote."""
        query = (
            select(ChatUpdate.outcome).where(ChatUpdate.wa == self.wa).order_by(ChatUpdate.id.desc()).limit(1)
        )
        async with self.registry[Database].read(SYSTEM) as session:
            return await session.scalar(query)
