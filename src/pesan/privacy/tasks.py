"""Jobs of privacy."""

import asyncio
from uuid import UUID

from sqlalchemy import func, select

from pesan.db import Actor, Database
from pesan.jobs import GiveUp, task
from pesan.kit.registry import Registry
from pesan.messaging import Mail, Mailer, MessageRejected
from pesan.notifications.channels import Channels
from pesan.privacy import contacts, requests, retention
from pesan.privacy.erasure_list import add_to_list, list_path
from pesan.privacy.follow_ups import follow_up_next
from pesan.privacy.letters import compose_answer, compose_link
from pesan.privacy.marks import Marks
from pesan.privacy.models import PrivacyRequest
from pesan.privacy.noting import list_erasures
from pesan.privacy.objects import delete_objects
from pesan.privacy.states import ANSWER_TASK, CARRY_OUT_TASK, NOTE_ERASURES_TASK, SEND_LINK_TASK
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.tenancy.queries import get_merchant

_ACTOR = Actor.system("privacy")


@task(SEND_LINK_TASK, queue="mail")
async def send_link(deps: Registry, proof_id: UUID) -> None:
    """Send the link to an address that has bookings; to any other nothing is sent."""
    settings = deps[Settings]
    async with deps[Database].write(_ACTOR) as session:
        made = await contacts.make_link(session, proof_id)
        now = (await session.scalars(select(func.clock_timestamp()))).one()
    if made is not None:
        mail = compose_link(*made, base_url=settings.base_url, sender=settings.mail_from, now=now)
        await _send(deps, mail)


@task(CARRY_OUT_TASK, lock="privacy:{request_id}")
async def carry_out(deps: Registry, request_id: UUID) -> None:
    """Do what a request asks, a batch of orders at a time; run again, it does what is left."""
    is_done, marks = False, Marks(deps[Settings].secret)
    while not is_done:
        async with deps[Database].write(_ACTOR) as session:
            is_done, keys = await requests.carry_out_some(session, request_id, marks)
        await delete_objects(deps[Storage], keys)


@task(ANSWER_TASK, queue="mail")
async def answer(deps: Registry, request_id: UUID) -> None:
    """Tell whoever asked what became of it, and then forget their address."""
    settings = deps[Settings]
    async with deps[Database].read(_ACTOR) as session:
        request = await session.get_one(PrivacyRequest, request_id)
        merchant = await get_merchant(session, request.merchant_id)
        now = (await session.scalars(select(func.clock_timestamp()))).one()
    if request.email is None:
        return
    mail = compose_answer(
        request, merchant.name, base_url=settings.base_url, sender=settings.mail_from, now=now
    )
    await _send(deps, mail)
    async with deps[Database].write(_ACTOR) as session:
        await requests.forget_contact(session, request_id)


@task(NOTE_ERASURES_TASK, every="47 3 * * *", lock=NOTE_ERASURES_TASK)
async def note_erasures(deps: Registry) -> None:
    """Copy erasures to the list outside of the database; nightly too, so that a lost list is made again."""
    path = list_path(deps[Settings])
    async with deps[Database].read(_ACTOR) as session:
        erased = await list_erasures(session)
    if erased:
        await asyncio.to_thread(add_to_list, path, erased)


@task("privacy.retention", every="37 3 * * *", lock="privacy.retention")
async def apply_retention(deps: Registry) -> None:
    """Let go of what is older than the settings keep it."""
    await retention.apply(deps[Database], deps[Storage], deps[Settings])


@task("privacy.follow_up", every="*/10 * * * *")
async def follow_up(deps: Registry) -> None:
    """Thank whoever came and agreed to hear from the merchant, a chunk at a time; run twice, it writes once."""
    after: UUID | None = None
    while True:
        async with deps[Database].write(_ACTOR) as session:
            after = await follow_up_next(session, deps[Channels], after=after)
        if after is None:
            return


async def _send(deps: Registry, mail: Mail) -> None:
    try:
        await deps[Mailer].send(mail)
    except MessageRejected as problem:
        raise GiveUp(problem.code) from problem
