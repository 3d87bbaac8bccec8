"""Letters about somebody's account: the links that verify an address and set a new password."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from uuid import UUID

from pesan.identity.links import AccountLinks
from pesan.identity.models import User
from pesan.identity.states import LinkPurpose
from pesan.kit.i18n import Text, parse_locale
from pesan.messaging import Mail, make_address
from pesan.notifications.render import Rendered, inert, render_plain

_HOUSE = "Pesan"


@dataclass(frozen=True, slots=True)
class AccountWords:
    """What one letter says."""

    subject: Text
    paragraphs: tuple[Text, ...]
    button: Text
    footer: Text


_GREETING = Text(id="Halo {name},", en="Hello {name},")
_CLOSING = Text(id="Salam,\nPesan", en="Best wishes,\nPesan")
_KEEP_SECRET = Text(
    id="Tautan ini hanya untukmu, jadi jangan dibagikan.",
    en="This link is for you alone, so please keep it to yourself.",
)
WORDS: Mapping[LinkPurpose, AccountWords] = {
    LinkPurpose.VERIFY_EMAIL: AccountWords(
        Text(id="Verifikasi e-mailmu", en="Verify your e-mail"),
        (
            Text(
                id="Buka tautan ini supaya kami tahu alamat ini milikmu. Pesanan yang pernah kamu buat dengan alamat"
                " ini lalu muncul di akunmu. Tautannya berlaku 3 hari.",
                en="Open this link so that we know this address is yours. Bookings that you made with this address"
                " then appear in your account. The link is valid for 3 days.",
            ),
        ),
        Text(id="Verifikasi e-mail", en="Verify e-mail"),
        Text(
            id="Tidak merasa mendaftar? Abaikan pesan ini; tanpa tautan tadi tidak terjadi apa-apa.",
            en="Did not register? Ignore this message; without the link nothing happens.",
        ),
    ),
    LinkPurpose.RESET_PASSWORD: AccountWords(
        Text(id="Buat kata sandi baru", en="Set a new password"),
        (
            Text(
                id="Ada yang meminta kata sandi baru untuk akunmu. Buka tautan ini untuk membuatnya. Tautannya"
                " berlaku 1 jam dan hanya bisa dipakai sekali.",
                en="Somebody asked for a new password for your account. Open this link to set one. The link is valid"
                " for 1 hour and works once.",
            ),
        ),
        Text(id="Buat kata sandi baru", en="Set a new password"),
        Text(
            id="Bukan kamu yang meminta? Abaikan pesan ini; kata sandimu tidak berubah.",
            en="Was it not you? Ignore this message; your password stays as it is.",
        ),
    ),
}


def compose_account_mail(
    user: User, purpose: LinkPurpose, *, links: AccountLinks, sender: str, letter_id: UUID, now: float
) -> Mail:
    """The mail with its link, in the person's language; the same `letter_id` makes the same message id."""
    locale = parse_locale(user.locale)
    rendered = _render(user, purpose, url=links.make(purpose, user, now))
    address = parseaddr(sender)[1]
    return Mail(
        sender=make_address(address, _HOUSE),
        recipient=user.email,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=f"<{letter_id}@{address.rpartition('@')[2]}>",
        written_at=datetime.fromtimestamp(now, UTC),
        language=locale,
    )


def _render(user: User, purpose: LinkPurpose, *, url: str) -> Rendered:
    words, locale = WORDS[purpose], parse_locale(user.locale)
    context = {
        "locale": locale,
        "heading": words.subject.in_(locale),
        "greeting": _GREETING.in_(locale, name=inert(user.name)),
        "paragraphs": [paragraph.in_(locale) for paragraph in words.paragraphs],
        "button": words.button.in_(locale),
        "keep_secret": _KEEP_SECRET.in_(locale),
        "closing": _CLOSING.in_(locale).split("\n"),
        "footer": words.footer.in_(locale),
    }
    return render_plain(words.subject.in_(locale), url, context)
