"""A proof that was seen before is flagged, and nobody sends proofs without end."""

from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments import proofs
from pesan.payments.errors import ProofNotFound, TooManyProofs, UploadsBusy
from pesan.payments.proofs import describe_proof, require_room
from pesan.payments.queries import find_duplicate_proofs, get_proof
from pesan.storage.inspection import CleanFile, Version
from pesan.storage.uploads import MEGABYTE, Received
from tests.payments.steps import proof_of, send_proof
from tests.support.factories import Make

SAME = sha256(b"bukti").digest()


async def duplicates(database: Database, order: Order) -> list[tuple[str, str, bool]]:
    """As the merchant's reviewer sees them."""
    reviewer = Actor.staff(new_id(), frozenset({order.merchant_id}))
    async with database.read(reviewer) as session:
        found = await find_duplicate_proofs(session, order.id)
    return [(duplicate.order_code, duplicate.order_state, duplicate.is_exact) for duplicate in found]


async def test_same_file_for_another_order_is_flagged_on_both(make: Make, web_database: Database) -> None:
    event = await make.event()
    first, second = await make.order(event), await make.order(event)
    await send_proof(make, first, sha256=SAME)
    await send_proof(make, second, sha256=SAME)

    assert await duplicates(web_database, second) == [(first.code, OrderState.REVIEW, True)]
    assert await duplicates(web_database, first) == [(second.code, OrderState.REVIEW, True)]


@pytest.mark.parametrize(("bits", "is_flagged"), [(0, True), (6, True), (7, False), (64, False)])
async def test_picture_that_looks_the_same_is_flagged(
    make: Make, web_database: Database, bits: int, is_flagged: bool
) -> None:
    event = await make.event()
    first, second = await make.order(event), await make.order(event)
    original = 0x0123_4567_89AB_CDEF
    changed = original ^ ((1 << bits) - 1)
    await send_proof(make, first, phash=original)
    await send_proof(make, second, phash=changed - (1 << 64) if changed >> 63 else changed)

    expected = [(first.code, OrderState.REVIEW, False)] if is_flagged else []
    assert await duplicates(web_database, second) == expected


async def test_old_picture_is_flagged_only_when_it_is_the_same_file(
    make: Make, web_database: Database, owner: AsyncEngine
) -> None:
    event = await make.event()
    exact, similar, last = [await make.order(event) for _ in range(3)]
    await send_proof(make, exact, sha256=SAME)
    await send_proof(make, similar, phash=3)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE payment_proofs SET uploaded_at = now() - interval '181 days'"))
    await send_proof(make, last, sha256=SAME, phash=3)

    assert await duplicates(web_database, last) == [(exact.code, OrderState.REVIEW, True)]


async def test_bits_of_a_negative_hash_are_compared_like_any(make: Make, web_database: Database) -> None:
    event = await make.event()
    first, second = await make.order(event), await make.order(event)
    await send_proof(make, first, phash=-1)
    await send_proof(make, second, phash=-2)

    assert await duplicates(web_database, second) == [(first.code, OrderState.REVIEW, False)]


async def test_exact_duplicates_come_first(make: Make, web_database: Database) -> None:
    event = await make.event()
    exact, similar, last = [await make.order(event) for _ in range(3)]
    await send_proof(make, exact, sha256=SAME, phash=1)
    await send_proof(make, similar, phash=3)
    await send_proof(make, last, sha256=SAME, phash=1)

    assert await duplicates(web_database, last) == [
        (exact.code, OrderState.REVIEW, True),
        (similar.code, OrderState.REVIEW, False),
    ]


async def test_proofs_without_a_hash_are_not_alike(make: Make, web_database: Database) -> None:
    event = await make.event()
    first, second = await make.order(event), await make.order(event)
    await send_proof(make, first)
    await send_proof(make, second)

    assert await duplicates(web_database, second) == []


async def test_same_file_at_another_merchant_stays_unknown(make: Make, web_database: Database) -> None:
    mine, theirs = await make.order(), await make.order()
    await send_proof(make, theirs, sha256=SAME, phash=1)
    await send_proof(make, mine, sha256=SAME, phash=1)

    assert await duplicates(web_database, mine) == []


async def test_proof_of_another_merchant_is_not_found(make: Make, web_database: Database) -> None:
    order, other = await make.order(), await make.order()
    sent = await send_proof(make, order)

    with pytest.raises(ProofNotFound):
        async with web_database.read(Actor.staff(new_id(), frozenset({other.merchant_id}))) as session:
            await get_proof(session, sent.proof_id)


async def test_order_takes_five_proofs_and_no_more(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    await add_proofs(database, order, sizes=[1] * (proofs.MAX_PROOFS_PER_ORDER - 1))
    async with web_database.read(Actor.guest(order.code)) as session:
        await require_room(session, order.id, 1)
    await add_proofs(database, order, sizes=[1])

    with pytest.raises(TooManyProofs):
        async with web_database.read(Actor.guest(order.code)) as session:
            await require_room(session, order.id, 1)


async def test_order_takes_thirty_megabytes_and_no_more(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    await add_proofs(database, order, sizes=[20 * MEGABYTE])

    async with web_database.read(Actor.guest(order.code)) as session:
        await require_room(session, order.id, 10 * MEGABYTE)
        with pytest.raises(TooManyProofs):
            await require_room(session, order.id, 10 * MEGABYTE + 1)


async def test_merchants_buyers_share_its_room_for_an_hour(
    make: Make, database: Database, web_database: Database, owner: AsyncEngine
) -> None:
    event = await make.event()
    busy, calm, order = await make.order(event), await make.order(), await make.order(event)
    await add_proofs(database, busy, sizes=[proofs.MAX_BYTES_PER_MERCHANT_AND_HOUR - 10])

    async with web_database.read(Actor.guest(order.code, calm.code)) as session:
        await require_room(session, order.id, 10)
        await require_room(session, calm.id, 11)
        with pytest.raises(UploadsBusy):
            await require_room(session, order.id, 11)
    async with owner.begin() as connection:
        await connection.execute(
            text("UPDATE payment_proofs SET uploaded_at = now() - interval '61 minutes'")
        )
    async with web_database.read(Actor.guest(order.code)) as session:
        await require_room(session, order.id, 11)


def test_row_describes_what_was_sent_and_what_was_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    order_id, merchant_id = new_id(), new_id()
    clean = CleanFile((Version("file.jpg", "image/jpeg", b"12345", 30, 40),), phash=7)
    received = Received(tmp_path_factory.getbasetemp(), 9_999, SAME)

    proof = describe_proof(
        order_id=order_id, merchant_id=merchant_id, object_key="proof/x", received=received, clean=clean
    )

    assert (proof.mime, proof.size, proof.sha256, proof.phash, proof.width, proof.height) == (
        "image/jpeg",
        5,
        SAME,
        7,
        30,
        40,
    )


async def add_proofs(database: Database, order: Order, *, sizes: list[int]) -> None:
    async with database.sale() as session:
        sent = [proof_of(order, size=size) for size in sizes]
        await type(sent[0]).write_many(session, sent)
