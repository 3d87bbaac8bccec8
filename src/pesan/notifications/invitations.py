"""The letter that invites somebody to a merchant's team."""

from datetime import UTC, datetime

from pesan.identity.states import MerchantRole
from pesan.identity.team.models import Invitation
from pesan.identity.team.queries import Invited
from pesan.kit.i18n import Text, parse_locale
from pesan.messaging import Mail
from pesan.notifications.house import HELLO, KEEP_SECRET, Cover, HouseLetter, house_mail
from pesan.notifications.render import inert

_SUBJECT = Text(id="Undangan ke tim {merchant}", en="Invitation to the team of {merchant}")
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
_FOOTER = Text(
    id="Tidak mengenal {merchant}? Abaikan pesan ini; tanpa tautan tadi tidak terjadi apa-apa.",
    en="Do not know {merchant}? Ignore this message; without the link nothing happens.",
)


def compose_invitation(invited: Invited, *, url: str, sender: str, now: float) -> Mail:
    """The mail with its link; the same invitation makes the same message id."""
    invitation: Invitation = invited.invitation
    locale, merchant = parse_locale(invitation.locale), inert(invited.merchant_name)
    role = _ROLES[MerchantRole(invitation.role)]
    letter = HouseLetter(
        subject=_SUBJECT.in_(locale, merchant=merchant),
        greeting=HELLO.in_(locale),
        paragraphs=[role.in_(locale, merchant=merchant), _TERMS.in_(locale)],
        button=_BUTTON.in_(locale),
        url=url,
        footer=_FOOTER.in_(locale, merchant=merchant),
        keep_secret=KEEP_SECRET.in_(locale),
    )
    written_at = datetime.fromtimestamp(now, UTC)
    return house_mail(letter, Cover(invitation.email, locale, sender, invitation.id, written_at))
