"""The letter that invites somebody to a merchant's team."""

from datetime import UTC, datetime
from email.utils import parseaddr

from pesan.identity.states import MerchantRole
from pesan.identity.team.models import Invitation
from pesan.identity.team.queries import Invited
from pesan.kit.i18n import Text, parse_locale
from pesan.messaging import Mail, make_address
from pesan.notifications.render import inert, render_plain

_HOUSE = "Pesan"
_SUBJECT = Text(id="Undangan ke tim {merchant}", en="Invitation to the team of {merchant}")
_GREETING = Text(id="Halo,", en="Hello,")
_ROLES = {
    MerchantRole.ORGANIZER: Text(
        id="{merchant} mengundangmu sebagai penyelenggara: mengatur acara, pesanan, dan tim.",
        en="{merchant} invites you as an organizer: to run events, bookings and the team.",
    ),
    MerchantRole.STAFF: Text(
        id="{merchant} mengundangmu sebagai petugas: memeriksa pesanan dan bukti bayar.",
        en="{merchant} invites you as staff: to look after bookings and proofs of payment.",
    ),
}
_TERMS = Text(
    id="Tautannya berlaku 48 jam dan hanya bisa dipakai sekali.",
    en="The link is valid for 48 hours and works once.",
)
_BUTTON = Text(id="Terima undangan", en="Accept the invitation")
_KEEP_SECRET = Text(
    id="Tautan ini hanya untukmu, jadi jangan dibagikan.",
    en="This link is for you alone, so please keep it to yourself.",
)
_CLOSING = Text(id="Salam,\nPesan", en="Best wishes,\nPesan")
_FOOTER = Text(
    id="Tidak mengenal {merchant}? Abaikan pesan ini; tanpa tautan tadi tidak terjadi apa-apa.",
    en="Do not know {merchant}? Ignore this message; without the link nothing happens.",
)


def compose_invitation(invited: Invited, *, url: str, sender: str, now: float) -> Mail:
    """The mail with its link; the same invitation makes the same message id."""
    invitation: Invitation = invited.invitation
    locale, merchant = parse_locale(invitation.locale), inert(invited.merchant_name)
    address = parseaddr(sender)[1]
    subject = _SUBJECT.in_(locale, merchant=merchant)
    context = {
        "locale": locale,
        "heading": subject,
        "greeting": _GREETING.in_(locale),
        "paragraphs": [
            _ROLES[MerchantRole(invitation.role)].in_(locale, merchant=merchant),
            _TERMS.in_(locale),
        ],
        "button": _BUTTON.in_(locale),
        "keep_secret": _KEEP_SECRET.in_(locale),
        "closing": _CLOSING.in_(locale).split("\n"),
        "footer": _FOOTER.in_(locale, merchant=merchant),
    }
    rendered = render_plain(subject, url, context)
    return Mail(
        sender=make_address(address, _HOUSE),
        recipient=invitation.email,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=f"<{invitation.id}@{address.rpartition('@')[2]}>",
        written_at=datetime.fromtimestamp(now, UTC),
        language=locale,
    )
