"""What a payment provider must be able to do, in the house's words (protocols.md §0)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class RemoteState(StrEnum):
    """Where a payment stands at its provider, whatever the provider calls it (protocols.md §0.1)."""

    PENDING = "pending"
    REVIEW = "review"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    DISPUTED = "disputed"


class RefundOutcome(StrEnum):
    """What became of a refund that was asked for."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line on the provider's page; amounts in whole rupiah, negative for a discount."""

    title: str
    quantity: int
    unit_amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What a provider is asked to collect: `reference` is ours, new for every attempt, and at most 36 characters.

    `amount` is whole rupiah and the sum of `items`.
    """

    reference: str
    amount: int
    items: tuple[Item, ...]
    buyer_name: str
    expires_at: datetime
    return_url: str
    email: str | None = None
    phone: str | None = None
    currency: str = "IDR"
    locale: str = "id"


@dataclass(frozen=True, slots=True)
class Opened:
    """A hosted page that waits for the buyer; `provider_ref` is how the provider names it."""

    provider_ref: str
    redirect_url: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePayment:
    """A payment as the provider tells it now, when asked; the only thing that settles an order.

    `payment_key` names the money itself, once per capture, whatever events tell of it. `issuer_country` is where
    the bank of the card is, in two letters.
    """

    reference: str
    provider_ref: str
    state: RemoteState
    amount: int
    currency: str
    payment_key: str | None = None
    account: str | None = None
    channel: str | None = None
    paid_at: datetime | None = None
    refunded_amount: int = 0
    issuer_country: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteRefund:
    """A refund as the provider tells it now."""

    key: str
    outcome: RefundOutcome
    amount: int
    provider_ref: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified webhook: a hint that something changed. `event_key` is the same for each repetition of it."""

    event_key: str
    kind: str
    reference: str | None = None
    provider_ref: str | None = None
    refund_key: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A merchant's account at a provider. `secrets` are never shown, logged or compared but in constant time."""

    provider: str
    is_live: bool
    secrets: Mapping[str, str] = field(repr=False)
    # The provider's own id of the merchant, where a payment names it; a payment of another one settles nothing.
    account_id: str | None = None
    # Only tests and proxies answer elsewhere than at the provider's own address.
    base_url: str | None = None


class Listener(Protocol):
    """What proves who sent the webhooks of one account."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: float) -> Notice:
        """What a webhook says, once its raw bytes are verified; raises SignatureInvalid, NoticeUnreadable.

        `headers` have lower-case names; `now` is seconds of the epoch. An empty secret verifies nothing.
        """
        ...


class Gateway(Listener, Protocol):
    """One account at one provider.

    Every call may raise `GatewayUnavailable` (nobody knows what happened: ask again, with the same keys) or
    `GatewayRefused` (the provider said no, and asking again will not help).
    """

    name: str

    async def open(self, wanted: Checkout) -> Opened:
        """Open a hosted page; asked again with the same reference, no second one can be paid."""
        ...

    async def fetch(self, reference: str, provider_ref: str | None) -> RemotePayment | None:
        """The payment as it stands now; None while the provider knows of none."""
        ...

    async def close(self, reference: str, provider_ref: str | None) -> RemoteState:
        """Let nobody pay any more; PAID says that somebody was faster."""
        ...

    async def refund(
        self, payment: RemotePayment, *, amount: int, key: str, reason: str, provider_ref: str | None = None
    ) -> RemoteRefund:
        """Send money back; the same key again is the same refund.

        `provider_ref` names it once the provider took it on: then it is only asked for. Raises RefundRefused where the
        refund itself was refused; by any other GatewayRefused nobody knows what became of it.
        """
        ...

    async def find_refund(
        self, payment: RemotePayment, *, key: str, provider_ref: str | None
    ) -> RemoteRefund | None:
        """What became of a refund that was asked for; sends nothing. None where the provider tells of none."""
        ...
