"""Entries are written with their cause, chained per subject, and nobody can take them back."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from pesan.audit import GENESIS, NewEntry, record, record_many
from pesan.audit.queries import list_entries
from pesan.audit.verify import verify
from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.tenancy.models import Merchant
from tests.support.factories import Make
from tests.support.queries import CountQueries

SYSTEM = Actor.system("test")
AT = datetime(2026, 12, 5, 12, 30, 15, 123456, tzinfo=UTC)


async def _change(database: Database, merchant: Merchant, name: str, actor: Actor = SYSTEM) -> None:
    async with database.write(SYSTEM) as session:
        row = await session.get_one(Merchant, merchant.id, with_for_update=True)
        before, row.name = {"name": row.name}, name
        await record(
            session, row, action="merchant:profile:changed", actor=actor, reason="Ganti merek", before=before
        )


async def test_entry_keeps_who_did_what_when_and_why(database: Database, make: Make) -> None:
    merchant = await make.merchant(name="Lama")
    person = Actor.staff(new_id(), frozenset({merchant.id}), ip_digest="abc")

    await _change(database, merchant, "Baru", person)

    async with database.read(SYSTEM) as session:
        created, changed = await list_entries(session, merchant.id)
    entry, private = changed.entry, changed.private
    assert (entry.seq, entry.prev_hash, entry.subject_kind) == (2, created.entry.hash, "merchant")
    assert (entry.action, entry.actor_kind, entry.actor_id) == (
        "merchant:profile:changed",
        "staff",
        person.user_id,
    )
    assert (entry.ip_digest, entry.merchant_id) == ("abc", None)
    assert private is not None
    assert (private.reason, private.before, private.after) == ("Ganti merek", {"name": "Lama"}, None)
    assert created.private is None
    assert abs((entry.at - datetime.now(UTC)).total_seconds()) < 60


async def test_subject_carries_the_head_of_its_chain(database: Database, make: Make) -> None:
    merchant = await make.merchant()
    await _change(database, merchant, "Baru")

    async with database.read(SYSTEM) as session:
        row = await session.get_one(Merchant, merchant.id)
        entries = [found.entry for found in await list_entries(session, merchant.id)]

    assert (row.audit_seq, row.audit_head) == (2, entries[-1].hash)
    assert entries[0].prev_hash == GENESIS


async def test_many_entries_are_one_statement(database: Database, count_queries: CountQueries) -> None:
    entries = [_entry(new_id(), reason="x" if n % 2 else None) for n in range(128)]

    with count_queries() as statements:
        async with database.sale() as session:
            await record_many(session, entries)

    assert len([statement for statement in statements if "INSERT" in statement]) == 1
    async with database.read(SYSTEM) as session:
        counts = await session.execute(
            text("SELECT (SELECT count(*) FROM audit_entries), (SELECT count(*) FROM audit_private)")
        )
        assert tuple(counts.one()) == (128, 64)
        assert await verify(session) == []


async def test_entry_whose_cause_failed_is_not_there(database: Database, make: Make) -> None:
    merchant = await make.merchant()

    async def fail() -> None:
        async with database.write(SYSTEM) as session:
            row = await session.get_one(Merchant, merchant.id, with_for_update=True)
            await record(session, row, action="merchant:profile:changed", actor=SYSTEM)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    async with database.read(SYSTEM) as session:
        assert len(await list_entries(session, merchant.id)) == 1
        assert await verify(session) == []


async def test_second_entry_of_one_number_is_refused(database: Database) -> None:
    subject_id = new_id()
    async with database.write(SYSTEM) as session:
        await record_many(session, [_entry(subject_id)])

    with pytest.raises(IntegrityError):
        async with database.write(SYSTEM) as session:
            await record_many(session, [_entry(subject_id)])


async def test_many_writers_on_their_own_subjects_do_not_meet(database: Database, make: Make) -> None:
    merchants = [await make.merchant() for _ in range(16)]

    async def write(merchant: Merchant) -> None:
        for n in range(4):
            await _change(database, merchant, f"Nama {n}")

    await asyncio.gather(*(write(merchant) for merchant in merchants))

    async with database.read(SYSTEM) as session:
        assert await verify(session) == []
        counts = await session.execute(text("SELECT count(*), max(seq) FROM audit_entries"))
        assert tuple(counts.one()) == (16 * 5, 5)


async def test_writers_on_one_subject_form_one_chain(database: Database, make: Make) -> None:
    merchant = await make.merchant()

    await asyncio.gather(*(_change(database, merchant, f"Nama {n}") for n in range(8)))

    async with database.read(SYSTEM) as session:
        assert await verify(session) == []
        assert [found.entry.seq for found in await list_entries(session, merchant.id)] == list(range(1, 10))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET action = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "UPDATE audit_blocks SET hash = ''",
        "DELETE FROM audit_blocks",
        "DELETE FROM audit_private",
    ],
)
@pytest.mark.parametrize("role", ["request", "sale", "identity", "system"])
async def test_no_role_of_the_application_can_change_an_entry(
    database: Database, make: Make, statement: str, role: str
) -> None:
    await make.merchant()
    become = text(f"SELECT set_config('role', '{database.role_prefix}_{role}', true)")

    async def change() -> None:
        async with database.write(SYSTEM) as session:
            await session.execute(become)
            await session.execute(text(statement))

    with pytest.raises(ProgrammingError) as refused:
        await change()

    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


async def test_no_role_can_slip_an_entry_into_the_past(database: Database) -> None:
    forged = (
        "INSERT INTO audit_entries (subject_id, seq, subject_kind, prev_hash, hash, action, actor_kind, actor_name,"
        " data, at, xact_id) VALUES (gen_random_uuid(), 1, 'x', '', '', 'x', 'x', '', '{}', now(), 1)"
    )
    with pytest.raises(DBAPIError) as refused:
        async with database.write(SYSTEM) as session:
            await session.execute(text(forged))

    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = ''", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["audit_entries", "audit_blocks"])
async def test_owner_is_stopped_too(
    owner: psycopg.Connection, make: Make, statement: str, table: str
) -> None:
    await make.merchant()

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner.execute(statement.format(table))


async def test_staff_see_the_history_of_their_merchant_only(
    database: Database, web_database: Database, make: Make
) -> None:
    mine, other = await make.merchant(), await make.merchant()
    for merchant in (mine, other):
        async with database.write(SYSTEM) as session:
            row = await session.get_one(Merchant, merchant.id, with_for_update=True)
            await record(
                session, row, action="x:y:z", actor=SYSTEM, merchant_id=merchant.id, reason="rahasia"
            )

    staff = Actor.staff(new_id(), frozenset({mine.id}))
    async with web_database.read(staff) as session:
        assert [found.entry.action for found in await list_entries(session, mine.id)][-1] == "x:y:z"
        assert await list_entries(session, other.id) == []
        assert await _visible_reasons(session) == ["rahasia"]
    async with web_database.read(Actor.guest()) as session:
        assert await list_entries(session, mine.id) == []
        assert await _visible_reasons(session) == []


async def _visible_reasons(session) -> list[str]:
    return list((await session.scalars(text("SELECT reason FROM audit_private"))).all())


def _entry(subject_id: UUID, reason: str | None = None) -> NewEntry:
    return NewEntry(
        subject_kind="sample",
        subject_id=subject_id,
        seq=1,
        prev_hash=GENESIS,
        action="sample:thing:made",
        actor=Actor.guest(ip_digest="abc"),
        at=AT,
        data={"amount": 150_000, "state": "HOLD", "nested": {"b": [1, None, True], "a": 'é\n"'}},
        reason=reason,
    )
