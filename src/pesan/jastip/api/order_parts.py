"""What the jastip desk answers about orders."""

from collections.abc import Sequence

from fastapi import Request

from pesan.checkout.callers import told
from pesan.checkout.links import pay_path
from pesan.jastip.api.answers import addresses_of
from pesan.jastip.api.bodies import OrderItem
from pesan.jastip.api.schemas import OrderAnswer, OrderedPart, OrdererPart, OrderPart
from pesan.jastip.models import Participant
from pesan.jastip.queries.orders import Details, Ordered, Placed
from pesan.jastip.queries.trips import ProductView
from pesan.jastip.states import STATUSES, OrderStatus
from pesan.kit.ids import CODE_TAIL
from pesan.orders import Moved
from pesan.orders.dues import owes_balance
from pesan.orders.states import OrderState
from pesan.payments.models import PaymentProof
from pesan.storage.links import LinkedFile, Links
from pesan.web.deps import get_registry

PROOF_PATH = "/backoffice/proofs/"
"""Where staff fetch a proof by its signed link."""


def order_part(request: Request, placed: Placed, details: Details) -> OrderPart:
    """An order for the trip's owner."""
    order, base_url = placed.order, addresses_of(request).base_url
    items = [_ordered(each) for each in details.lines.get(order.id, [])]
    status = STATUSES[placed.state]
    return OrderPart(
        id=order.id,
        code=order.code,
        trip_id=order.event_id,
        quantity=order.quantity,
        total_price=order.total_amount,
        status=status,
        proof_url=_proof_url(request, order.code, details.proofs.get(order.id)),
        notes=order.notes,
        product=items[0],
        participant=_orderer(placed.participant),
        items=items,
        balance_due=_still_due(status, order.total_amount, order.balance_due_amount),
        pay_url=base_url + pay_path(order.code)
        if placed.state is OrderState.HOLD or owes_balance(order)
        else None,
        courier=placed.trip_order.courier,
        tracking_no=placed.trip_order.tracking_no,
        created_at=order.placed_at,
    )


def placed_part(
    request: Request,
    moved: Moved,
    person: Participant,
    wished: Sequence[tuple[OrderItem, ProductView]],
    notes: str | None,
) -> OrderPart:
    """An order that was just placed, for whoever placed it."""
    base_url = addresses_of(request).base_url
    items = [
        OrderedPart(
            product_id=view.product.id,
            slug=view.product.slug,
            title=view.type.name,
            price=view.type.price_amount,
            quantity=item.quantity,
        )
        for item, view in wished
    ]
    status = STATUSES[moved.state]
    return OrderPart(
        id=moved.order_id,
        code=moved.code,
        trip_id=moved.event_id,
        quantity=moved.quantity,
        total_price=moved.total_amount,
        status=status,
        proof_url=None,
        notes=notes,
        product=items[0],
        participant=_orderer(person),
        items=items,
        balance_due=_still_due(status, moved.total_amount, moved.balance_due_amount),
        pay_url=base_url + pay_path(moved.code) if moved.state is OrderState.HOLD else None,
        created_at=moved.at,
    )


def moved_part(part: OrderPart, moved: Moved, **said: str | None) -> OrderPart:
    """The same order after a move, with whatever the move says of it."""
    status = STATUSES[moved.state]
    due = _still_due(status, moved.total_amount, moved.balance_due_amount)
    stands = {"status": status, "pay_url": part.pay_url if due else None, "balance_due": due}
    return part.model_copy(update={**stands, **said})


def _still_due(status: OrderStatus, total: int, balance: int) -> int:
    """What is not paid: everything at first, then what the deposit left."""
    return {OrderStatus.PENDING: total, OrderStatus.CONFIRMED: balance}.get(status, 0)


def written(part: OrderPart) -> bytes:
    """An order as the body of an answer."""
    return told(OrderAnswer(order=part))


def _ordered(each: Ordered) -> OrderedPart:
    return OrderedPart(
        product_id=each.product.id,
        slug=each.product.slug,
        title=each.line.title,
        price=each.line.unit_amount,
        quantity=each.line.quantity,
    )


def _orderer(person: Participant) -> OrdererPart:
    return OrdererPart(id=person.id, name=person.name, phone=(person.wa or "").removeprefix("+"))


def _proof_url(request: Request, code: str, proof: PaymentProof | None) -> str | None:
    if proof is None:
        return None
    ending = proof.object_key.rpartition(".")[2]
    file = LinkedFile(proof.object_key, proof.mime, f"bukti-{code[-CODE_TAIL:]}.{ending}")
    token = get_registry(request)[Links].make(file)
    return f"{addresses_of(request).base_url}{PROOF_PATH}{token}"
