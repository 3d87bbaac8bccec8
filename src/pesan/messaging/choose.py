"""Which mailer an instance has, by its settings."""

from pathlib import Path

from pesan.messaging.mail import Mailer
from pesan.messaging.offline import NullMailer, OutboxMailer
from pesan.messaging.smtp import SmtpMailer, parse_smtp_url


def open_mailer(smtp_url: str, *, outbox: Path | None = None) -> Mailer:
    """SMTP where a server is named, else a folder of `.eml` files where one is given, else nothing at all.

    Raises ValueError for an address that cannot be used.
    """
    if smtp_url:
        return SmtpMailer(parse_smtp_url(smtp_url))
    return OutboxMailer(outbox) if outbox is not None else NullMailer()
