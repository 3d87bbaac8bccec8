"""What an organizer's program hears of orders: each thing once, signed, again when it was not taken."""

from pathlib import Path

import pytest
from sqlalchemy import text

from pesan.hooks import delivering, service
from pesan.hooks.errors import EndpointInvalid, EndpointNotFound, HookNotFound, SecretSealed, TooManyEndpoints
from pesan.hooks.invariants import INVARIANTS
from pesan.hooks.sealing import open_signing, reseal_secrets
from pesan.hooks.states import WAITS, Ended
from pesan.hooks.tasks import announce_order, deliver, deliver_due
from pesan.identity.states import MerchantRole
from pesan.kit.ids import new_id
from pesan.kit.standard_webhooks import sign
from pesan.orders.states import OrderState
from tests.hooks.conftest import House, Receiver
from tests.support.factories import SYSTEM, Make
from tests.support.providers.server import Reply

PEOPLE = {"buyer_name": "Siti Aminah", "email": "siti@contoh.id", "wa": "+6281234567890"}


async def test_what_happens_to_an_order_is_told_signed_and_names_nobody(
    house: House, receiver: Receiver, make: Make
):
    await house.listen(receiver.url, "order.review", "order.paid")

    order = await make.order(house.event, state=OrderState.PAID, quantity=2, **PEOPLE)
    await house.work()

    told = [asked.json for asked in receiver.requests]
    assert [each["type"] for each in told] == ["order.review", "order.paid"]
    assert told[1]["data"] == {
        "order_id": str(order.id),
        "event_id": str(house.event.id),
        "state": "PAID",
        "quantity": 2,
        "total_amount": 300_000,
        "balance_due_amount": 0,
        "currency": "IDR",
    }
    for asked in receiver.requests:
        named = [value for value in (*PEOPLE.values(), order.code) if value.encode() in asked.body]
        stamp = int(asked.headers["webhook-timestamp"])
        signature = sign(house.secrets[0], asked.headers["webhook-id"], stamp, asked.body)
        assert (named, asked.headers["webhook-signature"]) == ([], signature)
    assert [delivery.state for delivery in await house.deliveries()] == ["delivered", "delivered"]


async def test_merchant_without_an_endpoint_makes_no_job(house: House, receiver: Receiver, make: Make):
    endpoint = await house.listen(receiver.url)
    async with house.database.write(house.actor) as session:
        whose = {"merchant_id": house.merchant.id, "actor": SYSTEM}
        await service.switch_off(session, endpoint.id, why=Ended.BY_HAND, **whose)

    await make.order(house.event, state=OrderState.PAID)
    await make.order(state=OrderState.PAID)

    assert await house.work() == []


async def test_only_what_was_chosen_is_told(house: House, receiver: Receiver, make: Make):
    endpoint = await house.listen(receiver.url, "order.cancelled")
    await make.order(house.event, state=OrderState.PAID)
    await make.order(house.event, state=OrderState.CANCELLED)
    async with house.database.write(house.actor) as session:
        whose = {"merchant_id": house.merchant.id, "actor": SYSTEM}
        await service.choose_kinds(session, endpoint.id, kinds=["order.rejected"], **whose)
    await house.work()

    await make.order(house.event, state=OrderState.CANCELLED)
    await make.order(house.event, state=OrderState.REJECTED)
    await house.work()

    assert [asked.json["type"] for asked in receiver.requests] == ["order.rejected"]


async def test_a_message_is_written_and_sent_once_however_often_its_jobs_run(
    house: House, receiver: Receiver, make: Make
):
    endpoint = await house.listen(receiver.url)
    order = await make.order(house.event)
    told = {"message_id": new_id(), "order_id": order.id, "state": "PAID", "at_ms": 1_767_225_600_000}
    for _ in range(3):
        await announce_order(house.deps, **told)
    await house.work()
    (delivery,) = await house.deliveries()

    await deliver(house.deps, delivery_id=delivery.id, endpoint_id=endpoint.id, attempt=0)
    await deliver(house.deps, delivery_id=delivery.id, endpoint_id=endpoint.id, attempt=1)

    (asked,) = receiver.requests
    assert asked.headers["webhook-id"] == f"msg_{told['message_id'].hex}"
    assert asked.json["timestamp"] == "2026-01-01T00:00:00Z"


async def test_what_was_not_taken_is_tried_again_under_the_same_name_and_given_up_at_last(
    house: House, receiver: Receiver, make: Make
):
    await house.listen(receiver.url)
    receiver.reply = Reply(500)
    await make.order(house.event, state=OrderState.PAID)
    await house.work()
    for wait in WAITS:
        await deliver_due(house.deps)  # not yet
        assert await house.work() == []
        await house.pass_time(f"{wait.total_seconds()} seconds")
        await deliver_due(house.deps)
        await house.work()

    (delivery,) = await house.deliveries()
    names = {(asked.headers["webhook-id"], asked.body) for asked in receiver.requests}
    assert (delivery.state, delivery.attempts, delivery.last_status) == ("failed", len(WAITS) + 1, 500)
    assert (len(receiver.requests), len(names)) == (len(WAITS) + 1, 1)

    receiver.reply = Reply(200)
    async with house.database.write(house.actor) as session:
        await service.send_again(session, delivery.id, merchant_id=house.merchant.id)
    await house.work()

    (delivery,) = await house.deliveries()
    assert (delivery.state, delivery.attempts, delivery.last_status) == ("delivered", 1, 200)
    assert {(asked.headers["webhook-id"], asked.body) for asked in receiver.requests} == names


async def test_a_process_that_died_while_sending_is_followed_by_another(
    house: House, receiver: Receiver, make: Make
):
    await house.listen(receiver.url)
    await make.order(house.event, state=OrderState.PAID)
    await house.work()
    async with house.owner.begin() as connection:  # as the one that died left it
        await connection.execute(text("UPDATE hook_deliveries SET state = 'waiting'"))

    await house.pass_time("11 minutes")
    await deliver_due(house.deps)
    await house.work()

    assert len(receiver.requests) == 2
    assert [delivery.state for delivery in await house.deliveries()] == ["delivered"]


async def test_what_waits_for_an_endpoint_that_is_off_holds_up_no_other(
    house: House, receiver: Receiver, make: Make
):
    receiver.reply = Reply(500)
    off = await house.listen(receiver.url)
    await make.order(house.event, state=OrderState.PAID)
    await house.work()
    async with house.database.write(house.actor) as session:
        whose = {"merchant_id": house.merchant.id, "actor": SYSTEM}
        await service.switch_off(session, off.id, why=Ended.BY_HAND, **whose)
    on = await house.listen(receiver.url)
    await make.order(house.event, state=OrderState.PAID)
    await house.work()
    await house.pass_time("1 day")

    async with house.database.write(SYSTEM) as session:
        due = await delivering.take_due(session, most=1)

    assert [endpoint_id for _, endpoint_id, _ in due] == [on.id]


@pytest.mark.parametrize(("status", "first", "why"), [(500, "5 days", "failing"), (410, "0 s", "gone")])
async def test_endpoint_that_takes_nothing_is_switched_off_and_its_organizers_are_told(
    house: House, receiver: Receiver, make: Make, tmp_path: Path, status: int, first: str, why: str
):
    boss = await make.user(house.merchant, MerchantRole.ORGANIZER)
    await make.user(house.merchant)
    endpoint = await house.listen(receiver.url)
    receiver.reply = Reply(500)
    await make.order(house.event, state=OrderState.PAID)
    await house.work()
    await house.pass_time(first)
    receiver.reply = Reply(status)

    await make.order(house.event, state=OrderState.PAID)
    await house.work()
    await make.order(house.event, state=OrderState.PAID)

    ended = await house.endpoint(endpoint.id)
    assert (ended.is_active, ended.ended) == (False, why)
    assert await house.work() == []
    (letter,) = (tmp_path / "outbox").iterdir()
    assert f"To: {boss.email}" in letter.read_text()


async def test_endpoint_that_takes_something_again_is_not_failing(
    house: House, receiver: Receiver, make: Make
):
    endpoint = await house.listen(receiver.url)
    receiver.reply = Reply(500)
    await make.order(house.event, state=OrderState.PAID)
    await house.work()
    failing = (await house.endpoint(endpoint.id)).failing_since
    receiver.reply = Reply(200)
    await house.pass_time("4 days")
    await deliver_due(house.deps)
    await house.work()

    assert failing is not None
    assert (await house.endpoint(endpoint.id)).failing_since is None


async def test_both_secrets_sign_for_a_day_and_then_the_new_one_alone(
    house: House, receiver: Receiver, make: Make
):
    endpoint = await house.listen(receiver.url)
    async with house.database.write(house.actor) as session:
        new = await service.rotate_secret(
            session,
            endpoint.id,
            merchant_id=house.merchant.id,
            secret=house.settings.secret,
            actor=SYSTEM,
        )
    await make.order(house.event, state=OrderState.PAID)
    await house.work()
    await house.pass_time("25 hours")
    await make.order(house.event, state=OrderState.PAID)
    await house.work()

    made = []
    for asked in receiver.requests:
        told = asked.headers["webhook-id"], int(asked.headers["webhook-timestamp"]), asked.body
        known = {sign(secret, *told): secret for secret in (new, house.secrets[0])}
        made.append([known[signature] for signature in asked.headers["webhook-signature"].split(" ")])
    assert made == [[new, house.secrets[0]], [new]]


async def test_secrets_are_sealed_anew_with_a_new_secret_of_the_instance(house: House, receiver: Receiver):
    endpoint = await house.listen(receiver.url)
    old, new = house.settings.secret, b"rahasia-baru-yang-panjang-sekali-0123456789"
    async with house.database.write(SYSTEM) as session:
        counts = [await reseal_secrets(session, old=old, new=new) for _ in range(2)]
    async with house.database.read(SYSTEM) as session:
        opened = await open_signing(session, new, endpoint.id)
        with pytest.raises(SecretSealed):
            await open_signing(session, old, endpoint.id)

    assert (counts, opened) == ([1, 0], house.secrets)


async def test_nobody_changes_another_merchants_endpoints(house: House, receiver: Receiver, make: Make):
    endpoint = await house.listen(receiver.url)
    await make.order(house.event, state=OrderState.PAID)
    await house.work()
    (delivery,) = await house.deliveries()
    other = await make.merchant()
    stranger = {"merchant_id": other.id, "actor": SYSTEM}
    async with house.database.write(SYSTEM) as session:
        for attempt in (
            service.switch_off(session, endpoint.id, why=Ended.BY_HAND, **stranger),
            service.choose_kinds(session, endpoint.id, kinds=["order.paid"], **stranger),
            service.rotate_secret(session, endpoint.id, secret=b"x" * 32, **stranger),
        ):
            with pytest.raises(EndpointNotFound):
                await attempt
        with pytest.raises(HookNotFound):
            await service.send_again(session, delivery.id, merchant_id=other.id)

    assert (await house.endpoint(endpoint.id)).audit_seq == endpoint.audit_seq


async def test_what_cannot_be_told_is_refused(house: House):
    for _ in range(service.MAX_ENDPOINTS):
        await house.listen("https://toko.example/hook")
    with pytest.raises(TooManyEndpoints):
        await house.listen("https://toko.example/hook")
    with pytest.raises(EndpointInvalid):
        await house.listen("https://toko.example/hook", "order.unknown")

    async with house.database.read(SYSTEM) as session:
        found = [row for rule in INVARIANTS for row in await session.execute(text(rule.sql))]
        kept = (await session.execute(text("SELECT count(*) FROM hook_endpoints"))).scalar_one()
    assert (found, kept) == ([], service.MAX_ENDPOINTS)
