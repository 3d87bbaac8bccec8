"""What is typed, done: joining, leaving, coming back, asking. All inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pesan.chats.contacts import resume, stop
from pesan.chats.models import ChatContact
from pesan.db import Actor, WriteSession
from pesan.jastip.chat import words
from pesan.jastip.chat.answers import Answer, order_list, plain, product_list
from pesan.jastip.chat.people import Taking, find_part, find_trip, list_orders
from pesan.jastip.links import Links
from pesan.jastip.parsing import Command, Info, Join, Start, Status, Stop, name_of
from pesan.jastip.queries.trips import TripView, find_trip_by_slug, list_products
from pesan.jastip.service.participants import Joiner, JoinOutcome, join_from_chat, unsubscribe
from pesan.kit.i18n import DEFAULT_LOCALE, Locale
from pesan.messaging.whatsapp.inbound import InboundMessage
from pesan.messaging.whatsapp.shapes import Shape

ACTOR = Actor.system("chat")
_GREETINGS = {
    JoinOutcome.JOINED: words.JOINED,
    JoinOutcome.CONFIRMED: words.JOINED,
    JoinOutcome.BACK: words.BACK,
    JoinOutcome.KNOWN: words.KNOWN,
}


@dataclass(frozen=True, slots=True)
class Talk:
    """One message, from whom, and what they take part in; `links` are the addresses that answers carry."""

    message: InboundMessage
    contact: ChatContact
    takings: Sequence[Taking]
    links: Links

    @property
    def locale(self) -> Locale:
        """The language of whoever writes, where they are known."""
        return "en" if self.takings and self.takings[0].person.locale == "en" else DEFAULT_LOCALE

    @property
    def at(self) -> datetime:
        """When they wrote it."""
        return self.message.said_at

    def taking_of(self, trip: TripView) -> Taking | None:
        """Their part in this trip."""
        return find_part(self.takings, trip.trip.event_id)


async def run(session: WriteSession, talk: Talk, command: Command) -> Answer:
    """Do what a command says, and answer it; whatever is not understood is answered where the trip wants that."""
    if isinstance(command, Join):
        return await _join(session, talk, command)
    if isinstance(command, Stop):
        return await _stop(session, talk, command.slug)
    if isinstance(command, Start):
        return await _start(session, talk, command.slug)
    if isinstance(command, Info):
        return await _inform(session, talk, command.slug)
    if isinstance(command, Status):
        return await _tell_orders(session, talk)
    helps = any(taking.trip.trip.answers_unknown for taking in talk.takings)
    return Answer("unknown", (plain(words.HELP.in_(talk.locale)),) if helps else ())


async def offer(session: WriteSession, talk: Talk, trip: TripView, *, first: str = "") -> Shape:
    """What can be ordered on a trip, to choose from, after what is to be said `first`."""
    taking = talk.taking_of(trip)
    url = talk.links.trip(trip.trip.slug, taking.person.id if taking else None)
    views = await list_products(session, [trip.trip.event_id])
    return product_list(trip, views, url=url, locale=talk.locale, first=first)


async def _join(session: WriteSession, talk: Talk, wish: Join) -> Answer:
    trip = await find_trip_by_slug(session, wish.slug)
    if trip is None:
        return Answer("no_trip", (plain(words.NO_TRIP.in_(talk.locale, slug=wish.slug)),))
    if not trip.is_open:
        return Answer("trip_closed", (plain(words.CLOSED.in_(talk.locale, trip=trip.event.title)),), trip)
    return await _take_in(session, talk, trip, wish)


async def _take_in(session: WriteSession, talk: Talk, trip: TripView, wish: Join) -> Answer:
    """Whoever joins wants to be told, whatever they said before."""
    joiner = Joiner(
        name=name_of(wish.name, talk.message.profile_name),
        wa=talk.message.wa,
        wa_user_id=talk.message.user_id,
        locale=talk.locale,
        referral_code=wish.code,
    )
    person, outcome = await join_from_chat(session, trip, joiner, actor=ACTOR, said_at=talk.at)
    await resume(session, talk.contact, at=talk.at)
    greeting = _GREETINGS[outcome].in_(
        talk.locale, name=person.name, trip=trip.event.title, slug=trip.trip.slug.upper()
    )
    return Answer(outcome.value, (await offer(session, talk, trip, first=greeting),), trip)


async def _stop(session: WriteSession, talk: Talk, slug: str | None) -> Answer:
    """Leave one trip where one is named that they take part in; whatever else was meant, tell them nothing more."""
    named = [each for each in talk.takings if each.trip.trip.slug == slug]
    if not named:
        await stop(session, talk.contact, at=talk.at)
        return Answer("stopped", (plain(words.STOPPED_ALL.in_(talk.locale)),))
    left = [await unsubscribe(session, each.person.id, actor=ACTOR, said_at=talk.at) for each in named]
    if all(person.unsubscribed_at is None for person in left):
        return Answer("came_late")  # they came back since, and were told so
    trip = named[0].trip
    said = words.STOPPED_TRIP.in_(talk.locale, trip=trip.event.title, slug=trip.trip.slug.upper())
    return Answer("left", (plain(said),), trip)


async def _start(session: WriteSession, talk: Talk, slug: str | None) -> Answer:
    trip = await find_trip_by_slug(session, slug) if slug else None
    if trip is not None and trip.is_open:
        return await _take_in(session, talk, trip, Join(trip.trip.slug))
    await resume(session, talk.contact, at=talk.at)
    return Answer("started", (plain(words.STARTED.in_(talk.locale)),))


async def _inform(session: WriteSession, talk: Talk, slug: str | None) -> Answer:
    trips = [await find_trip_by_slug(session, slug)] if slug else [each.trip for each in talk.takings]
    found = [trip for trip in trips if trip is not None]
    open_ones = [trip for trip in found if trip.is_open]
    if open_ones:
        return Answer("informed", (await offer(session, talk, open_ones[0]),), open_ones[0])
    if found:
        closed = words.CLOSED.in_(talk.locale, trip=found[0].event.title)
        return Answer("trip_closed", (plain(closed),), found[0])
    return (
        Answer("no_trip", (plain(words.NO_TRIP.in_(talk.locale, slug=slug)),)) if slug else Answer("unknown")
    )


async def _tell_orders(session: WriteSession, talk: Talk) -> Answer:
    """Whoever takes part in nothing is not answered: anybody may write anything to the number."""
    if not talk.takings:
        return Answer("unknown")
    found = await list_orders(session, talk.message)
    trips = [each.order.event_id for each in found] or [talk.takings[0].person.event_id]
    return Answer("told_orders", (order_list(found, locale=talk.locale),), find_trip(talk.takings, trips))
