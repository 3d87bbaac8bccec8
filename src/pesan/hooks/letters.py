"""The letter to organizers whose endpoint was switched off."""

from datetime import UTC, datetime
from email.utils import parseaddr
from uuid import UUID

from pesan.identity.models import User
from pesan.kit.i18n import Text, parse_locale
from pesan.messaging import Mail, make_address
from pesan.notifications.render import inert, render_plain

_HOUSE = "Pesan"
_SUBJECT = Text(id="Webhook dimatikan", en="Webhook turned off")
_GREETING = Text(id="Halo {name},", en="Hello {name},")
_BODY = Text(
    id="{shop} mengirim kabar pesanan ke {url}, tetapi alamat itu tidak menerimanya selama beberapa hari, atau menjawab"
    " bahwa ia sudah tidak ada. Karena itu webhook-nya kami matikan. Perbaiki alamatnya, lalu nyalakan lagi; yang"
    " belum terkirim akan dikirim.",
    en="{shop} sends news of its bookings to {url}, but that address has not taken any for several days, or answered"
    " that it is gone. So we have turned the webhook off. Mend the address, then turn it on again; what was not"
    " delivered will be sent.",
)
_BUTTON = Text(id="Buka halaman webhook", en="Open the webhooks page")
_CLOSING = Text(id="Salam,\nPesan", en="Best wishes,\nPesan")
_FOOTER = Text(id="Kamu menerima ini karena mengelola {shop}.", en="You get this because you manage {shop}.")


def compose_end(user: User, *, shop: str, url: str, page: str, sender: str, letter_id: UUID) -> Mail:
    """The letter, in the person's language; the same `letter_id` makes the same message id."""
    locale = parse_locale(user.locale)
    facts = {"shop": inert(shop), "url": inert(url), "name": inert(user.name)}
    context = {
        "locale": locale,
        "heading": _SUBJECT.in_(locale),
        "greeting": _GREETING.in_(locale, **facts),
        "paragraphs": [_BODY.in_(locale, **facts)],
        "button": _BUTTON.in_(locale),
        "keep_secret": "",
        "closing": _CLOSING.in_(locale).split("\n"),
        "footer": _FOOTER.in_(locale, **facts),
    }
    rendered = render_plain(_SUBJECT.in_(locale), page, context)
    address = parseaddr(sender)[1]
    return Mail(
        sender=make_address(address, _HOUSE),
        recipient=user.email,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=f"<{letter_id}@{address.rpartition('@')[2]}>",
        written_at=datetime.now(UTC),
        language=locale,
    )
