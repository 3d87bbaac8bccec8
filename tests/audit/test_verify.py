"""Whatever is changed behind the application's back is found."""

import asyncio
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Select, func, select

from pesan.audit import GENESIS, record
from pesan.audit.models import AuditBlock, AuditEntry
from pesan.audit.sealing import find_last_seal, hash_of, heads_digest_of, seal
from pesan.audit.verify import Fault, FaultKind, verify
from pesan.db import Actor, Database
from pesan.tenancy.models import Merchant
from tests.support.factories import Make

SYSTEM = Actor.system("test")
TAMPERED_ENTRY = {
    "subject_kind": "'other'",
    "prev_hash": "decode(repeat('01', 32), 'hex')",
    "hash": "decode(repeat('01', 32), 'hex')",
    "action": "'merchant:profile:forged'",
    "actor_kind": "'guest'",
    "actor_id": "gen_random_uuid()",
    "actor_name": "'somebody'",
    "ip_digest": "'127'",
    "merchant_id": "gen_random_uuid()",
    "data": """'{"amount": 1}'""",
    "private_digest": "decode(repeat('01', 32), 'hex')",
    "at": "at + interval '1 microsecond'",
}
TAMPERED_BLOCK = {
    "prev_hash": "decode(repeat('01', 32), 'hex')",
    "hash": "decode(repeat('01', 32), 'hex')",
    "since_xact": "since_xact + 1",
    "upto_xact": "upto_xact + 1",
    "entry_count": "entry_count + 1",
    "heads_digest": "decode(repeat('01', 32), 'hex')",
    "latest_at": "latest_at + interval '1 microsecond'",
    "sealed_at": "sealed_at + interval '1 microsecond'",
}


@pytest.fixture
async def merchant(database: Database, make: Make) -> Merchant:
    """Three entries, sealed in two blocks."""
    merchant = await make.merchant()
    await _note(database, merchant.id)
    await _seal(database)
    await _note(database, merchant.id)
    await _seal(database)
    return merchant


async def _note(database: Database, merchant_id: UUID) -> None:
    async with database.write(SYSTEM) as session:
        row = await session.get_one(Merchant, merchant_id, with_for_update=True)
        await record(session, row, action="merchant:profile:changed", actor=SYSTEM, reason="Ganti merek")


async def _seal(database: Database) -> int | None:
    async with database.write(SYSTEM) as session:
        sealed = await seal(session)
    return sealed.block_id if sealed else None


async def _faults(database: Database) -> list[Fault]:
    async with database.read(SYSTEM) as session:
        return await verify(session)


async def _kinds(database: Database) -> set[FaultKind]:
    return {fault.kind for fault in await _faults(database)}


def _tamper(owner: psycopg.Connection, statement: str) -> None:
    """As somebody would who owns the server: with the triggers off."""
    owner.execute("SET session_replication_role = replica")
    owner.execute(statement)  # type: ignore[call-overload]
    owner.execute("SET session_replication_role = origin")


async def test_untouched_history_has_no_fault(database: Database, merchant: Merchant) -> None:
    assert await _faults(database) == []


def test_every_column_of_an_entry_is_tampered_with_below() -> None:
    covered = {*TAMPERED_ENTRY, "subject_id", "seq", "xact_id"}

    assert covered == {column.name for column in AuditEntry.__table__.columns}


def test_every_column_of_a_block_is_tampered_with_below() -> None:
    assert {*TAMPERED_BLOCK, "id"} == {column.name for column in AuditBlock.__table__.columns}


@pytest.mark.parametrize("column", TAMPERED_ENTRY)
async def test_changed_column_of_an_entry_is_found(
    database: Database, merchant: Merchant, owner: psycopg.Connection, column: str
) -> None:
    _tamper(owner, f"UPDATE audit_entries SET {column} = {TAMPERED_ENTRY[column]} WHERE seq = 2")

    wanted = Fault(
        FaultKind.ENTRY_CHANGED, "other" if column == "subject_kind" else "merchant", merchant.id, 2
    )
    assert wanted in await _faults(database)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE audit_entries SET seq = 7 WHERE seq = 3", FaultKind.ENTRY_MISSING),
        ("UPDATE audit_entries SET subject_id = gen_random_uuid() WHERE seq = 3", FaultKind.HEAD_DIFFERS),
        ("UPDATE audit_entries SET xact_id = 1 WHERE seq = 3", FaultKind.SEAL_BROKEN),
        ("UPDATE audit_entries SET xact_id = xact_id + 1000 WHERE seq = 3", FaultKind.SEAL_BROKEN),
        ("DELETE FROM audit_entries WHERE seq = 2", FaultKind.ENTRY_MISSING),
        ("DELETE FROM audit_entries WHERE seq = 1", FaultKind.ENTRY_MISSING),
        ("DELETE FROM audit_entries WHERE seq = 3", FaultKind.HEAD_DIFFERS),
        ("DELETE FROM audit_entries", FaultKind.HEAD_DIFFERS),
        ("UPDATE merchants SET audit_seq = 2", FaultKind.HEAD_DIFFERS),
        ("UPDATE merchants SET audit_head = ''", FaultKind.HEAD_DIFFERS),
        ("DELETE FROM merchants", FaultKind.SUBJECT_MISSING),
        ("UPDATE audit_private SET reason = 'x' WHERE seq = 2", FaultKind.PRIVATE_CHANGED),
        ("""UPDATE audit_private SET after = '{"a": 1}' WHERE seq = 2""", FaultKind.PRIVATE_CHANGED),
        ("UPDATE audit_private SET salt = '' WHERE seq = 2", FaultKind.PRIVATE_CHANGED),
        ("UPDATE audit_private SET erased_at = now() WHERE seq = 2", FaultKind.PRIVATE_CHANGED),
        ("DELETE FROM audit_private WHERE seq = 2", FaultKind.PRIVATE_MISSING),
        (
            "INSERT INTO audit_private (subject_id, seq, reason) SELECT subject_id, 1, 'x' FROM audit_entries LIMIT 1",
            FaultKind.PRIVATE_UNKNOWN,
        ),
        (
            "INSERT INTO audit_private (subject_id, seq) VALUES (gen_random_uuid(), 1)",
            FaultKind.PRIVATE_UNKNOWN,
        ),
        ("DELETE FROM audit_blocks WHERE id = 1", FaultKind.BLOCK_MISSING),
        ("UPDATE audit_blocks SET id = 5 WHERE id = 2", FaultKind.BLOCK_MISSING),
    ],
)
async def test_change_behind_the_back_is_found(
    database: Database, merchant: Merchant, owner: psycopg.Connection, statement: str, kind: FaultKind
) -> None:
    _tamper(owner, statement)

    assert kind in await _kinds(database)


@pytest.mark.parametrize("column", TAMPERED_BLOCK)
async def test_changed_column_of_a_block_is_found(
    database: Database, merchant: Merchant, owner: psycopg.Connection, column: str
) -> None:
    _tamper(owner, f"UPDATE audit_blocks SET {column} = {TAMPERED_BLOCK[column]} WHERE id = 1")

    assert Fault(FaultKind.BLOCK_CHANGED, block_id=1) in await _faults(database)


async def test_last_entry_cut_off_with_its_subject_put_back_is_found_by_the_seal(
    database: Database, merchant: Merchant, owner: psycopg.Connection
) -> None:
    _tamper(owner, "DELETE FROM audit_private WHERE seq = 3")
    _tamper(owner, "DELETE FROM audit_entries WHERE seq = 3")
    _tamper(
        owner,
        "UPDATE merchants SET (audit_seq, audit_head) = (SELECT seq, hash FROM audit_entries WHERE seq = 2)",
    )

    assert await _faults(database) == [Fault(FaultKind.SEAL_BROKEN, block_id=2)]


async def test_chain_rewritten_from_the_middle_is_found_by_the_seal(
    database: Database, merchant: Merchant, owner: psycopg.Connection
) -> None:
    async with database.read(SYSTEM) as session:
        first = (await session.scalars(_entries(1))).one()
    _tamper(owner, "DELETE FROM audit_private")
    _tamper(owner, "DELETE FROM audit_entries WHERE seq > 1")
    put_back = f"UPDATE merchants SET audit_seq = 1, audit_head = decode('{first.hash.hex()}', 'hex')"
    _tamper(owner, put_back)
    await _note(database, merchant.id)

    assert await _kinds(database) == {FaultKind.SEAL_BROKEN}


async def test_seal_of_nothing_new_makes_no_block(database: Database, merchant: Merchant) -> None:
    assert await _seal(database) is None


async def test_seals_count_up_and_the_last_one_can_be_kept_elsewhere(database: Database, make: Make) -> None:
    await make.merchant()
    first = await _seal(database)
    await make.merchant()
    second = await _seal(database)

    assert (first, second) == (1, 2)
    async with database.read(SYSTEM) as session:
        last = await find_last_seal(session)
    assert last is not None
    assert (last.block_id, len(last.hash)) == (2, 32)


async def test_entry_of_a_transaction_still_running_waits_for_the_next_block(
    database: Database, make: Make
) -> None:
    slow, quick = await make.merchant(), await make.merchant()
    await _seal(database)
    async with database.write(SYSTEM) as session:
        row = await session.get_one(Merchant, slow.id, with_for_update=True)
        await record(session, row, action="x:y:z", actor=SYSTEM)
        await _note(database, quick.id)

        assert await _seal(database) is None

    assert await _seal(database) == 2
    assert await _faults(database) == []
    async with database.read(SYSTEM) as session:
        assert [block.entry_count for block in (await session.scalars(_blocks())).all()] == [2, 2]


async def test_two_sealers_make_one_block(database: Database, make: Make) -> None:
    await make.merchant()

    sealed = await asyncio.gather(*(_seal(database) for _ in range(4)))

    assert sorted(sealed, key=str) == [1, None, None, None]


async def test_history_can_be_verified_while_it_grows(database: Database, make: Make) -> None:
    merchants = [await make.merchant() for _ in range(4)]

    async def write(merchant: Merchant) -> None:
        for _ in range(15):
            await _note(database, merchant.id)
            await _seal(database)

    async def check() -> list[Fault]:
        return [fault for _ in range(10) for fault in await _faults(database)]

    found, *_ = await asyncio.gather(check(), *(write(merchant) for merchant in merchants))

    assert found == []


async def test_sealing_goes_on_where_transactions_are_counted_anew(database: Database, make: Make) -> None:
    await make.merchant()
    await _seal_of_another_cluster(database, upto=1_000_000_000)
    await make.merchant()

    assert await _seal(database) == 2

    assert await _faults(database) == []
    async with database.read(SYSTEM) as session:
        assert [block.entry_count for block in (await session.scalars(_blocks())).all()] == [1, 2]


async def _seal_of_another_cluster(database: Database, upto: int) -> None:
    """The block that a dump brings along, from a server that had counted much further."""
    async with database.write(SYSTEM) as session:
        latest = await session.scalar(select(func.max(AuditEntry.at)))
        block = AuditBlock(
            id=1, prev_hash=GENESIS, since_xact=0, upto_xact=upto, latest_at=latest, sealed_at=latest
        )
        block.entry_count, digest = await heads_digest_of(session, block)
        block.heads_digest = digest or b""
        block.hash = hash_of(block)
        session.add(block)


def _entries(seq: int) -> Select[AuditEntry]:
    return select(AuditEntry).where(AuditEntry.seq == seq)


def _blocks() -> Select[AuditBlock]:
    return select(AuditBlock).order_by(AuditBlock.id)
