"""What a merchant, a buyer and a reviewer do, through the services that do it for real."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pesan.db import Actor, Database
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent
from pesan.payments import CaptureCompanion, FulfilCompanion, ProofCompanion, RefundDueCompanion
from pesan.payments.invariants import INVARIANTS
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.refunds.states import RefundCause
from pesan.payments.service import MethodDraft, create_method, select_method
from pesan.payments.states import MethodKind
from pesan.storage.keys import Kind, new_folder
from tests.support.factories import SYSTEM, Make

STATIC_QRIS: str = json.loads((Path(__file__).parents[1] / "vectors" / "qris.json").read_text())["qris"][
    "A_static"
]
BANK = MethodDraft(
    MethodKind.BANK, bank_name="BCA", account_no="123 456 7890", account_holder="Sanggar Keroncong"
)
QRIS = MethodDraft(MethodKind.QRIS, qris_payload=STATIC_QRIS)


async def add_method(
    database: Database, merchant_id: UUID, draft: MethodDraft = BANK, **changes: Any
) -> PaymentMethod:
    async with database.write(SYSTEM) as session:
        return await create_method(
            session, merchant_id=merchant_id, draft=replace(draft, **changes), actor=SYSTEM
        )


async def choose(database: Database, order: Order, method_id: UUID, actor: Actor | None = None) -> Payment:
    """As the guest who holds the order's code."""
    who = actor or Actor.guest(order.code)
    async with database.write(who) as session:
        seen = await session.get_one(Order, order.id)
        return await select_method(session, order=seen, method_id=method_id, actor=who)


def proof_of(order: Order, **changes: Any) -> ProofCompanion:
    proof = ProofCompanion(
        order_id=order.id,
        merchant_id=order.merchant_id,
        object_key=f"{new_folder(Kind.PROOF)}/file.jpg",
        mime="image/jpeg",
        size=250_000,
        sha256=sha256(new_id().bytes).digest(),
        phash=None,
        width=1080,
        height=2400,
    )
    return replace(proof, **changes)


async def send_proof(make: Make, order: Order, **changes: Any) -> ProofCompanion:
    proof = proof_of(order, **changes)
    await make.move(
        Move(OrderEvent.SUBMIT_PROOF, order.event_id, Actor.guest(order.code), order.id, companions=(proof,))
    )
    return proof


async def approve(make: Make, order: Order) -> None:
    capture = CaptureCompanion(order.id, order.merchant_id, order.total_amount)
    await make.move(Move(OrderEvent.APPROVE, order.event_id, SYSTEM, order.id, companions=(capture,)))


async def take_in_vain(database: Database, order: Order, amount: int, *, is_beside: bool = True) -> None:
    """Money that goes back: what the order was asked for, or something beside it."""
    late = RefundCause.PAID_LATE
    money = RefundDueCompanion(order.id, order.merchant_id, amount, late, counted=is_beside)
    async with database.sale() as session:
        await RefundDueCompanion.write_many(session, [money])


async def fulfil(make: Make, order: Order) -> None:
    await make.move(
        Move(OrderEvent.FULFIL, order.event_id, SYSTEM, order.id, companions=(FulfilCompanion(order.id),))
    )


async def offenders(database: Database) -> dict[str, int]:
    """How many rows break each invariant of payments."""
    async with database.read(SYSTEM) as session:
        found = {rule.name: len((await session.execute(text(rule.sql))).all()) for rule in INVARIANTS}
    return {name: number for name, number in found.items() if number}
