"""A new secret of the instance, and the keys that the old one sealed."""

import pytest
from sqlalchemy import select

from pesan.audit.models import AuditEntry
from pesan.tickets.errors import KeySealed, OldSecretWrong
from pesan.tickets.keys import Algorithm
from pesan.tickets.keystore import DatabaseKeyStore
from pesan.tickets.resealing import Resealed, list_sealed, reseal
from tests.tickets.conftest import SECRET, SYSTEM

NEW = b"n" * 32
WRONG = b"w" * 32


@pytest.fixture
def of_new(database):
    return DatabaseKeyStore(database, NEW)


async def sealed_for(database, secret) -> list[str]:
    async with database.read(SYSTEM) as session:
        return [key.kid for key in await list_sealed(session, secret)]


async def run_reseal(database, old) -> Resealed:
    async with database.write(SYSTEM) as session:
        return await reseal(session, old=old, new=NEW, actor=SYSTEM)


async def test_keys_of_the_old_secret_sign_after_resealing(database, make, store, of_new):
    retired = await store.signing_key((await make.merchant()).id, Algorithm.EDDSA)
    active = await store.rotate(retired.merchant_id, Algorithm.EDDSA, actor=SYSTEM)
    secret = await store.signing_key((await make.merchant()).id, Algorithm.HS256)
    current = await of_new.signing_key((await make.merchant()).id, Algorithm.EDDSA)
    assert await sealed_for(database, NEW) == [retired.kid, active.kid, secret.kid]

    assert await run_reseal(database, SECRET) == Resealed(resealed=3, current=1)

    assert await sealed_for(database, NEW) == []
    fresh = DatabaseKeyStore(database, NEW)
    for key in (retired, active, secret, current):
        (signature,) = await fresh.sign(key.kid, [b"pesan"])
        assert key.verifies(b"pesan", signature)
        assert await fresh.find(key.kid) == key
    with pytest.raises(KeySealed):
        await DatabaseKeyStore(database, SECRET).sign(active.kid, [b"pesan"])


async def test_resealing_is_in_the_audit(database, make, store):
    key = await store.signing_key((await make.merchant()).id, Algorithm.EDDSA)

    await run_reseal(database, SECRET)

    async with database.read(SYSTEM) as session:
        query = select(AuditEntry.action, AuditEntry.data["kid"].astext).order_by(AuditEntry.seq.desc())
        found = (await session.execute(query.where(AuditEntry.subject_kind == "signing_key"))).first()
    assert tuple(found) == ("merchant:ticket_key:resealed", key.kid)


async def test_wrong_old_secret_changes_nothing(database, make, store, of_new):
    keys = [await store.signing_key((await make.merchant()).id, Algorithm.EDDSA) for _ in range(2)]
    other = await DatabaseKeyStore(database, WRONG).signing_key((await make.merchant()).id, Algorithm.EDDSA)

    with pytest.raises(OldSecretWrong):
        await run_reseal(database, SECRET)

    assert await sealed_for(database, SECRET) == [other.kid]
    assert await sealed_for(database, NEW) == [*(key.kid for key in keys), other.kid]


async def test_resealing_twice_changes_nothing_more(database, make, store):
    await store.signing_key((await make.merchant()).id, Algorithm.EDDSA)
    await run_reseal(database, SECRET)

    assert await run_reseal(database, SECRET) == Resealed(resealed=0, current=1)
