"""Time runs out: a place comes back though no worker runs, and once, however often it is given back."""

import asyncio

from pesan.orders.tasks import expire_due
from tests.storefront.shop import Shop, problem
from tests.support.database import offenders

# The desk remembers that it looked in vain for so long.
LOOKS_AGAIN_SECONDS = 0.6


async def test_expired_hold_goes_to_the_next_buyer_though_nothing_swept(shop: Shop, expire):
    event = await shop.make.event(shop.merchant, capacity=1)
    first = await shop.held(event=event)
    refused = await shop.hold(event=event)
    await expire(first)
    shown = (await shop.guest.get(f"/api/capacity/{event.id}")).json()
    await asyncio.sleep(LOOKS_AGAIN_SECONDS)

    second = await shop.held(await shop.open_guest(), event=event)

    assert problem(refused) == (409, "capacity.hold_pool_full")
    assert (shown["holdActive"], shown["available"]) == (0, 1)
    assert ((await shop.order(first)).state, (await shop.order(second)).state) == ("EXPIRED", "HOLD")
    assert await shop.execute("SELECT held, used FROM capacity_pools WHERE id = :id", id=event.pool_id) == [
        (1, 0)
    ]
    assert await offenders(shop.database) == []


async def test_expired_hold_goes_to_one_of_many_buyers(shop: Shop, expire):
    event = await shop.make.event(shop.merchant, capacity=1)
    await expire(await shop.held(event=event))

    answers = await asyncio.gather(*(shop.hold(event=event) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert await offenders(shop.database) == []


async def test_hold_whose_payment_is_open_keeps_its_place(shop: Shop, expire, owner):
    event = await shop.make.event(shop.merchant, capacity=1)
    first = await shop.held(event=event)
    await expire(first)
    await owner(
        "UPDATE orders SET payment_open_until = clock_timestamp() + interval '1 minute' WHERE id = %s",
        first["id"],
    )
    before = await shop.facts()

    assert problem(await shop.hold(event=event)) == (409, "capacity.hold_pool_full")
    assert await shop.facts() == before


async def test_late_proof_is_refused_and_the_place_stays_with_whoever_has_it(shop: Shop, expire):
    event = await shop.make.event(shop.merchant, capacity=1)
    first = await shop.held(event=event)
    await expire(first)
    await shop.held(await shop.open_guest(), event=event)
    before = await shop.facts()

    answer = await shop.prove(first, b"\xff\xd8\xff")

    assert problem(answer) == (409, "orders.wrong_state")
    assert await shop.facts() == before


async def test_sweep_expires_what_is_due_and_nothing_else(shop: Shop, expire, owner):
    other = await shop.make.event(shop.merchant)
    due = [await shop.held(), await shop.held(), await shop.held(event=other)]
    running, paying = await shop.held(), await shop.held()
    for booking in (*due, paying):
        await expire(booking)
    await owner(
        "UPDATE orders SET payment_open_until = clock_timestamp() + interval '1 minute' WHERE id = %s",
        paying["id"],
    )

    await expire_due(shop.registry)
    await expire_due(shop.registry)

    assert [(await shop.order(booking)).state for booking in due] == ["EXPIRED"] * 3
    assert [(await shop.order(booking)).state for booking in (running, paying)] == ["HOLD"] * 2
    entries = await shop.execute("SELECT count(*) FROM audit_entries WHERE action = 'order:hold:expired'")
    assert entries == [(3,)]
    assert await offenders(shop.database) == []
