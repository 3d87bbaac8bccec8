"""A composer that knows only orders: enough for the record of deliveries and the channels."""

from uuid import UUID

from pesan.db import Actor, Database
from pesan.notifications.letters import Letter, LetterFacts
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.models import Order


class PlainComposer:
    """Writes about the order's code and its buyer's name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def compose(self, order_id: UUID, kind: Kind, occasion: str = "") -> Letter | None:
        """See Composer."""
        async with self._database.read(Actor.system("tests")) as session:
            order = await session.get(Order, order_id)
        if order is None:
            return None
        facts = LetterFacts(
            buyer_name=order.buyer_name,
            merchant_name="Ruang Senja",
            event_title="Senja di Braga",
            when="Sab, 5 Des 2026 · 19.00 WIB",
            where="Bandung",
            order_code=order.code,
            status_url=f"https://tiket.example/b/{order.code}",
            again_url="https://tiket.example/x/senja-abc12345",
        )
        contacts = {ChannelName.EMAIL: order.email, ChannelName.WHATSAPP: order.wa}
        addresses = {name: address for name, address in contacts.items() if address}
        return Letter(kind, facts, addresses, merchant_id=order.merchant_id, event_id=order.event_id)
