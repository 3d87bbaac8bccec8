"""People on WhatsApp, what is said to them, and what they say."""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pesan.audit import Audited
from pesan.chats import records
from pesan.chats.states import NOT_APPROVED, Category, Line, MessageState, UpdateKind
from pesan.db import Access, Base, Policy, Timestamp, primary_key
from pesan.db.access import PLATFORM_ADMIN, REQUEST, STAFF_OF_EVENT, sale_policy, system_policy
from pesan.db.base import UUID

HAS_PICTURE = "coalesce(body ->> 'kind' = 'picture' AND body ->> 'caption' <> '', false)"
"""Of a message: whether what it says freely is a picture with words below it; see `Draft.has_picture`."""


def _one_of(column: str, values: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class ChatContact(Base):
    """Somebody on WhatsApp, by their number, by the id that WhatsApp gave them for us, or by both.

    `window_until` is when their last message is a day old: until then they may be written anything, afterwards only
    templates. `stopped_at` is theirs and holds for everything but answers; `marketing_stopped_at` for advertising.
    `choice_at` and `marketing_choice_at` are the times, by their clock, of the last such choices: an older one that
    comes late changes nothing.
    """

    __tablename__ = "chat_contacts"
    __table_args__ = (CheckConstraint("wa IS NOT NULL OR user_id IS NOT NULL", name="address"),)

    id: Mapped[UUID] = primary_key()
    wa: Mapped[str | None] = mapped_column(String(20), unique=True)
    user_id: Mapped[str | None] = mapped_column(String(140), unique=True)
    profile_name: Mapped[str] = mapped_column(String(100), server_default="")
    window_until: Mapped[Timestamp | None]
    stopped_at: Mapped[Timestamp | None]
    marketing_stopped_at: Mapped[Timestamp | None]
    choice_at: Mapped[Timestamp | None]
    marketing_choice_at: Mapped[Timestamp | None]
    unreachable_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


class ChatMessage(Base):
    """Something to say to one person, once; its id travels with it and comes back with what became of it.

    `body` is what is said inside their window, `template` what is said outside of it; a message without the one that it
    would need fails. While it is `sending`, `lease_until` says when whoever took it is taken for dead. `as_template` is
    how it was handed over last, and on a queued one that it must be a template. Of its `attempts`, `away_tries` found
    WhatsApp away. `resent_at` is when one that nobody
    heard of was queued again, which happens once.
    """

    __tablename__ = "chat_messages"
    __table_args__ = (
        CheckConstraint(_one_of("line", Line), name="line"),
        CheckConstraint(_one_of("category", Category), name="category"),
        CheckConstraint(_one_of("state", MessageState), name="state"),
        # What left long ago is for nobody any more.
        CheckConstraint(
            "to_wa IS NOT NULL OR to_user_id IS NOT NULL OR state NOT IN ('queued', 'sending')",
            name="address",
        ),
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="lease"),
        ForeignKeyConstraint(["merchant_id", "event_id"], ["events.merchant_id", "events.id"]),
        # What the sender takes next; everything that left is out of it.
        Index(
            "ix_chat_messages_due",
            text("priority DESC"),
            "due_at",
            "id",
            postgresql_where=text("state = 'queued'"),
        ),
        # What waits for a template, to be woken when it may be used.
        Index(
            "ix_chat_messages_awaiting",
            text("(template ->> 'name')"),
            postgresql_where=text(f"state = 'queued' AND error_code = '{NOT_APPROVED}'"),
        ),
        Index("ix_chat_messages_sending", "lease_until", postgresql_where=text("state = 'sending'")),
        Index(
            "ix_chat_messages_unknown",
            "due_at",
            postgresql_where=text("state = 'unknown' AND resent_at IS NULL AND category <> 'marketing'"),
        ),
        # For the monitor: what failed last, and what left within the last minute.
        Index("ix_chat_messages_failed", "failed_at", "id", postgresql_where=text("state = 'failed'")),
        Index("ix_chat_messages_accepted_at", "accepted_at"),
        Index("ix_chat_messages_event", "event_id", "created_at"),
    )

    id: Mapped[UUID] = primary_key()
    merchant_id: Mapped[UUID | None]
    event_id: Mapped[UUID | None]
    to_wa: Mapped[str | None] = mapped_column(String(20), index=True)
    to_user_id: Mapped[str | None] = mapped_column(String(140))
    line: Mapped[str] = mapped_column(String(14))
    priority: Mapped[int] = mapped_column(SmallInteger)
    category: Mapped[str] = mapped_column(String(10))
    body: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    template: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reply_to: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), server_default=MessageState.QUEUED.value)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    away_tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    due_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    lease_until: Mapped[Timestamp | None]
    resent_at: Mapped[Timestamp | None]
    as_template: Mapped[bool | None]
    wamid: Mapped[str | None] = mapped_column(String(200), unique=True)
    error_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    accepted_at: Mapped[Timestamp | None]
    sent_at: Mapped[Timestamp | None]
    delivered_at: Mapped[Timestamp | None]
    read_at: Mapped[Timestamp | None]
    failed_at: Mapped[Timestamp | None]


class ChatUpdate(Base):
    """One thing that WhatsApp told, stored once by `key`, whatever came in which order and how often.

    The key of a message is its `wamid`. `said_at` is the sender's clock.
    """

    __tablename__ = "chat_updates"
    __table_args__ = (
        CheckConstraint(_one_of("kind", UpdateKind), name="kind"),
        Index("ix_chat_updates_open", "id", postgresql_where=text("handled_at IS NULL")),
        Index("ix_chat_updates_received_at", "received_at"),
    )

    id: Mapped[UUID] = primary_key()
    key: Mapped[str] = mapped_column(String(300), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    phone_number_id: Mapped[str] = mapped_column(String(40), server_default="")
    wa: Mapped[str | None] = mapped_column(String(20), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    said_at: Mapped[Timestamp | None]
    received_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())
    handled_at: Mapped[Timestamp | None]
    outcome: Mapped[str | None] = mapped_column(String(60))


class ChatLine(Audited, Base):
    """Whether a line of messages waits because somebody, or WhatsApp itself, stopped it; `''` is every line at once.

    Its history is what people did by hand to it and to the messages in it.
    """

    __tablename__ = "chat_lines"
    audit_kind = "chat_line"

    name: Mapped[str] = mapped_column(String(14), primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    paused_at: Mapped[Timestamp | None]
    paused_by: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(String(60))


class ChatSlot(Base):
    """One of the places in the second of a number: taken while a message is handed over, and free a second after.

    A number that has ten of them can never hand over an eleventh message within a second of its first, whichever
    processes send, because the network had each before its second began.
    """

    __tablename__ = "chat_slots"

    phone_number_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    free_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


_OUTCOME = (
    "state, attempts, away_tries, due_at, lease_until, resent_at, as_template, wamid, error_code, accepted_at, sent_at,"
    " delivered_at, read_at, failed_at"
)
# To try one again as if for the first time, and to cancel one.
_BY_HAND = "state, attempts, away_tries, due_at, resent_at, as_template, error_code, failed_at"

ACCESS = [
    # People are the instance's, and merchants see what they said to them, not when they talked to somebody else.
    Access("chat_contacts", {"system": "SELECT, INSERT, UPDATE, DELETE"}, [system_policy()]),
    Access(
        "chat_messages",
        {
            "request": f"SELECT, INSERT, UPDATE ({_BY_HAND})",
            "sale": "SELECT (id), INSERT",
            "system": f"SELECT, INSERT, UPDATE ({_OUTCOME}, body, template, to_wa, to_user_id), DELETE",
        },
        [Policy("staff", (REQUEST,), STAFF_OF_EVENT), sale_policy(), system_policy()],
    ),
    Access(
        "chat_updates",
        {"sale": "SELECT (id, key), INSERT", "system": "SELECT, INSERT, UPDATE, DELETE"},
        [sale_policy(), system_policy()],
    ),
    # They are everybody's, so that only whoever runs the instance stops one.
    Access(
        "chat_lines",
        {"request": "SELECT, INSERT, UPDATE", "system": "SELECT, INSERT, UPDATE"},
        [Policy("admin", (REQUEST,), PLATFORM_ADMIN), system_policy()],
    ),
    Access("chat_slots", {"system": "SELECT, INSERT, UPDATE"}),
    *records.ACCESS,
]
