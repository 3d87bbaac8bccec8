"""How a broadcast is put to one of its recipients."""

from pesan.chats.catalogue import BROADCAST, CATALOGUE
from pesan.chats.outbox import Outgoing
from pesan.chats.states import Category, Line
from pesan.jastip.links import Links
from pesan.jastip.models import Broadcast, BroadcastRecipient, Participant
from pesan.jastip.queries.trips import TripView
from pesan.kit.i18n import DEFAULT_LOCALE, Locale, Text
from pesan.messaging.whatsapp.limits import MAX_FOOTER, MAX_LABEL
from pesan.messaging.whatsapp.shapes import Link, fit

_SEE = Text(id="Lihat trip", en="See the trip")
_LEAVE = Text(id="Balas STOP {slug} untuk berhenti.", en="Reply STOP {slug} to hear no more.")


def frame_of(locale: Locale, slug: str) -> tuple[str, str]:
    """What stands around the words of a broadcast: the link's label, and how to hear no more."""
    return fit(_SEE.in_(locale), MAX_LABEL), fit(_LEAVE.in_(locale, slug=slug.upper()), MAX_FOOTER)


def write_message(
    broadcast: Broadcast, recipient: BroadcastRecipient, person: Participant, trip: TripView, links: Links
) -> Outgoing:
    """The message, under the recipient's own id: words with a link inside their window, the template outside."""
    locale: Locale = "en" if person.locale == "en" else DEFAULT_LOCALE
    slug = trip.trip.slug
    see, leave = frame_of(locale, slug)
    facts = {"buyer_name": person.name, "trip_title": trip.event.title, "text": broadcast.text}
    return Outgoing(
        line=Line.BROADCAST,
        category=Category.MARKETING,
        to_wa=person.wa,
        to_user_id=None if person.wa else person.wa_user_id,
        body=Link(
            broadcast.text,
            see,
            links.trip(slug, person.id),
            footer=leave,
        ),
        template=CATALOGUE[BROADCAST].use(locale, facts, path=links.trip_path(slug, person.id)),
        merchant_id=broadcast.merchant_id,
        event_id=broadcast.event_id,
        id=recipient.id,
    )
