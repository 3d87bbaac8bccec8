import asyncio
import signal
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from pesan.app.modules import list_invariants
from pesan.db import Actor, Database
from pesan.jobs import GiveUp
from pesan.kit.registry import Registry
from pesan.messaging import MessageDelayed
from pesan.notifications.channels import Channels
from pesan.notifications.letters import Composers
from pesan.notifications.queries import list_deliveries
from pesan.notifications.service import notify
from pesan.notifications.states import ChannelName, Kind
from pesan.notifications.tasks import deliver
from tests.support.schema import open_database

SYSTEM = Actor.system("tests")
EMAIL, WHATSAPP = ChannelName.EMAIL, ChannelName.WHATSAPP
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def order(make):
    return await make.order(email="asep@contoh.example", wa="+6281234567890", buyer_name="Asep Budiawan")


async def _notify(database, order, *channels, kind=Kind.PROOF_RECEIVED):
    async with database.write(SYSTEM) as session:
        return await notify(
            session, order_id=order.id, merchant_id=order.merchant_id, kind=kind, channels=channels
        )


async def _deliveries(database, order):
    async with database.read(SYSTEM) as session:
        return [delivery for _, delivery in await list_deliveries(session, order.id)]


async def _jobs(database):
    async with database.read(SYSTEM) as session:
        query = "SELECT args ->> 'delivery_id' AS id FROM procrastinate_jobs WHERE task_name = 'notifications.deliver'"
        return {row.id for row in await session.execute(text(query))}


def _record(delivery):
    return delivery.state, delivery.attempts, delivery.last_error_code, delivery.sent_at is not None


async def test_notify_writes_once_and_enqueues_a_delivery_for_each_channel(database, order):
    first = await _notify(database, order, EMAIL, WHATSAPP)
    again = await _notify(database, order, EMAIL, WHATSAPP)

    deliveries = await _deliveries(database, order)
    assert (first, again) == (True, False)
    assert [delivery.channel for delivery in deliveries] == ["email", "whatsapp"]
    assert await _jobs(database) == {str(delivery.id) for delivery in deliveries}


async def test_notify_by_several_at_once_writes_once(database, order):
    said = await asyncio.gather(*(_notify(database, order, EMAIL) for _ in range(5)))

    assert sorted(said) == [False, False, False, False, True]
    assert len(await _deliveries(database, order)) == 1


async def test_notify_without_a_channel_writes_nothing(database, order):
    assert await _notify(database, order) is False
    assert await _deliveries(database, order) == []


async def test_notify_that_is_rolled_back_leaves_nothing(database, order):
    with pytest.raises(RuntimeError):
        async with database.write(SYSTEM) as session:
            await notify(
                session, order_id=order.id, merchant_id=order.merchant_id, kind=Kind.EXPIRED, channels=[EMAIL]
            )
            raise RuntimeError
    assert await _deliveries(database, order) == []
    assert await _jobs(database) == set()


async def test_deliver_sends_once_and_records_it(database, deps, mailbox, order):
    await _notify(database, order, EMAIL)
    (delivery,) = await _deliveries(database, order)

    await deliver(deps, delivery.id)
    await deliver(deps, delivery.id)

    (message,) = mailbox.messages
    (after,) = await _deliveries(database, order)
    assert _record(after) == ("sent", 1, None, True)
    assert mailbox.recipients == [["asep@contoh.example"]]
    assert after.message_id == message["Message-ID"] == f"<{delivery.id}@pesan.example>"
    assert message["From"] == "Ruang Senja <no-reply@pesan.example>"
    assert message.get_body(["plain"]).get_content().startswith("Halo Asep Budiawan,")
    assert "<html" in message.get_body(["html"]).get_content()


async def test_delay_is_recorded_and_tried_again_under_the_same_name(database, deps, mailbox, order):
    mailbox.answers += ["451 4.3.0 later", "421 4.3.2 closing"]
    await _notify(database, order, EMAIL)
    (delivery,) = await _deliveries(database, order)

    for code in ("smtp.server_451", "smtp.server_421"):
        with pytest.raises(MessageDelayed):
            await deliver(deps, delivery.id)
        (waiting,) = await _deliveries(database, order)
        assert (waiting.state, waiting.last_error_code) == ("queued", code)
    await deliver(deps, delivery.id)

    (after,) = await _deliveries(database, order)
    assert _record(after) == ("sent", 3, None, True)
    assert mailbox.message_ids == [after.message_id]


async def test_refusal_parks_and_a_person_may_try_again(database, deps, mailbox, order):
    mailbox.recipient_answers.append("550 5.1.1 no such user")
    await _notify(database, order, EMAIL)
    (delivery,) = await _deliveries(database, order)

    with pytest.raises(GiveUp, match=r"smtp\.recipient_550"):
        await deliver(deps, delivery.id)
    (failed,) = await _deliveries(database, order)
    assert _record(failed) == ("failed", 1, "smtp.recipient_550", False)

    for _ in range(2):  # a job that was tried again twice
        await deliver(deps, delivery.id)
    assert _record((await _deliveries(database, order))[0]) == ("sent", 2, None, True)
    assert len(mailbox.messages) == 1


async def test_delivery_by_a_channel_that_was_taken_away_is_parked_until_it_is_back(
    database, deps, mailbox, order
):
    without = Registry()
    without.add(Database, database)
    without.add(Composers, deps[Composers])
    without.add(Channels, Channels([]))
    await _notify(database, order, EMAIL)
    (delivery,) = await _deliveries(database, order)

    with pytest.raises(GiveUp, match=r"notifications\.channel_not_configured"):
        await deliver(without, delivery.id)
    (failed,) = await _deliveries(database, order)
    assert _record(failed) == ("failed", 1, "notifications.channel_not_configured", False)

    await deliver(deps, delivery.id)
    (sent,) = await _deliveries(database, order)
    assert _record(sent) == ("sent", 2, None, True)
    assert mailbox.message_ids == [sent.message_id] == [f"<{delivery.id}@pesan.example>"]


async def test_lost_acknowledgement_sends_a_copy_with_the_same_message_id(database, deps, mailbox, order):
    mailbox.answers.append("vanish")
    await _notify(database, order, EMAIL)
    (delivery,) = await _deliveries(database, order)

    with pytest.raises(MessageDelayed):
        await deliver(deps, delivery.id)
    await deliver(deps, delivery.id)

    assert mailbox.message_ids == [f"<{delivery.id}@pesan.example>"] * 2


@pytest.mark.kill
async def test_worker_killed_between_sending_and_recording_causes_one_copy_at_most(
    database, deps, mailbox, order, settings
):
    """Reliability §3 A-33: the mail is taken, the process dies by SIGKILL, another one takes over."""
    await _notify(database, order, EMAIL)
    (delivery,) = await _deliveries(database, order)
    mailbox.pause_after_taking = asyncio.Event()
    process = await _worker(settings, mailbox, delivery)
    async with asyncio.timeout(90):
        await mailbox.taken.wait()
    process.send_signal(signal.SIGKILL)
    await process.wait()
    mailbox.pause_after_taking.set()
    mailbox.pause_after_taking = None
    (interrupted,) = await _deliveries(database, order)

    await deliver(deps, delivery.id)

    assert _record(interrupted) == ("queued", 1, None, False)
    assert _record((await _deliveries(database, order))[0]) == ("sent", 2, None, True)
    assert mailbox.message_ids == [f"<{delivery.id}@pesan.example>"] * 2


async def _worker(settings, mailbox, delivery):
    database = open_database(settings, "worker")
    url = database.url.render_as_string(hide_password=False)
    await database.dispose()
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.notifications.deliver_once",
        url,
        mailbox.url,
        str(delivery.id),
        cwd=ROOT,
    )


async def test_buyer_who_has_no_address_any_more_is_left_alone(database, deps, mailbox, make):
    order = await make.order(wa="+6281234567890")
    await _notify(database, order, EMAIL)
    (delivery,) = await _deliveries(database, order)

    await deliver(deps, delivery.id)

    assert _record((await _deliveries(database, order))[0]) == (
        "failed",
        1,
        "notifications.nothing_to_say",
        False,
    )
    assert mailbox.messages == []


class _Chat:
    """What an adapter for another network has to be: these members, and a line where channels are registered."""

    name = WHATSAPP

    def __init__(self) -> None:
        self.sent = []

    def message_id(self, delivery_id):
        return f"chat:{delivery_id}"

    async def send(self, letter, address, *, message_id):
        self.sent.append((letter.kind, letter.facts.order_code, address, message_id))


async def test_another_channel_is_one_adapter(database, deps, mailbox, order):
    chat = _Chat()
    with_chat = Registry()
    with_chat.add(Database, database)
    with_chat.add(Composers, deps[Composers])
    with_chat.add(Channels, Channels([deps[Channels].of(EMAIL), chat]))
    reached = with_chat[Channels].reaching({EMAIL: order.email, WHATSAPP: order.wa})
    await _notify(database, order, *reached)

    for delivery in await _deliveries(database, order):
        await deliver(with_chat, delivery.id)

    mailed, chatted = await _deliveries(database, order)
    assert (mailed.state, chatted.state) == ("sent", "sent")
    assert chat.sent == [(Kind.PROOF_RECEIVED, order.code, "+6281234567890", f"chat:{chatted.id}")]
    assert len(mailbox.messages) == 1


def test_reaching_names_only_channels_that_exist_and_addresses_that_were_given(deps):
    channels = deps[Channels]

    assert channels.reaching({EMAIL: "a@b.example", WHATSAPP: "+62812"}) == [EMAIL]
    assert channels.reaching({EMAIL: None, WHATSAPP: "+62812"}) == []


async def test_deliveries_are_seen_by_the_merchants_staff_only(database, web_database, make, order):
    await _notify(database, order, EMAIL)
    other = await make.merchant()
    seen = []
    for actor in (
        Actor.staff(uuid4(), frozenset({order.merchant_id})),
        Actor.staff(uuid4(), frozenset({other.id})),
        Actor.guest(order.code),
    ):
        async with web_database.read(actor) as session:
            seen.append(len(await list_deliveries(session, order.id)))
    assert seen == [1, 0, 0]


async def test_delivery_without_a_job_is_an_offender(database, postgres, database_url, order):
    await _notify(database, order, EMAIL)
    with postgres.connect(database_url.database) as owner:
        owner.execute("UPDATE deliveries SET created_at = now() - interval '1 hour'")
    assert await _offenders(database) == []
    with postgres.connect(database_url.database) as owner:
        owner.execute("DELETE FROM procrastinate_jobs")

    assert await _offenders(database) == ["notifications.each_delivery_is_done_or_scheduled"]


async def _offenders(database):
    async with database.read(SYSTEM) as session:
        rules = [rule for rule in list_invariants() if rule.name.startswith("notifications.")]
        return [rule.name for rule in rules if (await session.execute(text(rule.sql))).all()]
