"""The letter to organizers whose endpoint was switched off."""

from datetime import UTC, datetime
from uuid import UUID

from pesan.identity.models import User
from pesan.kit.i18n import Text, parse_locale
from pesan.messaging import Mail
from pesan.notifications.house import HELLO_YOU, Cover, HouseLetter, house_mail
from pesan.notifications.render import inert

_SUBJECT = Text(id="Webhook dimatikan", en="Webhook turned off")
_BODY = Text(
    id="{shop} mengirim kabar pesanan ke {url}, tetapi alamat itu tidak menerimanya selama beberapa hari, atau menjawab"
    " bahwa ia sudah tidak ada. Karena itu webhook-nya kami matikan. Perbaiki alamatnya, lalu nyalakan lagi; yang"
    " belum terkirim akan dikirim.",
    en="{shop} sends news of its bookings to {url}, but that address has not taken any for several days, or answered"
    " that it is gone. So we have turned the webhook off. Mend the address, then turn it on again; what was not"
    " delivered will be sent.",
)
_BUTTON = Text(id="Buka halaman webhook", en="Open the webhooks page")
_FOOTER = Text(id="Kamu menerima ini karena mengelola {shop}.", en="You get this because you manage {shop}.")


def compose_end(user: User, *, shop: str, url: str, page: str, sender: str, letter_id: UUID) -> Mail:
    """The letter, in the person's language; the same `letter_id` makes the same message id."""
    locale = parse_locale(user.locale)
    letter = HouseLetter(
        subject=_SUBJECT.in_(locale),
        greeting=HELLO_YOU.in_(locale, name=inert(user.name)),
        paragraphs=[_BODY.in_(locale, shop=inert(shop), url=inert(url))],
        button=_BUTTON.in_(locale),
        url=page,
        footer=_FOOTER.in_(locale, shop=inert(shop)),
    )
    return house_mail(letter, Cover(user.email, locale, sender, letter_id, datetime.now(UTC)))
