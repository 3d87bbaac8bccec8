"""Jobs of outgoing webhooks."""

from datetime import UTC, datetime
from uuid import UUID

from pesan.db import Actor, Database
from pesan.hooks import delivering
from pesan.hooks.errors import Undelivered
from pesan.hooks.letters import compose_end
from pesan.hooks.models import HookEndpoint
from pesan.hooks.queries import list_organizers
from pesan.hooks.sealing import open_signing
from pesan.hooks.sending import send
from pesan.hooks.service import switch_off
from pesan.hooks.signing import headers_of
from pesan.hooks.states import DELIVER_TASK, TELL_TASK, Ended
from pesan.identity.models import User
from pesan.jobs import GiveUp, enqueue_many, task
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from pesan.messaging import Mailer, MessageRejected
from pesan.orders.queries import get_order
from pesan.orders.states import ANNOUNCE_TASK, ANNOUNCED, OrderState
from pesan.settings import Settings
from pesan.tenancy.queries import get_merchant
from pesan.web.outgoing import OwnSite

_ACTOR = Actor.system("hooks")


@task(ANNOUNCE_TASK)
async def announce_order(deps: Registry, message_id: UUID, order_id: UUID, state: str, at_ms: int) -> None:
    """Write down, once for each endpoint that listens, what is told of an order's move. **Enqueues** the deliveries."""
    kind = ANNOUNCED[OrderState(state)]
    at = datetime.fromtimestamp(at_ms / 1_000, UTC)
    async with deps[Database].write(_ACTOR) as session:
        order = await get_order(session, order_id)
        written = await delivering.write_messages(
            session, order, message_id=message_id, kind=kind, state=state, at=at
        )
        await enqueue_many(session, [_job(delivery, endpoint, 0) for delivery, endpoint in written])


@task(DELIVER_TASK, lock="hook:{endpoint_id}", priority=-10)
async def deliver(deps: Registry, delivery_id: UUID, endpoint_id: UUID, attempt: int) -> None:
    """Send one message: the try is written down, then it is sent outside any transaction, then what came of it.

    One message at a time for each endpoint, so that one that hangs holds up nobody else's.
    """
    database, settings = deps[Database], deps[Settings]
    async with database.write(_ACTOR) as session:
        tried = await delivering.begin(session, delivery_id, attempt)
        secrets = await open_signing(session, settings.secret, endpoint_id) if tried else ()
    if tried is None:
        return
    now = int(datetime.now(UTC).timestamp())
    headers = headers_of(secrets, tried.message_id, now, tried.body)
    status, problem = None, None
    try:
        own, to_loopback = OwnSite.of(settings), settings.webhooks_to_loopback
        status = await send(tried.url, tried.body, headers, own=own, to_loopback=to_loopback)
    except Undelivered as error:
        problem = error.problem
    async with database.write(_ACTOR) as session:
        end = await delivering.finish(session, tried, status=status, problem=problem)
    if end is not None:
        await _end(database, tried, end)


@task("hooks.deliver_due", every="* * * * *", lock="hooks.deliver_due")
async def deliver_due(deps: Registry) -> None:
    """Try again what was not taken, when its time has come."""
    async with deps[Database].write(_ACTOR) as session:
        due = await delivering.take_due(session)
        await enqueue_many(session, [_job(*each) for each in due])


@task("hooks.forget", every="53 3 * * *")
async def forget(deps: Registry) -> None:
    """Let go of old messages and of secrets that were replaced."""
    async with deps[Database].write(_ACTOR) as session:
        await delivering.forget(session)


@task(TELL_TASK, queue="mail")
async def tell_of_end(deps: Registry, endpoint_id: UUID, user_id: UUID, letter_id: UUID) -> None:
    """Tell one of the organizers that an endpoint was switched off."""
    settings = deps[Settings]
    async with deps[Database].read(_ACTOR) as session:
        endpoint = await session.get_one(HookEndpoint, endpoint_id)
        shop = await get_merchant(session, endpoint.merchant_id)
        user = await session.get(User, user_id)
    if user is None or not user.is_active:
        return
    page = f"{settings.base_url}/organizer/{shop.slug}/webhooks"
    mail = compose_end(
        user, shop=shop.name, url=endpoint.url, page=page, sender=settings.mail_from, letter_id=letter_id
    )
    try:
        await deps[Mailer].send(mail)
    except MessageRejected as problem:
        raise GiveUp(problem.code) from problem


async def _end(database: Database, tried: delivering.Attempt, why: Ended) -> None:
    async with database.write(_ACTOR) as session:
        await switch_off(session, tried.endpoint_id, merchant_id=tried.merchant_id, why=why, actor=_ACTOR)
        letters = [
            {"endpoint_id": tried.endpoint_id, "user_id": user_id, "letter_id": new_id()}
            for user_id in await list_organizers(session, tried.merchant_id)
        ]
        await enqueue_many(session, [(TELL_TASK, letter) for letter in letters])


def _job(delivery_id: UUID, endpoint_id: UUID, attempt: int) -> tuple[str, dict[str, UUID | int]]:
    return DELIVER_TASK, {"delivery_id": delivery_id, "endpoint_id": endpoint_id, "attempt": attempt}
