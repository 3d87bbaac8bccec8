"""Jobs of notifications."""

from uuid import UUID

from sqlalchemy import func, select

from pesan.audit.service import record
from pesan.db import Actor, Database
from pesan.identity.errors import LinkOver
from pesan.identity.links import AccountLinks
from pesan.identity.locks import lock_user
from pesan.identity.queries import find_reachable
from pesan.identity.states import ACCOUNT_LETTER_TASK, SECURITY_LETTER_TASK, LinkPurpose
from pesan.identity.team.links import InvitationLinks
from pesan.identity.team.queries import get_invited
from pesan.identity.team.service import INVITATION_TASK
from pesan.jobs import GiveUp, task
from pesan.kit.registry import Registry
from pesan.messaging import Mailer, MessageDelayed, MessageRejected
from pesan.notifications import service
from pesan.notifications.accounts import compose_account_mail
from pesan.notifications.channels import Channels
from pesan.notifications.invitations import compose_invitation
from pesan.notifications.letters import Composers
from pesan.notifications.security import compose_security_mail
from pesan.settings import Settings

_ACTOR = Actor.system("notifications")


class NothingToSay(Exception):
    """The order moved on, or its buyer asked to be forgotten: there is nothing left to say, or nobody to say it to."""


@task(ACCOUNT_LETTER_TASK, queue="mail")
async def send_account_letter(deps: Registry, user_id: UUID, purpose: str, letter_id: UUID) -> None:
    """Send somebody the link they asked for; a letter to nobody, to a disabled person or for nothing is not sent.

    The link is made here, so that the queue holds nothing that opens an account.
    """
    async with deps[Database].write(_ACTOR) as session:
        user = await lock_user(session, user_id)
        if user is None or not user.is_active:
            return
        wanted = LinkPurpose(purpose)
        await record(session, user, action="user:link:sent", actor=_ACTOR, data={"purpose": purpose})
        now = (await session.scalars(select(func.extract("epoch", func.clock_timestamp())))).one()
    mail = compose_account_mail(
        user,
        wanted,
        links=deps[AccountLinks],
        sender=deps[Settings].mail_from,
        letter_id=letter_id,
        now=float(now),
    )
    try:
        await deps[Mailer].send(mail)
    except MessageRejected as problem:
        raise GiveUp(problem.code) from problem


@task(SECURITY_LETTER_TASK, queue="mail")
async def send_security_letter(deps: Registry, user_id: UUID, change: str, letter_id: UUID) -> None:
    """Tell somebody that what protects their account changed.

    An account that anybody may have made with this address says nothing: its letters would reach somebody else.
    """
    async with deps[Database].read(_ACTOR) as session:
        user = await find_reachable(session, user_id)
        now = (await session.scalars(select(func.extract("epoch", func.clock_timestamp())))).one()
    if user is None:
        return
    mail = compose_security_mail(
        user,
        change,
        url=deps[AccountLinks].security_page,
        sender=deps[Settings].mail_from,
        letter_id=letter_id,
        now=float(now),
    )
    try:
        await deps[Mailer].send(mail)
    except MessageRejected as problem:
        raise GiveUp(problem.code) from problem


@task(INVITATION_TASK, queue="mail")
async def send_invitation(deps: Registry, invitation_id: UUID) -> None:
    """Send the link of an invitation that is still open, made here so that the queue holds nothing that opens."""
    try:
        async with deps[Database].read(_ACTOR) as session:
            invited = await get_invited(session, invitation_id)
            now = (await session.scalars(select(func.extract("epoch", func.clock_timestamp())))).one()
    except LinkOver:
        return
    url = deps[InvitationLinks].make(invitation_id, invited.invitation.expires_at)
    mail = compose_invitation(invited, url=url, sender=deps[Settings].mail_from, now=float(now))
    try:
        await deps[Mailer].send(mail)
    except MessageRejected as problem:
        raise GiveUp(problem.code) from problem


@task(service.DELIVER_TASK, queue="mail", lock="delivery:{delivery_id}")
async def deliver(deps: Registry, delivery_id: UUID) -> None:
    """Send one delivery: note the try, compose, send outside any transaction, note the outcome.

    When this process dies between sending and noting, the next try sends a copy with the same message id. A network
    that is away makes the job try again with backoff; a refusal parks it.
    """
    async with deps[Database].write(_ACTOR) as session:
        attempt = await service.begin_attempt(session, delivery_id, deps[Channels])
    if attempt is None:
        return
    try:
        await _send(deps, attempt)
    except NothingToSay:
        async with deps[Database].write(_ACTOR) as session:
            await service.record_problem(session, delivery_id, "notifications.nothing_to_say", is_final=True)
        return
    except (MessageDelayed, MessageRejected) as problem:
        is_final = isinstance(problem, MessageRejected)
        async with deps[Database].write(_ACTOR) as session:
            await service.record_problem(session, delivery_id, problem.code, is_final=is_final)
        if is_final:
            raise GiveUp(problem.code) from problem
        raise
    async with deps[Database].write(_ACTOR) as session:
        await service.record_sent(session, delivery_id)


async def _send(deps: Registry, attempt: service.Attempt) -> None:
    letter = await deps[Composers].of(attempt.kind).compose(attempt.order_id, attempt.kind, attempt.occasion)
    address = letter.addresses.get(attempt.channel) if letter else None
    if letter is None or not address:
        raise NothingToSay
    await deps[Channels].of(attempt.channel).send(letter, address, message_id=attempt.message_id)
