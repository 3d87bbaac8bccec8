"""Writing the demo into an instance, once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from io import BytesIO
from secrets import token_urlsafe
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import ColumnElement, func, select

from pesan.app.demo.counters import open_counter
from pesan.app.demo.evenings import spend
from pesan.app.demo.goods import PICTURES
from pesan.app.demo.guard import refuse_in_production
from pesan.app.demo.logos import suitcase
from pesan.app.demo.parcels import shop_around
from pesan.app.demo.people import TEAM, Buyer, Colleague, buyers
from pesan.app.demo.shops import QRIS_EXAMPLE, QRIS_EXAMPLE_NMID, SHOPS, Painter, Shop, Show
from pesan.app.demo.stalls import Stalls, set_up
from pesan.app.demo.tales import Ending, Scene, fill_queue, once, play
from pesan.app.demo.travels import SLUG as TINA
from pesan.app.demo.travels import TRIP, set_out
from pesan.app.instance import Instance
from pesan.audit import record
from pesan.catalog.models import Event
from pesan.catalog.offers import list_offers
from pesan.catalog.service import EventDraft, create_event, set_cover, set_status, slugify, update_event
from pesan.catalog.states import EventStatus
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.identity.changes import FACTOR_ADDED
from pesan.identity.factors.codes import CodeSecrets
from pesan.identity.factors.models import CodeGenerator
from pesan.identity.models import Membership
from pesan.identity.queries import find_user_by_email
from pesan.identity.service import create_user, set_membership
from pesan.jastip.models import Product
from pesan.jastip.service.products import amend_product
from pesan.orders.models import Order
from pesan.payments import qris
from pesan.payments.gateways.accounts import AccountDraft, create_account
from pesan.payments.gateways.registry import Gateways
from pesan.payments.gateways.sandbox import SANDBOX
from pesan.payments.service import MethodDraft, create_method
from pesan.payments.states import MethodKind
from pesan.settings import Settings
from pesan.storage import Kind
from pesan.storage.inspection import Inspector
from pesan.storage.objects import open_configured
from pesan.storage.stored import stored
from pesan.storage.uploads import receive
from pesan.tenancy.models import Merchant
from pesan.tenancy.service import create_merchant
from pesan.tickets.keystore import DatabaseKeyStore
from pesan.tickets.slices import Slices

ACTOR = Actor.system("demo")
_STATUSES = {Ending.CLOSED: EventStatus.CLOSED, Ending.CANCELLED: EventStatus.CANCELLED}


def prepare_demo(instance: Instance) -> None:
    """Write what is missing of the demo into a migrated instance; what is there already stays as it is.

    Raises DemoRefused for a production instance.
    """
    refuse_in_production(instance.settings)
    asyncio.run(_prepare(instance))


async def _prepare(instance: Instance) -> None:
    database = instance.open_database("worker", pool_size=4)
    http = httpx.AsyncClient()
    gateways = Gateways(
        database, instance.settings.secret, http, instance.settings.base_url, takes_sandbox=True
    )
    stage = _Stage(instance.settings, database, Inspector(), gateways)
    try:
        for shop in SHOPS:
            await stage.open_shop(shop)
        if (tina := await set_out(database, ACTOR)) is not None:
            await stage.hang_logo(tina, suitcase)
        await stage.hire(TEAM)
        async with asyncio.TaskGroup() as shops:
            for number, shop in enumerate(SHOPS):
                shops.create_task(stage.play(shop, buyers(number * 20)))
            shops.create_task(stage.travel(buyers(len(SHOPS) * 20)))
    finally:
        await http.aclose()
        await stage.inspector.close()
        await database.dispose()


class _Stage:
    """Everything that the demo is written with."""

    def __init__(
        self, settings: Settings, database: Database, inspector: Inspector, gateways: Gateways
    ) -> None:
        self.database = database
        self.storage = open_configured(settings)
        self.inspector = inspector
        self.gateways = gateways
        self.codes = CodeSecrets(settings.secret)
        self.keys = DatabaseKeyStore(database, settings.secret)
        self.slices = Slices(settings.secret, settings.ticket_slice_seconds)

    async def open_shop(self, shop: Shop) -> None:
        """The merchant with its brand, accounts and events, all of it or nothing."""
        async with self.database.read(ACTOR) as session:
            if await _find_merchant(session, shop.slug):
                return
        async with self.database.write(ACTOR) as session:
            merchant = await _create_merchant(session, shop)
            for method in _methods(shop):
                await create_method(session, merchant_id=merchant.id, draft=method, actor=ACTOR)
            await create_account(
                session, self.gateways, merchant_id=merchant.id, draft=_sandbox(), actor=ACTOR
            )
            for show in shop.shows:
                # An event of the past was once as many days ahead as it is behind now.
                draft = _draft(show, shop.zone, abs(show.in_days))
                await create_event(
                    session, merchant_id=merchant.id, draft=draft, actor=ACTOR, status=EventStatus.OPEN
                )

    async def hire(self, people: tuple[Colleague, ...]) -> None:
        """The people who can log in, each whole or not at all."""
        for person in people:
            async with self.database.write(ACTOR) as session:
                if await find_user_by_email(session, person.log_in.email) is None:
                    await _hire(session, person)
            if person.log_in.app_key:
                await self._give_app(person.log_in.email, person.log_in.app_key)

    async def _give_app(self, email: str, app_key: str) -> None:
        """A second step whose key is printed with the password: everybody may pass it, and only in a demo."""
        async with self.database.identity() as session:
            user = await find_user_by_email(session, email)
            if user is None or await session.get(CodeGenerator, user.id) is not None:
                return
            sealed = self.codes.seal(app_key, user.id)
            session.add(
                CodeGenerator(user_id=user.id, secret_sealed=sealed, confirmed_at=func.clock_timestamp())
            )
            await record(session, user, action=FACTOR_ADDED, actor=ACTOR)

    async def play(self, shop: Shop, people: Iterator[Buyer]) -> None:
        """Pictures, then the story of every event that has none yet."""
        async with self.database.read(ACTOR) as session:
            merchant = await session.get_one(Merchant, await _find_merchant(session, shop.slug))
            staff = Actor.staff(await _staff_of(session, merchant.id), frozenset([merchant.id]))
            events = await _events(session, merchant.id)
        if merchant.logo_key is None:
            await self.hang_logo(merchant.id, shop.logo)
        for show in shop.shows:
            event = events.get(slugify(show.title))
            if event is not None:
                await self._play_event(event, shop, show, staff, people)
        if shop.has_booths:
            await open_counter(self.database, merchant.id, staff, people)

    async def travel(self, people: Iterator[Buyer]) -> None:
        """The story of the jastiper's trip, if it is there and has none yet."""
        async with self.database.read(ACTOR) as session:
            merchant = await session.get_one(Merchant, await _find_merchant(session, TINA))
            staff = Actor.staff(await _staff_of(session, merchant.id), frozenset([merchant.id]))
            event = (await _events(session, merchant.id)).get(TRIP)
        if event is None:
            return
        for product in await self._bare_products(event.id):
            await self._hang_product(product)
        # Whoever gave her trip another name may have a new one by its old name, which tells its own story.
        if not await self._has_orders(Order.merchant_id == merchant.id):
            scene = Scene(self.database, self.storage, self.inspector, event, merchant.zone, staff, people)
            await shop_around(scene)

    async def _bare_products(self, trip_id: UUID) -> list[Product]:
        query = select(Product).where(Product.event_id == trip_id, Product.image_key.is_(None))
        async with self.database.read(ACTOR) as session:
            return [found for found in await session.scalars(query) if found.slug in PICTURES]

    async def _hang_product(self, product: Product) -> None:
        picture = self._picture(PICTURES[product.slug], Kind.PRODUCT, owner=TRIP)
        async with picture as key, self.database.write(ACTOR) as session:
            await amend_product(session, product.id, said={"image_key": key}, actor=ACTOR)

    async def _play_event(
        self, event: Event, shop: Shop, show: Show, staff: Actor, people: Iterator[Buyer]
    ) -> None:
        if event.cover_key is None:
            await self._hang_cover(event.id, show)
        scene = Scene(self.database, self.storage, self.inspector, event, shop.zone, staff, people)
        if not await self._has_orders(Order.event_id == event.id):
            await play(scene, show.tale)
            await self._end(event.id, shop, show)
        elif show.tale.fills_queue:
            await fill_queue(scene)
        if show.stalls is not None:
            await self._set_up(event.id, show.stalls)
        if show.evening is not None:
            await spend(scene, show.evening, self.keys, self.slices)

    async def _set_up(self, event_id: UUID, stalls: Stalls) -> None:
        """What the event sells besides, once; who came before bought a place of the event itself."""
        async with self.database.write(ACTOR) as session:
            if not await list_offers(session, event_id, with_archived=True):
                event = await session.get_one(Event, event_id)
                await set_up(session, event, stalls, ACTOR)

    async def _has_orders(self, whose: ColumnElement[bool]) -> bool:
        async with self.database.read(ACTOR) as session:
            found = await session.scalar(select(Order.id).where(whose).limit(1))
        return found is not None

    async def _end(self, event_id: UUID, shop: Shop, show: Show) -> None:
        """Close or cancel the sale; an event of the past was still to come when its places were sold."""
        async with self.database.write(ACTOR) as session:
            event = await session.get_one(Event, event_id)
            if show.in_days < 0:
                await update_event(
                    session, event=event, draft=_draft(show, shop.zone, show.in_days), actor=ACTOR
                )
            if show.tale.ending is not None:
                await set_status(session, event=event, status=_STATUSES[show.tale.ending], actor=ACTOR)

    async def hang_logo(self, merchant_id: UUID, logo: Painter) -> None:
        """The merchant's mark, on its pages and papers."""
        async with self._picture(logo, Kind.LOGO) as key, self.database.write(ACTOR) as session:
            merchant = await session.get_one(Merchant, merchant_id)
            merchant.logo_key = key
            await session.flush()
            await record(
                session,
                merchant,
                action="merchant:profile:updated",
                actor=ACTOR,
                merchant_id=merchant_id,
                data={"changed": ["logo_key"]},
            )

    async def _hang_cover(self, event_id: UUID, show: Show) -> None:
        async with self._picture(show.cover, Kind.COVER) as key, self.database.write(ACTOR) as session:
            event = await session.get_one(Event, event_id)
            await set_cover(session, event=event, object_key=key, actor=ACTOR)

    @asynccontextmanager
    async def _picture(self, painter: Painter, kind: Kind, *, owner: str = "") -> AsyncIterator[str]:
        """The key of a picture that went the way of every upload, for the block that writes its row."""
        content = await asyncio.to_thread(_paint, painter)
        async with receive(once(content)) as received:
            clean = await self.inspector.inspect(received.path, kind)
        async with stored(self.storage, kind, clean, owner=owner) as key:
            yield key


def _paint(painter: Painter) -> bytes:
    written = BytesIO()
    painter().save(written, "PNG", compress_level=1)
    return written.getvalue()


async def _find_merchant(session: ReadSession, slug: str) -> UUID | None:
    return await session.scalar(select(Merchant.id).where(func.lower(Merchant.slug) == slug))


async def _create_merchant(session: WriteSession, shop: Shop) -> Merchant:
    merchant = await create_merchant(
        session, name=shop.name, slug=shop.slug, actor=ACTOR, zone=shop.zone, accent=shop.accent
    )
    merchant.contact_email, merchant.contact_wa = shop.email, shop.wa
    await session.flush()
    return merchant


def _methods(shop: Shop) -> list[MethodDraft]:
    accounts = [
        MethodDraft(
            MethodKind.BANK, bank_name=bank, account_no=number, account_holder=holder, position=position
        )
        for position, (bank, number, holder) in enumerate(shop.accounts)
    ]
    code = MethodDraft(
        MethodKind.QRIS,
        display_name="QRIS (contoh demo)",
        qris_payload=_qris_of(shop),
        position=len(accounts),
    )
    return [*accounts, code]


def _sandbox() -> AccountDraft:
    """The provider that takes no money, so that everybody can try what a payment can do."""
    return AccountDraft(
        provider=SANDBOX,
        secrets={"webhook_secret": token_urlsafe(24)},
        display_name="Bayar uji coba (sandbox)",
    )


def _qris_of(shop: Shop) -> str:
    """The example's code with the merchant's name and number in it."""
    names = {"59": shop.qris_name, "60": shop.qris_city}
    fields = [
        (tag, names.get(tag, value).replace(QRIS_EXAMPLE_NMID, shop.qris_nmid))
        for tag, value in qris.parse(QRIS_EXAMPLE).fields
    ]
    return qris.serialise(qris.Qris(tuple(fields)))


async def _hire(session: WriteSession, person: Colleague) -> None:
    user = await create_user(
        session,
        email=person.log_in.email,
        name=person.name,
        password=person.log_in.password,
        platform_role=person.platform_role,
        actor=ACTOR,
    )
    merchant_id = await _find_merchant(session, person.merchant) if person.merchant else None
    if merchant_id is not None:
        await set_membership(
            session, user_id=user.id, merchant_id=merchant_id, role=person.merchant_role, actor=ACTOR
        )


async def _staff_of(session: ReadSession, merchant_id: UUID) -> UUID:
    """Who decides in the tales: somebody of the merchant's team."""
    team = select(Membership.user_id).where(Membership.merchant_id == merchant_id)
    return (await session.scalars(team.order_by(Membership.role.desc()).limit(1))).one()


async def _events(session: ReadSession, merchant_id: UUID) -> dict[str, Event]:
    """The merchant's events by their slugs; of those that share one, the first is the demo's."""
    query = select(Event).where(Event.merchant_id == merchant_id).order_by(Event.created_at.desc())
    found = await session.scalars(query)
    return {event.slug: event for event in found}


def _draft(show: Show, zone: str, in_days: int) -> EventDraft:
    """What the organizer typed, for an event so many days from now."""
    starts_at = _moment(show, zone, in_days)
    opens_in = show.opens_in_days
    return EventDraft(
        title=show.title,
        summary=show.summary,
        description=show.description,
        venue=show.venue,
        address=show.address,
        city=show.city,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=show.hours),
        capacity=show.capacity,
        price_amount=show.price,
        max_per_order=show.max_per_order,
        hold_ratio=show.hold_ratio,
        hold_minutes=show.hold_minutes,
        sale_opens_at=None if opens_in is None else _moment(show, zone, opens_in, hour=10),
        certificate=show.certificate,
    )


def _moment(show: Show, zone: str, in_days: int, *, hour: int | None = None) -> datetime:
    """A full hour on the merchant's clocks, some days from today."""
    day = datetime.now(ZoneInfo(zone)) + timedelta(days=in_days)
    return day.replace(hour=show.hour if hour is None else hour, minute=0, second=0, microsecond=0)
