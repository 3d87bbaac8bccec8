"""A provider that takes no money, for development and the demo: its own page, the usual webhooks and questions."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from pesan.db import Database, WriteSession
from pesan.kit.ids import new_id
from pesan.payments.gateways.base import (
    Account,
    Checkout,
    Notice,
    Opened,
    RefundOutcome,
    RemotePayment,
    RemoteRefund,
    RemoteState,
)
from pesan.payments.gateways.errors import GatewayRefused, NoticeUnreadable, RefundRefused, SignatureInvalid
from pesan.payments.gateways.locks import lock_sandbox
from pesan.payments.gateways.models import SandboxPayment

SANDBOX = "sandbox"
SIGNATURE = "x-sandbox-signature"
_TOLERANCE_SECONDS = 300
_AGAIN = "-2"


class Act(StrEnum):
    """What somebody may do on the sandbox's page."""

    PAY = "pay"
    FAIL = "fail"
    # The money is taken, and the webhook never comes.
    DELAY = "delay"
    TWICE = "twice"
    # The page is closed, and the money comes all the same.
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Sent:
    """A webhook of the sandbox's, as it would come over the network."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Sandbox:
    """See `Gateway`. Its books are a table, so that the page, the webhooks and the questions tell one story."""

    account: Account
    database: Database
    merchant_id: UUID
    account_id: UUID
    name: str = SANDBOX

    async def open(self, wanted: Checkout) -> Opened:
        """See Gateway."""
        row = {
            "id": new_id(),
            "merchant_id": self.merchant_id,
            "account_id": self.account_id,
            "reference": wanted.reference,
            "amount": wanted.amount,
            "currency": wanted.currency,
            "return_url": wanted.return_url,
            "expires_at": wanted.expires_at,
        }
        async with self.database.sale() as session:
            await session.execute(insert(SandboxPayment).values(row).on_conflict_do_nothing())
            payment = await self._lock(session, wanted.reference)
        assert payment is not None
        # On this instance, under the name by which the buyer reached it.
        page = urljoin(wanted.return_url, f"/sandbox/{payment.reference}")
        return Opened(_ref(payment), page, payment.expires_at)

    async def fetch(self, reference: str, provider_ref: str | None) -> RemotePayment | None:
        """See Gateway. A second capture is found by the reference of its own that its webhook names."""
        async with self.database.sale() as session:
            found = select(SandboxPayment, SandboxPayment.expires_at <= func.clock_timestamp()).where(
                SandboxPayment.account_id == self.account_id, SandboxPayment.reference == reference
            )
            row = (await session.execute(found)).one_or_none()
        if row is None:
            return None
        payment, is_over = row
        is_second = bool(provider_ref and provider_ref.endswith(_AGAIN) and payment.captures > 1)
        return _told(payment, is_over=is_over, suffix=_AGAIN if is_second else "")

    async def close(self, reference: str, provider_ref: str | None) -> RemoteState:  # noqa: ARG002
        """See Gateway."""
        async with self.database.sale() as session:
            payment = await self._lock(session, reference)
            if payment is None:
                return RemoteState.CANCELLED
            if payment.state == RemoteState.PENDING:
                payment.state = RemoteState.EXPIRED.value
            return RemoteState(payment.state)

    async def refund(
        self,
        payment: RemotePayment,
        *,
        amount: int,
        key: str,
        reason: str,  # noqa: ARG002
        provider_ref: str | None = None,  # noqa: ARG002
    ) -> RemoteRefund:
        """See Gateway."""
        async with self.database.sale() as session:
            row = await self._lock(session, payment.reference)
            if row is None or payment.payment_key is None:
                raise RefundRefused("unknown_payment")
            if key not in row.refunds:
                if _returned(row, payment.payment_key) + amount > row.amount:
                    raise RefundRefused("refund_exceeds_payment")
                row.refunds = {**row.refunds, key: {"amount": amount, "of": payment.payment_key}}
        return RemoteRefund(key, RefundOutcome.SUCCEEDED, amount, f"sbxr_{key}"[:100])

    async def find_refund(
        self,
        payment: RemotePayment,
        *,
        key: str,
        provider_ref: str | None,
    ) -> RemoteRefund | None:
        """See Gateway."""
        async with self.database.sale() as session:
            row = await self._lock(session, payment.reference)
        sent = row.refunds.get(key) if row else None
        return RemoteRefund(key, RefundOutcome.SUCCEEDED, int(sent["amount"]), provider_ref) if sent else None

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: float) -> Notice:
        """See Gateway."""
        secret = self.account.secrets.get("webhook_secret", "")
        at, _, given = headers.get(SIGNATURE, "").partition(".")
        if not secret or not at.isdecimal() or abs(now - int(at)) > _TOLERANCE_SECONDS:
            raise SignatureInvalid
        if not hmac.compare_digest(given.encode(), _mac(secret, at, body).encode()):
            raise SignatureInvalid
        try:
            told = orjson.loads(body)
            return Notice(told["id"], told["kind"], told["reference"], told["provider_ref"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise NoticeUnreadable from error

    async def act(self, reference: str, act: Act, now: float) -> list[Sent]:
        """Do what somebody pressed on the page; returns the webhooks that follow. Raises GatewayRefused."""
        async with self.database.sale() as session:
            payment = await self._lock(session, reference)
            if payment is None:
                raise GatewayRefused("unknown_payment")
            is_over = payment.expires_at <= (await session.scalars(select(func.clock_timestamp()))).one()
            _apply(payment, act, is_over=is_over)
            return [self._notice(payment, _AGAIN if number else "", now) for number in _numbers(payment, act)]

    def _notice(self, payment: SandboxPayment, suffix: str, now: float) -> Sent:
        ref = _ref(payment) + suffix
        kind = f"payment.{payment.state}"
        told = {"id": f"{ref}:{kind}", "kind": kind, "reference": payment.reference, "provider_ref": ref}
        body, at = orjson.dumps(told), str(int(now))
        return Sent({SIGNATURE: f"{at}.{_mac(self.account.secrets['webhook_secret'], at, body)}"}, body)

    async def _lock(self, session: WriteSession, reference: str) -> SandboxPayment | None:
        return await lock_sandbox(session, self.account_id, reference)


def _apply(payment: SandboxPayment, act: Act, *, is_over: bool) -> None:
    is_open = payment.state == RemoteState.PENDING and not is_over
    if act is Act.FAIL and is_open:
        payment.state = RemoteState.FAILED.value
    elif act is Act.TWICE and (is_open or payment.captures == 1):
        payment.state, payment.captures = RemoteState.PAID.value, 2
    elif (act in {Act.PAY, Act.DELAY} and is_open) or (
        act is Act.LATE and not is_open and not payment.captures
    ):
        payment.state, payment.captures = RemoteState.PAID.value, 1
    else:
        raise GatewayRefused("not_open")


def _numbers(payment: SandboxPayment, act: Act) -> range:
    """Of which captures a webhook tells; a failure is told once, and of a delayed one nothing is."""
    if act is Act.DELAY:
        return range(0)
    return range(max(1, payment.captures))


def _told(payment: SandboxPayment, *, is_over: bool, suffix: str) -> RemotePayment:
    ref = _ref(payment) + suffix
    state = RemoteState(payment.state)
    if state is RemoteState.PENDING and is_over:
        state = RemoteState.EXPIRED
    returned = _returned(payment, ref)
    if returned:
        state = RemoteState.REFUNDED if returned >= payment.amount else RemoteState.PARTIALLY_REFUNDED
    return RemotePayment(
        reference=payment.reference,
        provider_ref=ref,
        state=state,
        amount=payment.amount,
        currency=payment.currency,
        payment_key=ref if payment.captures else None,
        refunded_amount=returned,
    )


def _returned(payment: SandboxPayment, payment_key: str) -> int:
    refunds: list[dict[str, Any]] = list(payment.refunds.values())
    return sum(int(refund["amount"]) for refund in refunds if refund["of"] == payment_key)


def _ref(payment: SandboxPayment) -> str:
    return f"sbx_{payment.id.hex}"


def _mac(secret: str, at: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
