"""The key by which a merchant's own program confirms payments: made, replaced, revoked, and its last messages.

A merchant has one, whose id stays the same, so that a message or its money is known again whichever secret proved it.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import load_only, undefer
from sqlalchemy.sql import Select

from pesan.audit import record
from pesan.db import Actor, ReadSession, WriteSession
from pesan.kit.ids import new_id
from pesan.kit.standard_webhooks import new_secret
from pesan.payments.gateways.confirmations import CONFIRM
from pesan.payments.gateways.errors import KeyChanged, KeyNotFound
from pesan.payments.gateways.locks import lock_account
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.payments.gateways.registry import Gateways

OLD_SECRET_FOR = timedelta(hours=24)
"""How long a replaced secret proves messages beside the new one."""
_MOST_SHOWN = 50


async def find_key(session: ReadSession, merchant_id: UUID) -> GatewayAccount | None:
    """The merchant's key, without its secrets."""
    return await session.scalar(_of(merchant_id))


async def renew_secret(gateways: Gateways, *, merchant_id: UUID, actor: Actor) -> str:
    """A new secret, to be shown this once; one that it replaces is good for a day, and none before that.

    **Locks** the key. Raises KeyChanged.
    """
    async with gateways.database.sale() as session:  # whoever asks may not read what is sealed
        known = await session.scalar(_of(merchant_id).options(undefer(GatewayAccount.secrets_sealed)))
    secret = new_secret()
    async with gateways.database.write(actor) as session:
        if known is None:
            await _create(session, gateways, merchant_id, secret, actor)
        else:
            await _replace(session, gateways, known, secret, actor)
    return secret


async def revoke_key(session: WriteSession, gateways: Gateways, *, merchant_id: UUID, actor: Actor) -> None:
    """Believe no message any more, by whichever secret; raises KeyNotFound. **Locks** the key."""
    known = await find_key(session, merchant_id)
    if known is None or not known.is_active:
        raise KeyNotFound
    key = await lock_account(session, known.id)
    key.secrets_sealed, key.is_active = gateways.seal(merchant_id, key.id, {}), False
    await record(session, key, action="merchant:confirm_key:revoked", actor=actor)
    await session.flush()


async def list_messages(session: ReadSession, key_id: UUID) -> Sequence[WebhookEvent]:
    """What came by a key last, the newest first, without what it said."""
    shown = load_only(
        WebhookEvent.kind,
        WebhookEvent.reference,
        WebhookEvent.provider_ref,
        WebhookEvent.received_at,
        WebhookEvent.handled_at,
        WebhookEvent.outcome,
        raiseload=True,
    )
    query = select(WebhookEvent).options(shown).where(WebhookEvent.account_id == key_id)
    return (await session.scalars(query.order_by(WebhookEvent.received_at.desc()).limit(_MOST_SHOWN))).all()


async def _create(
    session: WriteSession, gateways: Gateways, merchant_id: UUID, secret: str, actor: Actor
) -> None:
    key_id = new_id()
    key = GatewayAccount(
        id=key_id,
        merchant_id=merchant_id,
        provider=CONFIRM,
        is_live=True,
        secrets_sealed=gateways.seal(merchant_id, key_id, {"secret": secret}),
        is_active=True,
    )
    session.add(key)
    try:
        await session.flush()
    except IntegrityError as error:
        raise KeyChanged from error
    await record(session, key, action="merchant:confirm_key:created", actor=actor)
    await session.flush()


async def _replace(
    session: WriteSession, gateways: Gateways, known: GatewayAccount, secret: str, actor: Actor
) -> None:
    key = await lock_account(session, known.id)
    if key.audit_seq != known.audit_seq:
        raise KeyChanged
    secrets = _secrets(secret, gateways.open_secrets(known).get("secret"))
    key.secrets_sealed, key.is_active = gateways.seal(key.merchant_id, key.id, secrets), True
    await record(session, key, action="merchant:confirm_key:rotated", actor=actor)
    await session.flush()


def _secrets(secret: str, earlier: str | None) -> Mapping[str, str]:
    if not earlier:
        return {"secret": secret}
    until = time.time() + OLD_SECRET_FOR.total_seconds()
    return {"secret": secret, "earlier": earlier, "earlier_until": str(int(until))}


def _of(merchant_id: UUID) -> Select[GatewayAccount]:
    return select(GatewayAccount).where(
        GatewayAccount.merchant_id == merchant_id, GatewayAccount.provider == CONFIRM
    )
