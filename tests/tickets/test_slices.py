"""A rotating code lives for its slice and the next; a picture of it makes neither another slice nor a static code."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from pesan.db import Actor, Database
from pesan.tenancy.models import Merchant
from pesan.tickets import qr
from pesan.tickets.keys import Algorithm
from pesan.tickets.keystore import DatabaseKeyStore
from pesan.tickets.models import Ticket
from pesan.tickets.slices import Slices, code_of
from pesan.tickets.states import Reason, Result
from pesan.tickets.verify import Verdict, verify
from tests.tickets.conftest import SECRET, SYSTEM

SLICES = Slices(SECRET, 60)
NOON = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
TICKET = Ticket(id=uuid4(), event_id=uuid4(), epoch=2)


def slice_code(ticket: Ticket = TICKET, *, at: datetime = NOON, slices: Slices = SLICES) -> bytes:
    return code_of(slices.event_key(ticket.event_id), ticket.id, ticket.epoch, slices.number_at(at))


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(-1, False), (0, True), (59, True), (60, True), (119, True), (120, False)]
)
def test_code_is_accepted_in_its_slice_and_the_next(seconds: int, accepted: bool):
    assert SLICES.accepts(TICKET, slice_code(), NOON + timedelta(seconds=seconds)) is accepted


def test_code_is_of_one_ticket_one_version_one_event_and_one_instance():
    others = [
        Ticket(id=uuid4(), event_id=TICKET.event_id, epoch=2),
        Ticket(id=TICKET.id, event_id=TICKET.event_id, epoch=3),
        Ticket(id=TICKET.id, event_id=uuid4(), epoch=2),
    ]

    assert [SLICES.accepts(other, slice_code(), NOON) for other in others] == [False] * 3
    assert not Slices(b"t" * 32, 60).accepts(TICKET, slice_code(), NOON)


def test_code_is_the_one_that_gates_are_promised():
    assert code_of(bytes(32), UUID(int=5), 8, 9).hex() == "e9b23bb3be96"


@pytest.fixture
def ask(web_database: Database):
    keys = DatabaseKeyStore(web_database, SECRET)

    async def ask_one(payload: str) -> Verdict:
        return await verify(web_database, keys, payload, slices=SLICES, actor=Actor.guest())

    return ask_one


async def now_of(database: Database) -> datetime:
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(func.clock_timestamp()))).one()


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_screen_is_good_now_and_soon_not_any_more(make, sell, ask, database, algorithm):
    merchant = await make.merchant()
    async with database.write(SYSTEM) as session:
        (await session.get_one(Merchant, merchant.id)).ticket_key_alg = algorithm.value
    (ticket,) = (await sell(await make.event(merchant))).tickets
    now = await now_of(database)

    fresh = await ask(SLICES.live_text(ticket, now))
    stale = await ask(SLICES.live_text(ticket, now - timedelta(minutes=5)))
    static = await ask(ticket.qr_text)

    assert (fresh.result, fresh.reason, fresh.is_live) == (Result.VALID, Reason.GOOD, True)
    assert (stale.result, stale.reason, stale.is_live) == (Result.INVALID, Reason.SLICE_OVER, True)
    assert (static.result, static.reason, static.is_live) == (Result.VALID, Reason.GOOD, False)


async def test_neither_code_can_be_made_of_the_other(sell, ask, database):
    (ticket,) = (await sell()).tickets
    now = await now_of(database)
    live = SLICES.live_text(ticket, now)

    stripped = await ask(qr.with_slice(live, qr.STATIC_SLICE))
    dressed = await ask(qr.with_slice(ticket.qr_text, slice_code(ticket, at=now)))
    base = await ask(ticket.live_text)

    assert (stripped.reason, dressed.reason, base.reason) == (
        Reason.FORGED,
        Reason.FORGED,
        Reason.SLICE_OVER,
    )


async def test_ticket_that_is_still_being_signed_shows_no_code():
    assert SLICES.live_text(Ticket(id=uuid4(), event_id=uuid4(), epoch=1, live_text=""), NOON) == ""
