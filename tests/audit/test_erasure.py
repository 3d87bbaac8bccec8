"""Forgetting a person in the history."""

import pytest

from pesan.audit import record
from pesan.audit.erasure import erase
from pesan.audit.errors import SubjectUnknown
from pesan.audit.queries import Record, list_entries
from pesan.audit.verify import verify
from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.tenancy.models import Merchant
from tests.support.factories import SYSTEM, Make

CLERK = Actor.system("cli")


@pytest.fixture
async def merchant(make: Make, database: Database) -> Merchant:
    """A merchant with two entries that name a person."""
    made = await make.merchant()
    for name in ("Budi", "Siti"):
        async with database.write(SYSTEM) as session:
            row = await session.get_one(Merchant, made.id)
            await record(
                session,
                row,
                action="merchant:profile:changed",
                actor=SYSTEM,
                after={"name": name},
                reason=name,
            )
    return made


async def history(database: Database, merchant: Merchant) -> list[Record]:
    async with database.read(SYSTEM) as session:
        return list(await list_entries(session, merchant.id))


def named(records: list[Record]) -> list[object]:
    return [found.private and (found.private.reason, found.private.after) for found in records]


async def test_erased_person_is_gone_and_the_chain_stays_whole(database: Database, merchant: Merchant):
    async with database.write(CLERK) as session:
        count = await erase(
            session, kind="merchant", subject_id=merchant.id, reason="Diminta 21 November", actor=CLERK
        )

    assert count == 2
    found = await history(database, merchant)
    assert named(found) == [None, (None, None), (None, None), ("Diminta 21 November", None)]
    assert (found[-1].entry.action, found[-1].entry.actor_name, found[-1].entry.data) == (
        "merchant:audit:erased",
        "cli",
        {"entries": [2, 3]},
    )
    async with database.read(SYSTEM) as session:
        assert await verify(session) == []


async def test_erasing_one_subject_leaves_the_others(database: Database, make: Make, merchant: Merchant):
    other = await make.merchant()

    async with database.write(CLERK) as session:
        await erase(session, kind="merchant", subject_id=other.id, reason="Diminta", actor=CLERK)

    assert named(await history(database, merchant)) == [
        None,
        ("Budi", {"name": "Budi"}),
        ("Siti", {"name": "Siti"}),
    ]


@pytest.mark.parametrize("kind", ["merchant", "order", "nobody"])
async def test_erasing_somebody_unknown_is_refused(database: Database, merchant: Merchant, kind: str):
    stranger = new_id() if kind == "merchant" else merchant.id
    with pytest.raises(SubjectUnknown):
        async with database.write(CLERK) as session:
            await erase(session, kind=kind, subject_id=stranger, reason="Diminta", actor=CLERK)

    assert len(await history(database, merchant)) == 3
