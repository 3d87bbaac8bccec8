import asyncio

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import ProgrammingError

from pesan.audit.models import AuditEntry
from pesan.db import Actor
from pesan.tickets.errors import KeyMissing, KeySealed
from pesan.tickets.keys import Algorithm
from pesan.tickets.keystore import DatabaseKeyStore
from pesan.tickets.models import SigningKey
from pesan.tickets.queries import list_keys, list_public_keys

SYSTEM = Actor.system("tests")
SECRET = b"s" * 32
EDDSA, HS256 = Algorithm.EDDSA, Algorithm.HS256


@pytest.fixture
def store(database):
    return DatabaseKeyStore(database, SECRET)


async def _rows(database):
    async with database.read(SYSTEM) as session:
        return await list_keys(session)


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_signing_key_is_made_at_first_use_and_kept(database, make, store, algorithm):
    merchant = await make.merchant()

    key = await store.signing_key(merchant.id, algorithm)
    again = await DatabaseKeyStore(database, SECRET).signing_key(merchant.id, algorithm)

    assert again == key
    assert [row.kid for row in await _rows(database)] == [key.kid]
    (signature,) = await store.sign(key.kid, [b"pesan"])
    assert key.verifies(b"pesan", signature)


async def test_signing_key_made_by_eight_processes_at_once_is_one(database, make):
    merchant = await make.merchant()
    stores = [DatabaseKeyStore(database, SECRET) for _ in range(8)]

    found = await asyncio.gather(*(store.signing_key(merchant.id, EDDSA) for store in stores))

    assert {key.kid for key in found} == {(await _rows(database))[0].kid}
    assert len(await _rows(database)) == 1


async def test_merchants_have_keys_of_their_own(make, store):
    one, other = await make.merchant(), await make.merchant()

    keys = [await store.signing_key(merchant.id, EDDSA) for merchant in (one, other)]

    assert [key.merchant_id for key in keys] == [one.id, other.id]
    assert keys[0].kid != keys[1].kid
    assert keys[0].qr_kid != keys[1].qr_kid


async def test_rotated_key_signs_no_more_and_verifies_still(database, make, store):
    merchant = await make.merchant()
    old = await store.signing_key(merchant.id, EDDSA)
    (signature,) = await store.sign(old.kid, [b"pesan"])

    new = await store.rotate(merchant.id, EDDSA, actor=SYSTEM)

    fresh = DatabaseKeyStore(database, SECRET)
    assert await fresh.signing_key(merchant.id, EDDSA) == new
    assert new.kid != old.kid
    found = await fresh.find(old.kid), await fresh.find_short(old.qr_kid)
    assert found == (old, old)
    assert old.verifies(b"pesan", signature)
    states = {row.kid: (row.state, row.retired_at is not None) for row in await _rows(database)}
    assert states == {old.kid: ("retired", True), new.kid: ("active", False)}


async def test_rotations_at_once_leave_one_active_key(database, make, store):
    merchant = await make.merchant()
    await store.signing_key(merchant.id, EDDSA)
    stores = [DatabaseKeyStore(database, SECRET) for _ in range(4)]

    keys = await asyncio.gather(*(one.rotate(merchant.id, EDDSA, actor=SYSTEM) for one in stores))

    active = [row.kid for row in await _rows(database) if row.state == "active"]
    assert len(active) == 1
    assert keys[-1].kid in {row.kid for row in await _rows(database)}


async def test_rotation_is_in_the_audit(database, make, store):
    merchant = await make.merchant()
    old = await store.signing_key(merchant.id, EDDSA)
    await store.rotate(merchant.id, EDDSA, actor=SYSTEM)

    async with database.read(SYSTEM) as session:
        rows = await session.execute(
            select(AuditEntry.action, AuditEntry.data["kid"].astext, AuditEntry.merchant_id)
            .where(AuditEntry.subject_kind == "signing_key")
            .order_by(AuditEntry.at)
        )
        entries = [tuple(row) for row in rows]
    assert entries[:2] == [
        ("merchant:ticket_key:created", old.kid, merchant.id),
        ("merchant:ticket_key:retired", old.kid, merchant.id),
    ]
    assert entries[2][0] == "merchant:ticket_key:created"


async def test_merchant_who_changes_the_algorithm_gets_a_new_key(make, store):
    merchant = await make.merchant()
    old = await store.signing_key(merchant.id, EDDSA)

    new = await store.signing_key(merchant.id, HS256)

    assert (old.algorithm, new.algorithm) == (EDDSA, HS256)
    assert await store.find(old.kid) == old


async def test_private_keys_rest_sealed_and_open_only_with_the_secret(database, make, store):
    merchant = await make.merchant()
    key = await store.signing_key(merchant.id, HS256)
    async with database.read(SYSTEM) as session:
        row = (await session.execute(select(SigningKey.verifying_key, SigningKey.private_key_sealed))).one()

    assert key.material not in row.verifying_key
    assert key.material not in row.private_key_sealed
    stranger = DatabaseKeyStore(database, b"another secret of this instance!")
    with pytest.raises(KeySealed):
        await stranger.sign(key.kid, [b"pesan"])


async def test_sealed_key_moved_to_another_row_does_not_open(postgres, database_url, make, store):
    one = await store.signing_key((await make.merchant()).id, EDDSA)
    other = await store.signing_key((await make.merchant()).id, EDDSA)
    with postgres.connect(database_url.database) as owner:
        owner.execute(
            "UPDATE signing_keys SET private_key_sealed = o.private_key_sealed FROM signing_keys o"
            " WHERE signing_keys.kid = %s AND o.kid = %s",
            (other.kid, one.kid),
        )

    with pytest.raises(KeySealed):
        await store.sign(other.kid, [b"pesan"])


async def test_sign_with_a_key_that_is_not_there_is_refused(store):
    with pytest.raises(KeyMissing):
        await store.sign("unknown", [b"pesan"])


async def test_find_of_an_unknown_name_is_none(store):
    assert await store.find("unknown") is None
    assert await store.find_short(b"\x00\x01\x02\x03") is None


async def test_web_process_verifies_and_cannot_read_a_private_key(web_database, make, store):
    merchants = [await make.merchant(), await make.merchant()]
    keys = [await store.signing_key(merchants[0].id, EDDSA), await store.signing_key(merchants[1].id, HS256)]
    of_web = DatabaseKeyStore(web_database, SECRET)

    for key in keys:
        assert await of_web.find(key.kid) == key
        with pytest.raises(ProgrammingError):
            await of_web.sign(key.kid, [b"pesan"])
    with pytest.raises(ProgrammingError):
        async with web_database.read(Actor.guest()) as session:
            await session.execute(select(SigningKey.private_key_sealed))


async def test_public_keys_hold_nothing_private_and_nothing_of_hmac(database, web_database, make, store):
    merchant = await make.merchant()
    old = await store.signing_key(merchant.id, EDDSA)
    new = await store.rotate(merchant.id, EDDSA, actor=SYSTEM)
    await store.signing_key((await make.merchant()).id, HS256)

    async with web_database.read(Actor.guest()) as session:
        found = await list_public_keys(session)
        of_one = await list_public_keys(session, merchant.id)

    assert found == of_one == {"keys": [old.public_jwk(), new.public_jwk()]}
    assert all(set(key) == {"kty", "crv", "x", "kid", "alg", "use"} for key in found["keys"])


async def test_web_process_cannot_change_a_sealed_key(web_database, make, store):
    key = await store.signing_key((await make.merchant()).id, EDDSA)
    with pytest.raises(ProgrammingError):
        async with web_database.write(Actor.guest()) as session:
            await session.execute(update(SigningKey).values(private_key_sealed=b""))
    assert len(await store.sign(key.kid, [b"pesan"])) == 1


async def test_retired_key_is_published_until_its_last_ticket_expired(
    database, web_database, postgres, database_url, make, sell, store
):
    async def published() -> list[str]:
        async with web_database.read(Actor.guest()) as session:
            return [key["kid"] for key in (await list_public_keys(session))["keys"]]

    def change(sql: str) -> None:
        with postgres.connect(database_url.database) as owner:
            owner.execute(sql)

    ticket = (await sell()).tickets[0]
    new = await store.rotate(ticket.merchant_id, EDDSA, actor=SYSTEM)
    unused = (await make.merchant()).id
    await store.signing_key(unused, EDDSA)
    fresh = await store.rotate(unused, EDDSA, actor=SYSTEM)

    change("UPDATE signing_keys SET retired_at = now() - interval '25 hours' WHERE state = 'retired'")
    assert await published() == [ticket.kid, new.kid, fresh.kid]

    change(
        "UPDATE tickets SET issued_at = now() - interval '2 days', expires_at = now() - interval '1 second'"
    )
    assert await published() == [new.kid, fresh.kid]


async def test_application_cannot_rename_or_delete_a_key(database, make, store):
    await store.signing_key((await make.merchant()).id, EDDSA)
    for statement in (delete(SigningKey), update(SigningKey).values(kid="")):
        with pytest.raises(ProgrammingError):
            async with database.write(SYSTEM) as session:
                await session.execute(statement)
    async with database.read(SYSTEM) as session:
        assert await session.scalar(select(func.count()).select_from(SigningKey)) == 1


async def test_no_actor_sees_no_key(database, make, store):
    await store.signing_key((await make.merchant()).id, EDDSA)
    async with database.engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL ROLE {database.role_prefix}_request"))
        assert (await connection.execute(text("SELECT kid FROM signing_keys"))).all() == []
