"""Letters of the house's own, in its name and one form: about accounts, teams, webhooks and people's data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from uuid import UUID

from pesan.kit.i18n import Locale, Text
from pesan.messaging import Mail, make_address
from pesan.notifications.render import HOUSE, render_plain

HELLO = Text(id="Halo,", en="Hello,")
HELLO_YOU = Text(id="Halo {name},", en="Hello {name},")
KEEP_SECRET = Text(
    id="Tautan ini hanya untukmu, jadi jangan dibagikan.",
    en="This link is for you alone, so please keep it to yourself.",
)
_CLOSING = Text(id="Salam,\nPesan", en="Best wishes,\nPesan")


@dataclass(frozen=True, slots=True)
class HouseLetter:
    """What a letter says, in the reader's language; what people typed in it is `inert`."""

    subject: str
    greeting: str
    paragraphs: Sequence[str]
    button: str
    url: str
    footer: str
    keep_secret: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """Whom a letter goes to and from; the same `letter_id` makes the same message id."""

    recipient: str
    locale: Locale
    sender: str
    letter_id: UUID
    written_at: datetime


def house_mail(letter: HouseLetter, cover: Cover) -> Mail:
    """The letter as a mail."""
    context = {
        "locale": cover.locale,
        "heading": letter.subject,
        "greeting": letter.greeting,
        "paragraphs": letter.paragraphs,
        "button": letter.button,
        "keep_secret": letter.keep_secret,
        "closing": _CLOSING.in_(cover.locale).split("\n"),
        "footer": letter.footer,
    }
    rendered = render_plain(letter.subject, letter.url, context)
    address = parseaddr(cover.sender)[1]
    return Mail(
        sender=make_address(address, HOUSE),
        recipient=cover.recipient,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=f"<{cover.letter_id}@{address.rpartition('@')[2]}>",
        written_at=cover.written_at.astimezone(UTC),
        language=cover.locale,
    )
