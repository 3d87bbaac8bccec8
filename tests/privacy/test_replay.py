"""After a restore: whoever was erased is erased again, by a list that knows nobody's name."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text, update

from pesan.audit.models import AuditEntry
from pesan.audit.verify import verify
from pesan.catalog.models import Event
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.models import PaymentProof
from pesan.privacy.contacts import Contact
from pesan.privacy.erasure_list import Contents, Erased, add_to_list, format_line, list_path, read_list
from pesan.privacy.errors import ErasureListMissing
from pesan.privacy.invariants import INVARIANTS
from pesan.privacy.marks import Marks
from pesan.privacy.models import Erasure, PrivacyRequest
from pesan.privacy.replay import Replayed, preview, replay
from pesan.privacy.requests import ask
from pesan.privacy.states import ERASED, RequestKind
from pesan.privacy.tasks import carry_out, note_erasures
from pesan.storage import Storage
from tests.payments.steps import approve, fulfil, send_proof
from tests.support.factories import SYSTEM
from tests.support.schema import open_database

EMAIL, OTHER = "siti@contoh.id", "budi@contoh.id"


async def all_of(database, kind):
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(kind))).all()


async def offenders(database) -> list:
    async with database.read(SYSTEM) as session:
        broken = [rule.name for rule in INVARIANTS if (await session.execute(text(rule.sql))).all()]
        return [*broken, *await verify(session)]


async def entries_in_the_audit(database) -> int:
    async with database.read(SYSTEM) as session:
        return await session.scalar(select(func.count()).select_from(AuditEntry))


async def end_events(database) -> None:
    async with database.write(SYSTEM) as session:
        long = timedelta(days=60)
        earlier = {"starts_at": Event.starts_at - long, "ends_at": Event.ends_at - long}
        await session.execute(update(Event).values(earlier))


@pytest.fixture
async def asked(make, deps, web_database, database) -> PrivacyRequest:
    """Siti came, paid with a proof, and asks to be forgotten; Budi, too, came."""
    event = await make.event()
    for email, name in ((EMAIL, "Siti Rahma"), (OTHER, "Budi Santoso")):
        order = await make.order(event, email=email, buyer_name=name, notes="Alergi kacang")
        proof = await send_proof(make, order)
        await deps[Storage].put(proof.object_key, b"picture", "image/jpeg")
        await approve(make, order)
        await fulfil(make, order)
    await end_events(database)
    (mine,) = [order for order in await all_of(database, Order) if order.email == EMAIL]
    contact = Contact(EMAIL, (mine.code,))
    async with web_database.write(contact.actor) as session:
        await ask(session, contact, RequestKind.ERASURE, "id")
    async with database.write(SYSTEM) as session:
        change = update(PrivacyRequest).values(state="approved", decided_at=func.clock_timestamp())
        await session.execute(change)
    (request,) = await all_of(database, PrivacyRequest)
    return request


@pytest.fixture
async def restored(asked, postgres, database, web_database, settings) -> AsyncIterator:
    """The database as it was before the erasure: a copy of its files, as a backup is."""
    for pool in (database, web_database):
        await pool.dispose()
    name = f"pesan_{uuid4().hex}"
    url = postgres.create(name, template=database.engine.url.database)
    older = settings.model_copy(update={"database_url": url.render_as_string(hide_password=False)})
    pool = open_database(older, "worker")
    yield pool
    await pool.dispose()
    postgres.drop(name)


async def test_whoever_was_erased_is_erased_again_after_a_restore_and_once(
    deps, asked: PrivacyRequest, restored, database, settings
):
    pictures = settings.home / "objects"
    shutil.copytree(pictures, settings.home / "backup")
    await carry_out(deps, asked.id)
    await note_erasures(deps)
    shutil.copytree(settings.home / "backup", pictures, dirs_exist_ok=True)
    entries, marks = sorted(read_list(list_path(settings)).entries), [Marks(settings.secret)]
    before = sorted(order.buyer_name for order in await all_of(restored, Order))

    dry = await preview(restored, entries, marks)
    untouched = sorted(order.buyer_name for order in await all_of(restored, Order))
    done = await replay(restored, deps[Storage], entries, marks)

    assert (before, untouched) == (["Budi Santoso", "Siti Rahma"],) * 2
    assert dry == done == Replayed(people=1, bookings=1, requests=1)
    orders = {order.buyer_name: order for order in await all_of(restored, Order)}
    assert sorted(orders) == ["Budi Santoso", ERASED]
    assert (orders[ERASED].email, orders[ERASED].wa, orders[ERASED].notes) == (None, None, None)
    (proof,) = await all_of(restored, PaymentProof)
    kept = [key async for key in deps[Storage].list("")]
    assert (proof.order_id, kept) == (orders["Budi Santoso"].id, [proof.object_key])
    (request,) = await all_of(restored, PrivacyRequest)
    assert (request.state, request.email) == ("done", None)
    assert [row.mark for row in await all_of(restored, Erasure)] == [entries[0].mark]
    assert await offenders(restored) == []

    count = await entries_in_the_audit(restored)
    again = await replay(restored, deps[Storage], entries, marks)

    assert (again, await entries_in_the_audit(restored)) == (Replayed(), count)


async def test_the_list_names_nobody_and_is_made_again_when_it_is_lost(
    deps, asked: PrivacyRequest, database, settings
):
    await carry_out(deps, asked.id)
    await note_erasures(deps)
    path = list_path(settings)
    held = path.read_bytes()
    await note_erasures(deps)
    same = path.read_bytes()
    path.unlink()
    await note_erasures(deps)

    assert (same, path.read_bytes()) == (held, held)
    assert [word in held.lower() for word in (b"siti", b"contoh", EMAIL.encode().hex().encode())] == [
        False
    ] * 3
    assert path.stat().st_mode & 0o777 == 0o600
    (row,) = await all_of(database, Erasure)
    (request,) = await all_of(database, PrivacyRequest)
    assert read_list(path) == (frozenset({Erased(row.erased_at, row.merchant_id, row.mark, row.key_id)}), 0)
    assert row.erased_at == request.done_at


async def test_what_came_after_the_erasure_stays_and_what_is_not_over_waits(make, database, settings, deps):
    old = await make.order(await make.event(), email=EMAIL, state=OrderState.CANCELLED)
    async with database.read(SYSTEM) as session:
        event = await session.get_one(Event, old.event_id)
    await make.order(event, email=EMAIL, state=OrderState.PAID)
    marks = Marks(settings.secret)
    entry = Erased(old.placed_at, old.merchant_id, marks.of(old.merchant_id, EMAIL), marks.key_id)
    later = replace(entry, erased_at=entry.erased_at + timedelta(days=1))
    stranger = replace(entry, key_id="00000000")

    found = [await preview(database, given, [marks]) for given in ([entry], [entry, later, stranger])]

    assert found == [
        Replayed(people=1, bookings=1),
        Replayed(people=1, bookings=1, waiting=1, unknown=1),
    ]


async def test_the_secret_of_before_still_finds_people(make, database, deps, settings):
    order = await make.order(email=EMAIL, state=OrderState.CANCELLED)
    old, new = Marks(b"the secret of before, 0123456789abcdef"), Marks(settings.secret)
    entry = Erased(order.placed_at, order.merchant_id, old.of(order.merchant_id, EMAIL), old.key_id)

    alone = await replay(database, deps[Storage], [entry], [new])
    both = await replay(database, deps[Storage], [entry], [new, old])

    assert (alone, both) == (Replayed(unknown=1), Replayed(people=1, bookings=1))


def test_half_a_line_is_counted_and_its_entry_added_again(tmp_path, settings):
    path, marks = tmp_path / "list.jsonl", Marks(settings.secret)
    merchant_id = uuid4()
    with pytest.raises(ErasureListMissing):
        read_list(path)
    at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    entry = Erased(at, merchant_id, marks.of(merchant_id, EMAIL), marks.key_id)
    path.write_bytes(format_line(entry)[:40])

    added = [add_to_list(path, [entry]) for _ in range(2)]

    assert (added, read_list(path)) == ([1, 0], Contents(frozenset({entry}), 1))
