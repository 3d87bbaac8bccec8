"""Rows of other modules that are written with a group of moves, in the order that they declare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from pesan.db import Database, WriteSession
from pesan.orders.gate import transition_many
from pesan.orders.moves import Move, Stage
from pesan.orders.states import OrderEvent
from tests.support.factories import SYSTEM, Make

WRITTEN: list[str] = []


@dataclass(frozen=True, slots=True)
class Noted:
    """Notes when it is written."""

    stage: ClassVar[Stage]

    @classmethod
    async def write_many(cls, session: WriteSession, items: Sequence[Self]) -> None:
        WRITTEN.extend([cls.__name__] * len(items))


class AReturn(Noted):
    stage = Stage.RETURN


class BMoney(Noted):
    stage = Stage.MONEY


class CEvidence(Noted):
    stage = Stage.EVIDENCE


class DGoods(Noted):
    stage = Stage.GOODS


class EMoney(Noted):
    stage = Stage.MONEY


async def test_companions_are_written_by_stage_whatever_their_names(database: Database, make: Make):
    event = await make.event()
    orders = [await make.order(event) for _ in range(3)]
    pairs = ((AReturn(), BMoney()), (CEvidence(), DGoods()), (EMoney(), BMoney()))
    moves = [
        Move(OrderEvent.SUBMIT_PROOF, event.id, SYSTEM, order.id, companions=pair)
        for order, pair in zip(orders, pairs, strict=True)
    ]
    WRITTEN.clear()

    async with database.sale() as session:
        await transition_many(session, moves)

    assert WRITTEN == ["BMoney", "BMoney", "EMoney", "DGoods", "CEvidence", "AReturn"]
