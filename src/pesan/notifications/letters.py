"""A letter: everything that one notification says, whichever channel carries it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from pesan.kit.i18n import DEFAULT_LOCALE, Locale
from pesan.messaging import Attachment
from pesan.notifications.states import ChannelName, Kind
from pesan.notifications.wording import OwnWords

ACCENT, ON_ACCENT = "#5a36d6", "#ffffff"
"""The house's own colours, for whoever has none."""


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What letters talk about, ready to be shown. Links are ours, built on the instance's own address."""

    buyer_name: str
    merchant_name: str
    event_title: str
    when: str
    where: str
    order_code: str
    status_url: str
    again_url: str = ""
    tickets: str = ""
    ticket_count: int = 0
    amount: str = ""
    balance: str = ""
    pay_url: str = ""
    reason: str = ""
    reference: str = ""
    other_name: str = ""
    item: str = ""
    price: str = ""
    difference: str = ""
    accent: str = ACCENT
    on_accent: str = ON_ACCENT


@dataclass(frozen=True, slots=True)
class Letter:
    """One notification with its facts, where it may go, and what travels with it; `own` are the merchant's words.

    The event is whose staff may see how it went. A letter is of goods where they are shopped for and sent, and there is
    no place or time to come to.
    """

    kind: Kind
    facts: LetterFacts
    addresses: Mapping[ChannelName, str]
    locale: Locale = DEFAULT_LOCALE
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = field(default_factory=tuple)
    own: OwnWords | None = None
    merchant_id: UUID | None = None
    event_id: UUID | None = None
    is_of_goods: bool = False


class Composer(Protocol):
    """Whoever knows the order: gathers the facts, in transactions of its own."""

    async def compose(self, order_id: UUID, kind: Kind, occasion: str = "") -> Letter | None:
        """The letter about what happened at `occasion`; None when there is nothing to say any more."""


class Composers:
    """The composer of each kind, registered by the composition root."""

    def __init__(self, by_kind: Mapping[Kind, Composer]) -> None:
        self._by_kind = dict(by_kind)

    def of(self, kind: Kind) -> Composer:
        """The composer of this kind; raises KeyError, a mistake of the composition root."""
        return self._by_kind[kind]
