"""Saying something: a row in the transaction of whatever it is about, which leaves when there is room for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pesan.chats.states import PRIORITIES, Category, Line
from pesan.db import WriteSession
from pesan.db.rows import pack, recordset
from pesan.kit.ids import new_id
from pesan.messaging.whatsapp.shapes import Shape, TemplateUse

# So many rows go in one statement.
_CHUNK = 500
_COLUMNS = {
    "id": "uuid",
    "merchant_id": "uuid",
    "event_id": "uuid",
    "to_wa": "text",
    "to_user_id": "text",
    "line": "text",
    "priority": "smallint",
    "category": "text",
    "body": "jsonb",
    "template": "jsonb",
    "reply_to": "text",
}
_NAMES = ", ".join(_COLUMNS)
_INSERT = text(
    f"INSERT INTO chat_messages ({_NAMES}, due_at) SELECT {_NAMES}, coalesce(due_at, clock_timestamp())"  # noqa: S608
    f" FROM {recordset({**_COLUMNS, 'due_at': 'timestamptz'})} ON CONFLICT (id) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one person, by their number (E.164) or the id that WhatsApp gave them for us.

    `body` is said inside their window and `template` outside. Two with one `id` are one message.
    """

    line: Line
    category: Category
    to_wa: str | None = None
    to_user_id: str | None = None
    body: Shape | None = None
    template: TemplateUse | None = None
    merchant_id: UUID | None = None
    event_id: UUID | None = None
    reply_to: str | None = None
    due_at: datetime | None = None
    id: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        """Raises ValueError for a message to nobody, to what is no number, or without words."""
        if self.to_wa is None and self.to_user_id is None:
            raise ValueError("a message needs a number or a user id")
        if self.to_wa is not None and not self.to_wa.startswith("+"):
            raise ValueError("a number is E.164, with its plus")
        if self.body is None and self.template is None:
            raise ValueError("a message needs a body, a template, or both")


async def say(session: WriteSession, messages: Sequence[Outgoing]) -> None:
    """Have messages said, each once however often it is asked for; they leave after the caller's transaction."""
    for start in range(0, len(messages), _CHUNK):
        await session.execute(_INSERT, pack(_row(message) for message in messages[start : start + _CHUNK]))


def _row(message: Outgoing) -> dict[str, Any]:
    return {
        "id": message.id,
        "merchant_id": message.merchant_id,
        "event_id": message.event_id,
        "to_wa": message.to_wa,
        "to_user_id": message.to_user_id,
        "line": message.line.value,
        "priority": PRIORITIES[message.line],
        "category": message.category.value,
        "body": message.body.as_json() if message.body else None,
        "template": message.template.as_json() if message.template else None,
        "reply_to": message.reply_to,
        "due_at": message.due_at,
    }
