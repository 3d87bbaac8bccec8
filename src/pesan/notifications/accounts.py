"""Letters about somebody's account: the links that verify an address and set a new password."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pesan.identity.links import AccountLinks
from pesan.identity.models import User
from pesan.identity.states import LinkPurpose
from pesan.kit.i18n import Text, parse_locale
from pesan.messaging import Mail
from pesan.notifications.house import HELLO_YOU, KEEP_SECRET, Cover, HouseLetter, house_mail
from pesan.notifications.render import inert


@dataclass(frozen=True, slots=True)
class AccountWords:
    """What one letter says."""

    subject: Text
    paragraphs: tuple[Text, ...]
    button: Text
    footer: Text


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
    words, locale = WORDS[purpose], parse_locale(user.locale)
    letter = HouseLetter(
        subject=words.subject.in_(locale),
        greeting=HELLO_YOU.in_(locale, name=inert(user.name)),
        paragraphs=[paragraph.in_(locale) for paragraph in words.paragraphs],
        button=words.button.in_(locale),
        url=links.make(purpose, user, now),
        footer=words.footer.in_(locale),
        keep_secret=KEEP_SECRET.in_(locale),
    )
    return house_mail(letter, Cover(user.email, locale, sender, letter_id, datetime.fromtimestamp(now, UTC)))
