"""The letter that asks a buyer whether they agree to another price."""

from dataclasses import replace
from uuid import UUID

from pesan.catalog.models import TicketType
from pesan.checkout.links import prices_path
from pesan.db import Actor, Database
from pesan.jastip.models import PriceProposal
from pesan.jastip.states import ProposalState
from pesan.kit.money import format_rupiah
from pesan.notifications.letters import Composer, Letter
from pesan.notifications.states import Kind

_ACTOR = Actor.system("letters")


class PriceComposer:
    """Adds to a letter about an order what is proposed, as it stands when the letter is written."""

    def __init__(self, orders: Composer, database: Database, base_url: str) -> None:
        self._orders = orders
        self._database = database
        self._base_url = base_url.rstrip("/")

    async def compose(self, order_id: UUID, kind: Kind, occasion: str = "") -> Letter | None:
        """The letter about the proposal that `occasion` names; None when it is not open any more."""
        letter = await self._orders.compose(order_id, kind, occasion)
        async with self._database.read(_ACTOR) as session:
            proposal = await session.get(PriceProposal, UUID(occasion))
            if letter is None or proposal is None or proposal.state != ProposalState.PROPOSED:
                return None
            product = await session.get_one(TicketType, proposal.product_id)
        facts = replace(
            letter.facts,
            status_url=self._base_url + prices_path(letter.facts.order_code),
            item=f"{proposal.quantity} × {product.name}",
            price=f"{format_rupiah(proposal.old_amount)} → {format_rupiah(proposal.new_amount)}",
            difference=signed(proposal.difference),
            reason=proposal.note,
        )
        return replace(letter, facts=facts)


def signed(amount: int) -> str:
    """A difference in rupiah, with the sign that says which way it goes."""
    return f"{'+' if amount > 0 else '−'}{format_rupiah(abs(amount))}"
