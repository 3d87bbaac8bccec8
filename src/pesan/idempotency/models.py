"""Stored answers."""

from typing import Any

from sqlalchemy import Index, LargeBinary, SmallInteger, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pesan.db import Access, Base, Policy, Timestamp
from pesan.db.access import ANY_ACTOR, EVERY_ROW, system_policy


class IdempotencyKey(Base):
    """The answer that a key got, written in the transaction of its effect; kept for 24 hours."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    scope: Mapped[str] = mapped_column(String(120), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.clock_timestamp())


# A row is found by its scope and key only, through `lock_and_find_answers`; nobody who serves people may list them.
ACCESS = [
    Access(
        "idempotency_keys",
        {"request": "INSERT", "identity": "INSERT", "sale": "INSERT", "system": "SELECT, INSERT, DELETE"},
        policies=[
            Policy("callers", ("request", "identity"), ANY_ACTOR, "INSERT"),
            Policy("sale", ("sale",), EVERY_ROW, "INSERT"),
            system_policy(),
        ],
    )
]
