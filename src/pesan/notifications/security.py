"""Letters about what protects an account: whoever did not change it has to hear of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from pesan.identity import changes
from pesan.identity.models import User
from pesan.kit.i18n import Text, parse_locale
from pesan.messaging import Mail
from pesan.notifications.house import HELLO_YOU, Cover, HouseLetter, house_mail
from pesan.notifications.render import inert

_PASSWORD = Text(id="Kata sandi akunmu diganti", en="The password of your account was changed")
SUBJECTS: Mapping[str, Text] = {
    changes.PASSWORD_CHANGED: _PASSWORD,
    changes.PASSWORD_RESET: _PASSWORD,
    changes.FACTOR_ADDED: Text(
        id="Aplikasi autentikator ditambahkan ke akunmu", en="An authenticator app was added to your account"
    ),
    changes.FACTOR_REMOVED: Text(
        id="Aplikasi autentikator dihapus dari akunmu",
        en="The authenticator app was removed from your account",
    ),
    changes.FACTORS_CLEARED: Text(
        id="Langkah kedua akunmu dimatikan", en="The second step of your account was turned off"
    ),
    changes.PASSKEY_ADDED: Text(
        id="Passkey baru ditambahkan ke akunmu", en="A new passkey was added to your account"
    ),
    changes.PASSKEY_REMOVED: Text(
        id="Sebuah passkey dihapus dari akunmu", en="A passkey was removed from your account"
    ),
    changes.PROVIDER_JOINED: Text(
        id="Cara masuk lain dihubungkan ke akunmu", en="Another way to sign in was joined to your account"
    ),
    changes.PROVIDER_LEFT: Text(
        id="Sebuah cara masuk diputus dari akunmu", en="A way to sign in was taken off your account"
    ),
}
_YOURS = Text(
    id="Kalau itu kamu, tidak ada yang perlu dilakukan.", en="If that was you, there is nothing to do."
)
_NOT_YOURS = Text(
    id="Kalau bukan kamu, buat kata sandi baru lewat “Lupa kata sandi?” di halaman masuk, lalu keluarkan semua"
    " perangkat yang tidak kamu kenal.",
    en="If it was not, set a new password by “Forgot your password?” on the sign-in page, then sign out every"
    " device that you do not know.",
)
_BUTTON = Text(id="Periksa akunmu", en="Look at your account")
_FOOTER = Text(
    id="Kami mengirim ini setiap kali cara masuk ke akunmu berubah.",
    en="We send this whenever the way into your account changes.",
)


def compose_security_mail(
    user: User, change: str, *, url: str, sender: str, letter_id: UUID, now: float
) -> Mail:
    """The mail in the person's language; the same `letter_id` makes the same message id."""
    locale = parse_locale(user.locale)
    letter = HouseLetter(
        subject=SUBJECTS[change].in_(locale),
        greeting=HELLO_YOU.in_(locale, name=inert(user.name)),
        paragraphs=[_YOURS.in_(locale), _NOT_YOURS.in_(locale)],
        button=_BUTTON.in_(locale),
        url=url,
        footer=_FOOTER.in_(locale),
    )
    return house_mail(letter, Cover(user.email, locale, sender, letter_id, datetime.fromtimestamp(now, UTC)))
