"""Letters to people about their data: the link to it, and what became of what they asked."""

from datetime import datetime

from pesan.kit.i18n import Text, parse_locale
from pesan.messaging import Mail
from pesan.notifications.house import HELLO, KEEP_SECRET, Cover, HouseLetter, house_mail
from pesan.notifications.render import inert
from pesan.privacy.models import ContactProof, PrivacyRequest
from pesan.privacy.states import RequestKind, RequestState

_YOUR_DATA = Text(id="Datamu", en="Your data")
_LINK = Text(
    id="Buka tautan ini untuk melihat dan mengunduh datamu, atau meminta perbaikan dan penghapusan. Tautannya berlaku"
    " 1 jam dan hanya bisa dipakai sekali.",
    en="Open this link to see and download your data, or to ask for its correction or erasure. The link is valid for 1"
    " hour and works once.",
)
_OPEN = Text(id="Lihat datamu", en="See your data")
_AGAIN = Text(id="Buka halaman Datamu", en="Open the page Your data")
_NOT_ME = Text(
    id="Bukan kamu yang meminta? Abaikan pesan ini; tidak ada yang berubah.",
    en="Was it not you? Ignore this message; nothing changes.",
)
_ANSWERS = {
    (RequestKind.ERASURE, RequestState.DONE): Text(
        id="{merchant} menghapus nama dan kontakmu dari pesanan yang selesai. Jumlah uang tetap dicatat, tanpa namamu,"
        " karena hukum mewajibkannya.",
        en="{merchant} erased your name and contact from the bookings that are over. The amounts stay on record without"
        " your name, because the law demands it.",
    ),
    (RequestKind.CORRECTION, RequestState.DONE): Text(
        id="{merchant} sudah membetulkan datamu.", en="{merchant} corrected your data."
    ),
}
_REFUSED = Text(
    id="{merchant} belum bisa memenuhi permintaanmu. Alasannya: {reason}",
    en="{merchant} cannot do what you asked. The reason: {reason}",
)


def compose_link(proof: ContactProof, token: str, *, base_url: str, sender: str, now: datetime) -> Mail:
    """The letter with the link to somebody's data."""
    locale = parse_locale(proof.locale)
    letter = HouseLetter(
        subject=_YOUR_DATA.in_(locale),
        greeting=HELLO.in_(locale),
        paragraphs=[_LINK.in_(locale)],
        button=_OPEN.in_(locale),
        url=f"{base_url.rstrip('/')}/privacy/open?token={token}",
        footer=_NOT_ME.in_(locale),
        keep_secret=KEEP_SECRET.in_(locale),
    )
    return house_mail(letter, Cover(proof.email, locale, sender, proof.id, now))


def compose_answer(
    request: PrivacyRequest, merchant_name: str, *, base_url: str, sender: str, now: datetime
) -> Mail:
    """The letter that says what became of a request."""
    locale = parse_locale(request.locale)
    words = _ANSWERS.get((RequestKind(request.kind), RequestState(request.state)), _REFUSED)
    letter = HouseLetter(
        subject=_YOUR_DATA.in_(locale),
        greeting=HELLO.in_(locale),
        paragraphs=[words.in_(locale, merchant=inert(merchant_name), reason=inert(request.reason or ""))],
        button=_AGAIN.in_(locale),
        url=f"{base_url.rstrip('/')}/privacy",
        footer=_NOT_ME.in_(locale),
    )
    return house_mail(letter, Cover(request.email or "", locale, sender, request.id, now))
