"""A jastiper's desk in the middle of a trip, for the tests that look at its pages."""

from sqlalchemy import func, insert

from pesan.chats.records import ChatCharge
from pesan.jastip.models import Product
from pesan.jastip.queries.trips import list_products
from pesan.jastip.service.broadcasts import plan_broadcast
from pesan.jastip.service.orders import confirm_order, reject_order, ship_order
from pesan.jastip.service.visits import Visit, count_visit
from pesan.jastip.states import Audience, JoinState
from pesan.kit.ids import new_id
from pesan.orders.models import Order
from pesan.settings import Settings
from tests.journeys.staff import Desk
from tests.support.factories import SYSTEM, Make
from tests.support.trips import Journey, make_journey, make_participant, make_product, order


async def open_trip(desk: Desk, make: Make, settings: Settings) -> Journey:
    """A trip with orders in every column of its board, people in every state, links followed, and a broadcast."""
    wanted = {"slug": new_id().hex[-9:], "title": "Jastip Jepang, Osaka sampai Kyoto dan pulang lewat Tokyo"}
    journey = await make_journey(make, desk.database, settings, desk.merchant, **wanted)
    titles = ("Kit Kat Matcha isi 12 edisi musim semi", "Tokyo Banana")
    products = [
        await make_product(journey, title=title, slug=new_id().hex[-8:], stock=30) for title in titles
    ]
    siti = await make_participant(journey, name="Siti Nurhaliza")
    budi = await make_participant(journey, name="Budi Santoso", referral_code=siti.referral_code)
    await make_participant(journey, name="Maximiliana Pertiwi Kusumawardhani", state=JoinState.PENDING)
    placed = [
        await order(journey, person, (products[0], 2), (products[1], 1), notes="Yang kotak merah, ya")
        for person in (siti, siti, budi, budi)
    ]
    await _move_on(journey, placed)
    await _talk(desk, journey, products)
    return journey


async def _move_on(journey: Journey, placed: list[Order]) -> None:
    """One each to be paid, sent and not going on; the last one waits."""
    counter, staff = journey.counter, journey.staff
    await confirm_order(counter, placed[0], actor=staff)
    await confirm_order(counter, placed[1], actor=staff)
    async with counter.database.read(SYSTEM) as session:
        paid = await session.get_one(Order, placed[1].id)
    await ship_order(counter, paid, actor=staff, courier="JNE", tracking_no="CGK0012345678")
    await reject_order(counter, placed[2], actor=staff, reason="Stok toko habis")


async def _talk(desk: Desk, journey: Journey, products: list[Product]) -> None:
    words = "Besok ke Don Quijote, siapa mau titip apa?"
    own = {"merchant_id": journey.merchant.id, "event_id": journey.id}
    async with desk.database.write(SYSTEM) as session:
        for kind, target, visits in (("trip", journey.id, 9), ("product", products[0].id, 4)):
            for _ in range(visits):
                await count_visit(session, Visit(kind, target, journey.merchant.id))
        charged = {"category": "marketing", "kind": "regular", "amount": 655, "at": func.clock_timestamp()}
        await session.execute(insert(ChatCharge).values(message_id=new_id(), **charged, **own))
    async with desk.database.write(journey.staff) as session:
        await plan_broadcast(
            session, journey.id, words=words, audience=Audience.ALL, starts_at=None, actor=journey.staff
        )


async def trip_pages(desk: Desk, make: Make, settings: Settings) -> list[str]:
    """Every page of the jastip desk, of a trip with something on each and of one that is empty."""
    journey = await open_trip(desk, make, settings)
    empty = await make_journey(make, desk.database, settings, desk.merchant, slug=new_id().hex[-9:])
    own = f"/jastip/{desk.merchant.slug}"
    tabs = ("", "/products", "/people", "/shopping", "/broadcasts", "/analytics", "/edit")
    async with desk.database.read(SYSTEM) as session:
        product = (await list_products(session, [journey.id]))[0].product
    ends = [f"/trips/{journey.id}{tab}" for tab in (*tabs, f"/products/{product.id}/delete", "?q=tidakada")]
    ends += [f"/trips/{empty.id}{tab}" for tab in ("", "/people", "/analytics")]
    return [
        f"{desk.service.url}{path}" for path in ("/jastip", own, f"{own}/new", f"{own}/analytics?days=7")
    ] + [f"{desk.service.url}{own}{end}" for end in ends]
