"""Counting who follows short links, without knowing them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from pesan.db import WriteSession


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a short link of a kind led, and whose it is."""

    kind: str
    target_id: UUID
    merchant_id: UUID


async def count_visit(session: WriteSession, visit: Visit) -> None:
    """One more on the merchant's day."""
    await session.execute(select(func.count_visit(visit.kind, visit.target_id, visit.merchant_id)))
