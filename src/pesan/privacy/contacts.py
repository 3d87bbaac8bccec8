"""Proving that an address is one's own: a link by mail that opens once, and a visit that ends."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, insert, select, update

from pesan.db import Actor, Database, WriteSession
from pesan.jobs import enqueue
from pesan.kit.i18n import Locale
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.privacy.errors import ContactLinkOver
from pesan.privacy.models import ContactProof
from pesan.privacy.states import LINK_WITHIN, SEND_LINK_TASK, VISIT_WITHIN

MOST_ORDERS = 500
"""How many bookings one look covers, the newest; who has more gets the rest from the organizers."""
_MAX_TOKEN = 100


@dataclass(frozen=True, slots=True)
class Contact:
    """Whoever opened the link that was sent to this address."""

    email: str
    order_codes: tuple[str, ...]

    @property
    def actor(self) -> Actor:
        """The actor that sees the address's bookings, and nothing else."""
        return Actor.guest(*self.order_codes)


async def ask_link(session: WriteSession, email: str, locale: Locale) -> None:
    """Have a link sent to an address, if it has bookings; who asks cannot tell.

    **Enqueues** the letter by an id, so that the queue holds no address.
    """
    proof_id = new_id()
    # Who asks may write this row and never read one.
    row = insert(ContactProof).values(id=proof_id, email=email, locale=locale)
    await session.execute(row.inline())
    await enqueue(session, SEND_LINK_TASK, proof_id=proof_id)


async def make_link(session: WriteSession, proof_id: UUID) -> tuple[ContactProof, str] | None:
    """The proof and the token that opens it; None when nobody booked with that address. Made anew at every try."""
    proof = await session.get(ContactProof, proof_id)
    if proof is None or proof.visit_digest is not None:
        return None
    mine = select(Order.code).where(Order.email == proof.email).order_by(Order.placed_at.desc())
    codes = list(await session.scalars(mine.limit(MOST_ORDERS)))
    if not codes:
        await session.delete(proof)
        return None
    token = secrets.token_urlsafe(32)
    proof.order_codes, proof.token_digest = codes, _digest(token)
    proof.expires_at = (await session.scalars(select(func.clock_timestamp() + LINK_WITHIN))).one()
    await session.flush()
    return proof, token


async def open_link(database: Database, token: str) -> str:
    """Use a link up; returns what names the visit from then on. Raises ContactLinkOver."""
    visit = secrets.token_urlsafe(32)
    is_good = ContactProof.token_digest == _digest(token), ContactProof.expires_at > func.clock_timestamp()
    change = (
        update(ContactProof)
        .where(*is_good)
        .values(
            token_digest=None, visit_digest=_digest(visit), expires_at=func.clock_timestamp() + VISIT_WITHIN
        )
        .returning(ContactProof.id)
    )
    async with database.identity() as session:
        opened = await session.scalar(change)
    if opened is None:
        raise ContactLinkOver
    return visit


async def get_contact(database: Database, visit: str) -> Contact:
    """Whose visit it is; raises ContactLinkOver."""
    is_good = ContactProof.visit_digest == _digest(visit), ContactProof.expires_at > func.clock_timestamp()
    async with database.identity() as session:
        proof = await session.scalar(select(ContactProof).where(*is_good))
    if proof is None:
        raise ContactLinkOver
    return Contact(proof.email, tuple(proof.order_codes))


def _digest(token: str) -> bytes:
    return sha256(token[:_MAX_TOKEN].encode()).digest()
