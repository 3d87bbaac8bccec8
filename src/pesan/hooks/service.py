"""An organizer's endpoints: added, given other events and secrets, switched off and on; and messages sent again."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import exists, func, select, update

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.hooks.addresses import require_endpoint
from pesan.hooks.errors import EndpointInvalid, HookNotFound, TooManyEndpoints
from pesan.hooks.locks import lock_delivery, lock_endpoint, lock_merchant
from pesan.hooks.models import HookEndpoint
from pesan.hooks.sealing import add_secret
from pesan.hooks.states import DELIVER_TASK, KINDS, Ended, HookState
from pesan.jobs import enqueue
from pesan.kit.ids import new_id
from pesan.tenancy.models import Merchant
from pesan.web.outgoing import OwnSite

MAX_ENDPOINTS = 10


async def add_endpoint(
    session: WriteSession,
    *,
    secret: bytes,
    merchant_id: UUID,
    url: str,
    kinds: Collection[str],
    own: OwnSite,
    to_loopback: bool,
    actor: Actor,
) -> tuple[HookEndpoint, str]:
    """A new endpoint, and its secret, which is shown this once; raises EndpointInvalid, TooManyEndpoints.

    **Locks** the merchant.
    """
    address, chosen = require_endpoint(url, own=own, to_loopback=to_loopback), _checked(kinds)
    await lock_merchant(session, merchant_id)
    mine = HookEndpoint.merchant_id == merchant_id
    if (await session.scalar(select(func.count()).where(mine)) or 0) >= MAX_ENDPOINTS:
        raise TooManyEndpoints(most=MAX_ENDPOINTS)
    endpoint = HookEndpoint(
        id=new_id(), merchant_id=merchant_id, url=address, kinds=chosen, is_active=True, ended=None
    )
    session.add(endpoint)
    await session.flush()
    made = await add_secret(session, secret, endpoint)
    await record(
        session, endpoint, action="merchant:hook:added", actor=actor, data={"url": address, "kinds": chosen}
    )
    await _note(session, merchant_id)
    return endpoint, made


async def choose_kinds(
    session: WriteSession, endpoint_id: UUID, *, merchant_id: UUID, kinds: Collection[str], actor: Actor
) -> None:
    """What an endpoint is told from now on; raises EndpointNotFound, EndpointInvalid. **Locks** it."""
    chosen = _checked(kinds)
    endpoint = await lock_endpoint(session, endpoint_id, merchant_id=merchant_id)
    endpoint.kinds = chosen
    await record(session, endpoint, action="merchant:hook:changed", actor=actor, data={"kinds": chosen})
    await session.flush()


async def rotate_secret(
    session: WriteSession, endpoint_id: UUID, *, merchant_id: UUID, secret: bytes, actor: Actor
) -> str:
    """A new secret, shown this once; both sign for a day. Raises EndpointNotFound. **Locks** the endpoint."""
    endpoint = await lock_endpoint(session, endpoint_id, merchant_id=merchant_id)
    made = await add_secret(session, secret, endpoint)
    await record(session, endpoint, action="merchant:hook:rotated", actor=actor)
    await session.flush()
    return made


async def switch_on(session: WriteSession, endpoint_id: UUID, *, merchant_id: UUID, actor: Actor) -> None:
    """Tell an endpoint again, what still waits for it included; raises EndpointNotFound.

    **Locks** the merchant, then the endpoint.
    """
    await lock_merchant(session, merchant_id)
    endpoint = await lock_endpoint(session, endpoint_id, merchant_id=merchant_id)
    endpoint.is_active, endpoint.ended, endpoint.failing_since = True, None, None
    await record(session, endpoint, action="merchant:hook:enabled", actor=actor)
    await _note(session, merchant_id)


async def switch_off(
    session: WriteSession, endpoint_id: UUID, *, merchant_id: UUID, why: Ended, actor: Actor
) -> None:
    """Tell an endpoint nothing more; raises EndpointNotFound. **Locks** the merchant, then the endpoint."""
    await lock_merchant(session, merchant_id)
    endpoint = await lock_endpoint(session, endpoint_id, merchant_id=merchant_id)
    endpoint.is_active, endpoint.ended = False, why.value
    await record(session, endpoint, action="merchant:hook:disabled", actor=actor, data={"why": why.value})
    await _note(session, merchant_id)


async def send_again(session: WriteSession, delivery_id: UUID, *, merchant_id: UUID) -> None:
    """Send a message once more, under the same id; raises HookNotFound. **Locks** it. **Enqueues** its delivery."""
    delivery = await lock_delivery(session, delivery_id)
    if delivery is None or delivery.merchant_id != merchant_id:
        raise HookNotFound
    delivery.state, delivery.attempts = HookState.WAITING.value, 0
    delivery.due_at = (await session.scalars(select(func.clock_timestamp()))).one()
    await session.flush()
    await enqueue(session, DELIVER_TASK, delivery_id=delivery.id, endpoint_id=delivery.endpoint_id, attempt=0)


def _checked(kinds: Collection[str]) -> list[str]:
    chosen = [kind for kind in KINDS if kind in kinds]
    if not chosen or len(chosen) != len(set(kinds)):
        raise EndpointInvalid
    return chosen


async def _note(session: WriteSession, merchant_id: UUID) -> None:
    """Keep on the merchant whether anybody listens: that is what a sale asks, in a statement it makes anyway."""
    await session.flush()
    anybody = exists().where(HookEndpoint.merchant_id == merchant_id, HookEndpoint.is_active)
    await session.execute(
        update(Merchant)
        .where(Merchant.id == merchant_id)
        .values(has_webhooks=select(anybody).scalar_subquery())
    )
