"""Letters to people about their data: the link to it, and what became of what they asked."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from uuid import UUID

from pesan.kit.i18n import Text, parse_locale
from pesan.messaging import Mail, make_address
from pesan.notifications.render import inert, render_plain
from pesan.privacy.models import ContactProof, PrivacyRequest
from pesan.privacy.states import RequestKind, RequestState

_HOUSE = "Pesan"
_GREETING = Text(id="Halo,", en="Hello,")
_CLOSING = Text(id="Salam,\nPesan", en="Best wishes,\nPesan")
_YOUR_DATA = Text(id="Datamu", en="Your data")
_LINK = Text(
    id="Buka tautan ini untuk melihat dan mengunduh datamu, atau meminta perbaikan dan penghapusan. Tautannya berlaku"
    " 1 jam dan hanya bisa dipakai sekali.",
    en="Open this link to see and download your data, or to ask for its correction or erasure. The link is valid for 1"
    " hour and works once.",
)
_OPEN = Text(id="Lihat datamu", en="See your data")
_AGAIN = Text(id="Buka halaman Datamu", en="Open the page Your data")
_KEEP_SECRET = Text(
    id="Tautan ini hanya untukmu, jadi jangan dibagikan.",
    en="This link is for you alone, so please keep it to yourself.",
)
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
    url = f"{base_url.rstrip('/')}/privacy/open?token={token}"
    texts = [_LINK.in_(locale)], _OPEN, _KEEP_SECRET.in_(locale)
    return _mail(proof.email, proof.locale, proof.id, texts, url=url, sender=sender, now=now)


def compose_answer(
    request: PrivacyRequest, merchant_name: str, *, base_url: str, sender: str, now: datetime
) -> Mail:
    """The letter that says what became of a request."""
    locale = parse_locale(request.locale)
    words = _ANSWERS.get((RequestKind(request.kind), RequestState(request.state)), _REFUSED)
    said = words.in_(locale, merchant=inert(merchant_name), reason=inert(request.reason or ""))
    url = f"{base_url.rstrip('/')}/privacy"
    return _mail(
        request.email or "", request.locale, request.id, ([said], _AGAIN, ""), url=url, sender=sender, now=now
    )


def _mail(
    recipient: str,
    language: str,
    letter_id: UUID,
    texts: tuple[Sequence[str], Text, str],
    *,
    url: str,
    sender: str,
    now: datetime,
) -> Mail:
    locale, (paragraphs, button, keep_secret) = parse_locale(language), texts
    subject = _YOUR_DATA.in_(locale)
    context = {
        "locale": locale,
        "heading": subject,
        "greeting": _GREETING.in_(locale),
        "paragraphs": paragraphs,
        "button": button.in_(locale),
        "keep_secret": keep_secret,
        "closing": _CLOSING.in_(locale).split("\n"),
        "footer": _NOT_ME.in_(locale),
    }
    rendered, address = render_plain(subject, url, context), parseaddr(sender)[1]
    return Mail(
        sender=make_address(address, _HOUSE),
        recipient=recipient,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=f"<{letter_id}@{address.rpartition('@')[2]}>",
        written_at=now.astimezone(UTC),
        language=locale,
    )
