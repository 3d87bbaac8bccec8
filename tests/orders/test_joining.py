"""A guest's earlier bookings join the account of their address, once it is known to be theirs."""

from sqlalchemy import func, select, update

from pesan.audit.models import AuditEntry
from pesan.db import Actor, Database
from pesan.identity.models import User
from pesan.kit.registry import Registry
from pesan.orders.joining import CHUNK
from pesan.orders.models import Order
from pesan.orders.tasks import join_account
from tests.support.factories import SYSTEM


async def owners(database) -> dict[str, object]:
    async with database.read(SYSTEM) as session:
        return {order.code: order.user_id for order in await session.scalars(select(Order))}


def deps_of(database) -> Registry:
    deps = Registry()
    deps.add(Database, database)
    return deps


async def verified(database, make, email: str) -> User:
    user = await make.user(email=email)
    async with database.write(SYSTEM) as session:
        await session.execute(
            update(User).where(User.id == user.id).values(email_verified_at=func.clock_timestamp())
        )
    return user


async def test_bookings_of_a_verified_address_join_its_account(database, make) -> None:
    event = await make.event()
    mine = [await make.order(event, email="rani@contoh.id") for _ in range(2)]
    other = await make.order(event, email="budi@contoh.id")
    nobodys = await make.order(event)
    user = await verified(database, make, "rani@contoh.id")

    await join_account(deps_of(database), user.id)
    await join_account(deps_of(database), user.id)

    assert await owners(database) == {
        **{order.code: user.id for order in mine},
        other.code: None,
        nobodys.code: None,
    }
    async with database.read(SYSTEM) as session:
        joined = select(func.count()).where(AuditEntry.action == "order:account:joined")
        assert await session.scalar(joined) == 2


async def test_bookings_of_an_address_that_is_not_verified_join_nothing(database, make) -> None:
    order = await make.order(email="rani@contoh.id")
    user = await make.user(email="rani@contoh.id")

    await join_account(deps_of(database), user.id)

    assert await owners(database) == {order.code: None}


async def test_a_booking_of_another_account_stays_there(database, make) -> None:
    owner = await make.user()
    order = await make.order(email="rani@contoh.id", user_id=owner.id)
    user = await verified(database, make, "rani@contoh.id")

    await join_account(deps_of(database), user.id)

    assert await owners(database) == {order.code: owner.id}


async def test_more_bookings_than_a_chunk_all_join(database, make) -> None:
    event = await make.event(capacity=CHUNK + 1)
    for _ in range(CHUNK + 1):
        await make.order(event, email="rani@contoh.id")
    user = await verified(database, make, "rani@contoh.id")

    await join_account(deps_of(database), user.id)

    assert set((await owners(database)).values()) == {user.id}


async def test_an_account_shows_its_own_orders_to_its_owner_only(web_database, make) -> None:
    rani, budi = await make.user(), await make.user()
    event = await make.event()
    codes = {person.id: (await make.order(event, user_id=person.id)).code for person in (rani, budi)}

    for person in (rani, budi):
        async with web_database.read(Actor.user(person.id)) as session:
            assert (await session.scalars(select(Order.code))).all() == [codes[person.id]]
    async with web_database.read(Actor.guest()) as session:
        assert (await session.scalars(select(Order.code))).all() == []
