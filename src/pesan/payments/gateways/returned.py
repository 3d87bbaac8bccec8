"""Money that a provider sent back and that came back to it: it is due again, and people send it another way."""

from uuid import UUID

from pesan.db import ReadSession, WriteSession
from pesan.kit.ids import new_id
from pesan.payments import ledger
from pesan.payments.gateways.base import RefundOutcome, RemoteRefund
from pesan.payments.gateways.models import GatewayAccount
from pesan.payments.gateways.registry import Gateways
from pesan.payments.gateways.returns import KEY_PREFIX, movement_of, note_refund, remote_of
from pesan.payments.gateways.senders import find_payment_of
from pesan.payments.gateways.settle import ACTOR
from pesan.payments.models import Payment
from pesan.payments.refunds.locks import lock_refund
from pesan.payments.refunds.models import FAILURE_LENGTH, Refund
from pesan.payments.refunds.states import RefundEvent, RefundMethod, RefundState, find_transition
from pesan.payments.states import Reason

_CAME_BACK = "came_back"


async def hear_refund(gateways: Gateways, account: GatewayAccount, key: str | None) -> bool:
    """Whether a refund that this account sent came back, once its provider was asked; it is due again then.

    A refund that is still on its way is asked about by whoever sends it (`returns`).
    """
    refund_id = _id_of(key)
    if key is None or refund_id is None:
        return False
    async with gateways.database.read(ACTOR) as session:
        refund = await session.get(Refund, refund_id)
        payment = await _find_sender(session, account, refund)
    if refund is None or payment is None:
        return False
    gateway = gateways.open(account)
    told = await gateway.find_refund(remote_of(payment), key=key, provider_ref=refund.reference)
    if told is None or told.outcome is not RefundOutcome.FAILED:
        return False
    async with gateways.database.write(ACTOR) as session:
        return await _reopen(session, refund_id, told)


async def _find_sender(
    session: ReadSession, account: GatewayAccount, refund: Refund | None
) -> Payment | None:
    """The payment by which the money went back, if it was this account that sent it."""
    payment = await find_payment_of(session, refund) if refund and _is_sent(refund) else None
    return payment if payment and payment.gateway_account_id == account.id else None


async def _reopen(session: WriteSession, refund_id: UUID, told: RemoteRefund) -> bool:
    """The money is due as it was before it was sent. **Locks** the order."""
    refund, order = await lock_refund(session, refund_id)
    target = find_transition(RefundState(refund.state), RefundEvent.RETURN)
    if target is None or not _is_sent(refund):
        return False
    await ledger.post(session, [movement_of(refund, Reason.RETURNED)])
    refund.state, refund.paid_at = target.value, None
    refund.failure = (told.failure or _CAME_BACK)[:FAILURE_LENGTH]
    refund.sending_id = new_id()  # sent again, it moves money once more
    await note_refund(session, order, refund, "returned", failure=refund.failure)
    return True


def _is_sent(refund: Refund) -> bool:
    """Whether it was the provider that sent it; what a person sent is nothing that the provider can take back."""
    by_provider = refund.method == RefundMethod.GATEWAY and refund.paid_by is None
    return by_provider and refund.state == RefundState.PAID


def _id_of(key: str | None) -> UUID | None:
    if key is None or not key.startswith(KEY_PREFIX):
        return None
    try:
        return UUID(key.removeprefix(KEY_PREFIX))
    except ValueError:
        return None
