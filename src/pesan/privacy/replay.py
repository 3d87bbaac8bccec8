"""Erasing again whom a restored backup brought back, by the list that outlived it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text, union

from pesan.audit.locks import lock_subject
from pesan.audit.service import record
from pesan.catalog.models import Event
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.orders.models import Order
from pesan.privacy.erasure import erase_orders, is_over
from pesan.privacy.erasure_list import Erased
from pesan.privacy.locks import lock_request
from pesan.privacy.marks import Marks
from pesan.privacy.models import PrivacyRequest
from pesan.privacy.noting import note_erasures
from pesan.privacy.objects import delete_objects
from pesan.privacy.states import RequestKind, RequestState
from pesan.risk.lists import forget_buyers
from pesan.storage import Storage
from pesan.tenancy.models import Merchant

_ACTOR = Actor.system("erasures")
_BATCH = 100
# Nobody waits for this, and it looks at every address of a merchant.
_TIMEOUT = text("SET LOCAL statement_timeout = '600s'")
_WAITING = RequestState.OPEN.value, RequestState.APPROVED.value
# A mark, and until when: whoever booked again after that is a buyer like any other.
Wanted = Mapping[bytes, datetime]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did, or would do.

    `waiting` are bookings that the backup shows as not over yet: run again once they are. `unknown` are entries whose
    mark was made with a secret that nobody gave.
    """

    people: int = 0
    bookings: int = 0
    requests: int = 0
    waiting: int = 0
    unknown: int = 0

    def plus(self, other: "Replayed") -> "Replayed":
        """Both together."""
        return Replayed(
            self.people + other.people,
            self.bookings + other.bookings,
            self.requests + other.requests,
            self.waiting + other.waiting,
            self.unknown + other.unknown,
        )


@dataclass(frozen=True, slots=True)
class _Person:
    merchant_id: UUID
    email: str
    erased_at: datetime

    @property
    def bookings(self) -> ColumnElement[bool]:
        return (
            (Order.merchant_id == self.merchant_id)
            & (Order.email == self.email)
            & Order.erased_at.is_(None)
            & (Order.placed_at <= self.erased_at)
        )

    @property
    def requests(self) -> ColumnElement[bool]:
        return (
            (PrivacyRequest.merchant_id == self.merchant_id)
            & (PrivacyRequest.email == self.email)
            & (PrivacyRequest.kind == RequestKind.ERASURE.value)
            & PrivacyRequest.state.in_(_WAITING)
            & (PrivacyRequest.asked_at <= self.erased_at)
        )


async def preview(database: Database, entries: Iterable[Erased], marks: Sequence[Marks]) -> Replayed:
    """What a replay would do; nothing is changed."""
    total, by_merchant = _sort(entries, marks)
    for merchant_id, wanted in by_merchant.items():
        async with database.read(_ACTOR) as session:
            await session.execute(_TIMEOUT)
            for person in await _find(session, merchant_id, wanted, marks):
                total = total.plus(await _count(session, person))
    return total


async def replay(
    database: Database, storage: Storage, entries: Sequence[Erased], marks: Sequence[Marks]
) -> Replayed:
    """Erase everybody of the list again, each batch in a transaction of its own; run again, it does what is left."""
    total, by_merchant = _sort(entries, marks)
    for merchant_id, wanted in by_merchant.items():
        async with database.read(_ACTOR) as session:
            await session.execute(_TIMEOUT)
            people = await _find(session, merchant_id, wanted, marks)
        done = Replayed()
        for person in people:
            done = done.plus(await _erase(database, storage, person))
        known = [entry for entry in entries if entry.merchant_id == merchant_id]
        await _finish(database, merchant_id, known, done)
        total = total.plus(done)
    return total


def _sort(entries: Iterable[Erased], marks: Sequence[Marks]) -> tuple[Replayed, Mapping[UUID, Wanted]]:
    """The last erasure of each mark, by merchant; entries of unknown secrets are counted."""
    key_ids = {each.key_id for each in marks}
    by_merchant: dict[UUID, dict[bytes, datetime]] = defaultdict(dict)
    unknown = 0
    for entry in sorted(entries):
        if entry.key_id in key_ids:
            by_merchant[entry.merchant_id][entry.mark] = entry.erased_at
        else:
            unknown += 1
    return Replayed(unknown=unknown), by_merchant


async def _find(
    session: ReadSession, merchant_id: UUID, wanted: Wanted, marks: Sequence[Marks]
) -> Sequence[_Person]:
    """Whose address at the merchant has one of these marks."""
    bought = select(Order.email).where(Order.merchant_id == merchant_id, Order.email.is_not(None))
    asked = select(PrivacyRequest.email).where(
        PrivacyRequest.merchant_id == merchant_id, PrivacyRequest.email.is_not(None)
    )
    emails = [email for email in await session.scalars(union(bought, asked)) if email is not None]
    found = []
    for email in sorted(emails):
        times = [wanted[mark] for each in marks if (mark := each.of(merchant_id, email)) in wanted]
        if times:
            found.append(_Person(merchant_id, email, max(times)))
    return found


async def _count(session: ReadSession, person: _Person) -> Replayed:
    over = await _number(session, _bookings(person, is_over()))
    waiting = await _number(session, _bookings(person, ~is_over()))
    requests = await _number(session, select(PrivacyRequest.id).where(person.requests))
    return Replayed(int(bool(over or requests)), over, requests, waiting)


async def _erase(database: Database, storage: Storage, person: _Person) -> Replayed:
    done = Replayed()
    is_last = False
    while not is_last:
        async with database.write(_ACTOR) as session:
            some, keys, is_last = await _erase_some(session, person)
        await delete_objects(storage, keys)
        done = done.plus(some)
    return replace(done, people=int(bool(done.bookings or done.requests)))


async def _erase_some(session: WriteSession, person: _Person) -> tuple[Replayed, list[str], bool]:
    """A batch of somebody's bookings and, with the last, what they had asked. **Locks** the orders, or the requests."""
    ids = (await session.scalars(_bookings(person, is_over()).limit(_BATCH))).all()
    if ids:
        await forget_buyers(session, person.merchant_id, ids)
        keys = await erase_orders(session, ids, reason="erased before the restore", actor=_ACTOR)
        return Replayed(bookings=len(ids)), keys, False
    waiting = await _number(session, _bookings(person, ~is_over()))
    asked = (await session.scalars(select(PrivacyRequest.id).where(person.requests))).all()
    for request_id in sorted(asked):
        await _close(session, request_id)
    return Replayed(requests=len(asked), waiting=waiting), [], True


def _bookings(person: _Person, condition: ColumnElement[bool]) -> Select[UUID]:
    query = select(Order.id).join(Event, Event.id == Order.event_id)
    return query.where(person.bookings, condition).order_by(Order.id)


async def _number(session: ReadSession, query: Select[UUID]) -> int:
    return await session.scalar(select(func.count()).select_from(query.subquery())) or 0


async def _close(session: WriteSession, request_id: UUID) -> None:
    """What they had asked was done before the restore, and they were told."""
    request = await lock_request(session, request_id)
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    request.state, request.done_at = RequestState.DONE, now
    request.decided_at = request.decided_at or now
    request.email = request.name = request.wa = None
    data = {"is_replayed": True}
    await record(session, request, action="privacy_request:erasure:done", actor=_ACTOR, data=data)


async def _finish(database: Database, merchant_id: UUID, known: Sequence[Erased], done: Replayed) -> None:
    """Put the entries on record again, and what was done into the merchant's history."""
    async with database.write(_ACTOR) as session:
        merchant = await lock_subject(session, Merchant.audit_kind, merchant_id)
        if merchant is None:
            return
        await note_erasures(session, known)
        if done.people:
            data = {"people": done.people, "bookings": done.bookings, "requests": done.requests}
            await record(session, merchant, action="merchant:erasures:replayed", actor=_ACTOR, data=data)
