"""What the chats refuse."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class UpdateUnsigned(PesanError):
    """The webhook is not signed by the app's secret, or this instance has none."""

    code = "chats.update_unsigned"
    status = 401
    message = Text(id="Tanda tangan webhook tidak sah.", en="The webhook's signature is not valid.")


class ChallengeRefused(PesanError):
    """Whoever registers this address does not know its verify token."""

    code = "chats.challenge_refused"
    status = 403
    message = Text(id="Token verifikasi tidak cocok.", en="The verify token does not match.")
