"""The channels: how a letter leaves. Each is one adapter."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Protocol
from uuid import UUID

from pesan.db import ReadSession
from pesan.messaging import Mail, Mailer, MessageRejected, make_address
from pesan.notifications.letters import Letter
from pesan.notifications.render import render
from pesan.notifications.states import ChannelName


class Channel(Protocol):
    """One way to a person."""

    @property
    def name(self) -> ChannelName:
        """Under which the channel is registered and its deliveries are kept."""
        ...

    def message_id(self, delivery_id: UUID) -> str:
        """The name of the message in its network: the same at every try, so that a second copy is recognised."""
        ...

    async def send(self, letter: Letter, address: str, *, message_id: str) -> None:
        """Returns when the network took it; raises MessageDelayed or MessageRejected."""


class EmailChannel:
    """Letters as mail, in words and in HTML, from the instance's own address."""

    name = ChannelName.EMAIL

    def __init__(self, mailer: Mailer, sender: str) -> None:
        self._mailer = mailer
        self._address = make_address(parseaddr(sender)[1]).addr_spec

    def message_id(self, delivery_id: UUID) -> str:
        """See Channel; in the form of RFC 5322."""
        return f"<{delivery_id}@{self._address.rpartition('@')[2]}>"

    async def send(self, letter: Letter, address: str, *, message_id: str) -> None:
        """See Channel. The merchant's name stands beside the instance's address; answers go to the merchant."""
        rendered = render(letter)
        mail = Mail(
            sender=make_address(self._address, letter.facts.merchant_name),
            recipient=address,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            message_id=message_id,
            written_at=datetime.now(UTC),
            language=letter.locale,
            reply_to=make_address(letter.reply_to, letter.facts.merchant_name) if letter.reply_to else None,
            attachments=letter.attachments,
        )
        await self._mailer.send(mail)


class NotConfigured:
    """Stands for a channel that this instance has no more, or not yet; a delivery by it fails where it is seen."""

    def __init__(self, name: ChannelName) -> None:
        self.name = name

    def message_id(self, delivery_id: UUID) -> str:  # noqa: ARG002  Channel's
        """None yet: the channel gives one when it is back."""
        return ""

    async def send(self, letter: Letter, address: str, *, message_id: str) -> None:  # noqa: ARG002  Channel's
        """Refuses; whoever set the channel up again has the parked jobs tried again."""
        raise MessageRejected("notifications.channel_not_configured")


FindAddress = Callable[[ReadSession, UUID], Awaitable[str | None]]
"""Where on WhatsApp the buyer of an order is reached: a number, or the id that WhatsApp gave them for us."""


class Channels:
    """The channels of this instance, registered by the composition root.

    `address_books` are of desks that know more of their buyers than an order says, by what they fulfil.
    """

    def __init__(
        self, channels: Iterable[Channel], address_books: Mapping[str, FindAddress] | None = None
    ) -> None:
        self._by_name = {channel.name: channel for channel in channels}
        self._books = dict(address_books or {})

    @property
    def names(self) -> Iterable[ChannelName]:
        """Every way that this instance has."""
        return self._by_name.keys()

    def of(self, name: ChannelName) -> Channel:
        """The channel of this name; one that refuses when the instance has none."""
        return self._by_name.get(name) or NotConfigured(name)

    def reaching(self, contacts: Mapping[ChannelName, str | None]) -> list[ChannelName]:
        """The channels that this instance has and the person gave an address for."""
        return [name for name in self._by_name if contacts.get(name)]

    def may_know(self, fulfilment: str) -> bool:
        """Whether a desk may know buyers on WhatsApp who gave no number."""
        return fulfilment in self._books and ChannelName.WHATSAPP in self._by_name

    async def find_address(self, session: ReadSession, order_id: UUID, fulfilment: str) -> str | None:
        """Where on WhatsApp the order's desk knows its buyer; None where it knows no more than the order says."""
        find = self._books.get(fulfilment)
        return await find(session, order_id) if find else None
