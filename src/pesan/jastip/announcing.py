"""Telling whoever takes part in a trip of a new product, each once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy import select

from pesan.chats.catalogue import CATALOGUE, PRODUCT_ANNOUNCEMENT
from pesan.chats.outbox import Outgoing, say
from pesan.chats.states import Line
from pesan.db import ReadSession, WriteSession
from pesan.jastip.errors import ProductNotFound, TripNotFound
from pesan.jastip.links import Links
from pesan.jastip.models import Participant
from pesan.jastip.pictures import pictures_of
from pesan.jastip.queries.trips import ProductView, TripView, get_product, get_trip
from pesan.jastip.states import JoinState, ProductStatus
from pesan.kit.i18n import Text, parse_locale
from pesan.kit.money import format_rupiah
from pesan.messaging.whatsapp.limits import MAX_CAPTION, MAX_FOOTER, MAX_LABEL
from pesan.messaging.whatsapp.shapes import Link, Picture, fit

CHUNK = 200
_NEWS = Text(
    id="Produk baru di {trip_title}: {product_title}\nHarga: {price}",
    en="New on {trip_title}: {product_title}\nPrice: {price}",
)
_SEE = Text(id="Lihat produk", en="See the product")
_LEAVE = Text(id="Balas STOP {slug} untuk berhenti.", en="Reply STOP {slug} to hear no more.")


@dataclass(frozen=True, slots=True)
class _News:
    trip: TripView
    product: ProductView
    links: Links
    base_url: str


async def announce(
    session: WriteSession, product_id: UUID, *, after: UUID | None, links: Links, base_url: str
) -> UUID | None:
    """Tell the next people, by id from `after` on; the last of them while there may be more.

    A product that is not sold, and a trip that is closed by now or keeps quiet, are told to nobody. A person's message
    has one id for ever, so whoever was told before is not told again.
    """
    news = await _find_news(session, product_id, links, base_url)
    if news is None:
        return None
    people = await _next_people(session, news.trip.trip.event_id, after)
    await say(session, [_message(news, person) for person in people])
    return people[-1].id if len(people) == CHUNK else None


async def _find_news(session: ReadSession, product_id: UUID, links: Links, base_url: str) -> _News | None:
    try:
        product = await get_product(session, product_id)
        trip = await get_trip(session, product.product.event_id)
    except (ProductNotFound, TripNotFound):
        return None
    is_news = trip.is_open and trip.trip.announces_products and product.status is ProductStatus.ACTIVE
    return _News(trip, product, links, base_url) if is_news else None


async def _next_people(session: ReadSession, trip_id: UUID, after: UUID | None) -> Sequence[Participant]:
    query = select(Participant).where(
        Participant.event_id == trip_id,
        Participant.state == JoinState.JOINED,
        Participant.unsubscribed_at.is_(None),
        Participant.erased_at.is_(None),
    )
    query = query.order_by(Participant.id).limit(CHUNK)
    return (await session.scalars(query.where(Participant.id > after) if after else query)).all()


def _message(news: _News, person: Participant) -> Outgoing:
    template = CATALOGUE[PRODUCT_ANNOUNCEMENT]
    locale, slug = parse_locale(person.locale), news.product.product.slug
    facts = {
        "buyer_name": person.name,
        "trip_title": news.trip.event.title,
        "product_title": news.product.type.name,
        "price": format_rupiah(news.product.type.price_amount),
    }
    return Outgoing(
        id=uuid5(news.product.product.id, str(person.id)),
        line=Line.NOTIFICATIONS,
        category=template.category,
        to_wa=person.wa,
        to_user_id=None if person.wa else person.wa_user_id,
        body=_body(news, person, facts),
        template=template.use(locale, facts, path=news.links.product_path(slug, person.id)),
        merchant_id=person.merchant_id,
        event_id=person.event_id,
    )


def _body(news: _News, person: Participant, facts: dict[str, str]) -> Link | Picture:
    """The product's picture with the link in words, which WhatsApp fetches from us; words with a button without one."""
    locale, product = parse_locale(person.locale), news.product.product
    url = news.links.product(product.slug, person.id)
    leave = _LEAVE.in_(locale, slug=news.trip.trip.slug.upper())
    said = _NEWS.in_(locale, **facts)
    if pictures := pictures_of(product.image_key):
        rest = f"\n{url}\n\n{leave}"
        picture = f"{news.base_url.rstrip('/')}{pictures.shared}"
        return Picture(picture, caption=fit(said, MAX_CAPTION - len(rest)) + rest)
    return Link(said, fit(_SEE.in_(locale), MAX_LABEL), url, footer=fit(leave, MAX_FOOTER))
