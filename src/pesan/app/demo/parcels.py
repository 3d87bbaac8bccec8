"""What happened on the demo's trip before anybody looked: who joined, ordered, paid, and what was sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto
from itertools import cycle
from uuid import UUID

from sqlalchemy import select

from pesan.app.demo.people import Buyer
from pesan.app.demo.tales import Booked, Scene, approve, choose_method, move, pay, step
from pesan.db import Actor, WriteSession
from pesan.jastip.companions import NewTripOrder, Parcel
from pesan.jastip.models import Participant, Product, ShortlinkVisit
from pesan.jastip.queries.trips import ProductView, TripView, get_product, get_trip
from pesan.jastip.service.participants import Joiner, add_participant
from pesan.jastip.service.prices import NewPrice, propose_price
from pesan.jastip.service.shopping import note_bought
from pesan.jastip.states import JoinState
from pesan.orders.moves import LineWish, Move, Placement, TypeWish
from pesan.orders.states import OrderEvent
from pesan.payments import FulfilCompanion

_SYSTEM = Actor.system("demo")
_DAYS = 14


class _Fate(Enum):
    """How far an order came."""

    HELD = auto()
    PROVED = auto()
    PAID = auto()
    SENT = auto()


_ORDERS: Sequence[tuple[_Fate, tuple[tuple[str, int], ...]]] = (
    (_Fate.SENT, (("kitkat", 2), ("hadalabo", 1))),
    (_Fate.PAID, (("kitkat", 3), ("banana", 1))),
    (_Fate.PAID, (("tiger66", 1),)),
    (_Fate.PAID, (("hadalabo", 2),)),
    (_Fate.PROVED, (("banana", 2),)),
    (_Fate.PROVED, (("kitkat", 1), ("hadalabo", 1))),
    (_Fate.HELD, (("banana", 1),)),
)
_RAISED, _PRICE = "tiger66", 1_920_000


@dataclass(frozen=True, slots=True)
class _Trip:
    scene: Scene
    view: TripView
    products: dict[str, ProductView]


async def shop_around(scene: Scene) -> None:
    """Let people join and order, look for some of it in the shops, and ask one buyer for another price."""
    trip = await _read(scene)
    raised: UUID | None = None
    for fate, wanted in _ORDERS:
        person, buyer = await _join(trip)
        booked = await _order(trip, person, buyer, wanted)
        await _play(trip, booked, fate)
        if wanted[0][0] == _RAISED:
            raised = booked.order_id
    async with scene.database.write(scene.staff) as session:
        found = trip.products["kitkat"].product.id
        await note_bought(session, found, trip_id=scene.event.id, pieces=2, actor=scene.staff)
        price = NewPrice(trip.products[_RAISED].product.id, _PRICE, "Harga di Shibuya naik minggu ini.")
        await propose_price(session, price, trip_id=scene.event.id, actor=scene.staff, order_id=raised)
    async with scene.database.write(_SYSTEM) as session:
        _visit(session, trip)


async def _read(scene: Scene) -> _Trip:
    async with scene.database.read(_SYSTEM) as session:
        view = await get_trip(session, scene.event.id)
        ids = (await session.scalars(select(Product.id).where(Product.event_id == scene.event.id))).all()
        views = [await get_product(session, product_id) for product_id in ids]
    return _Trip(scene, view, {view.product.slug: view for view in views})


async def _join(trip: _Trip) -> tuple[Participant, Buyer]:
    buyer = next(trip.scene.buyers)
    joiner = Joiner(buyer.name, wa=buyer.wa)
    async with trip.scene.database.write(_SYSTEM) as session:
        person = await add_participant(session, trip.view, joiner, state=JoinState.JOINED, actor=_SYSTEM)
    return person, buyer


async def _order(trip: _Trip, person: Participant, buyer: Buyer, wanted: Sequence[tuple[str, int]]) -> Booked:
    event = trip.scene.event
    kinds = [(trip.products[slug].type, quantity) for slug, quantity in wanted]
    lines = tuple(LineWish(quantity, TypeWish(kind.id, kind.pool_id)) for kind, quantity in kinds)
    wish = Placement(event.id, buyer.name, lines, wa=buyer.wa, email=buyer.email)
    mine = NewTripOrder(wish.order_id, event.merchant_id, event.id, person.id)
    moved = await move(trip.scene, Move.place(wish, _SYSTEM, companions=(mine,)))
    return Booked(buyer, moved.order_id, moved.code, moved.total_amount)


async def _play(trip: _Trip, booked: Booked, fate: _Fate) -> None:
    scene = trip.scene
    if fate is _Fate.HELD:
        await choose_method(scene, booked)
        return
    await pay(scene, booked)
    if fate is not _Fate.PROVED:
        await approve(scene, booked)
    if fate is _Fate.SENT:
        parcel = Parcel(booked.order_id, "JNE REG", "CGK0012345678")
        sent = step(scene, OrderEvent.FULFIL, booked.order_id, FulfilCompanion(booked.order_id), parcel)
        await move(scene, replace(sent, data={"courier": parcel.courier}))


def _visit(session: WriteSession, trip: _Trip) -> None:
    """Who followed the links in the last days: more each day, and more on some."""
    today = trip.scene.event.created_at.date()
    targets = [
        ("trip", trip.scene.event.id, 5),
        *(("product", view.product.id, 2) for view in trip.products.values()),
    ]
    for kind, target_id, usual in targets:
        for day, extra in _days(today):
            visit = ShortlinkVisit(
                kind=kind,
                target_id=target_id,
                day=day,
                shard=0,
                merchant_id=trip.scene.event.merchant_id,
                visits=usual + extra,
            )
            session.add(visit)


def _days(today: date) -> Iterator[tuple[date, int]]:
    more = cycle((0, 2, 1, 4, 3, 7, 5))
    for back in range(_DAYS, 0, -1):
        yield today - timedelta(days=back), next(more) + (_DAYS - back) // 3
