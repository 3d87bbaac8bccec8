"""One mail, and how it becomes RFC 5322 text."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol

_LINE_BREAKS = re.compile(r"\s+")
_MAX_SUBJECT = 160


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a message; `parameters` join its content type."""

    filename: str
    mime: str
    content: bytes
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person, in words and in HTML.

    `message_id` carries its angle brackets and stays the same however often the mail is tried. A name or an address
    with a line break in it cannot be made: `make_address` cleans names and refuses addresses.
    """

    sender: Address
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    written_at: datetime
    language: str = "id"
    reply_to: Address | None = None
    attachments: tuple[Attachment, ...] = ()


class Mailer(Protocol):
    """Hands mails to whoever carries them."""

    async def send(self, mail: Mail) -> None:
        """Returns when the mail was accepted; raises MessageDelayed or MessageRejected."""


def to_message(mail: Mail) -> EmailMessage:
    """The mail as a message. A line break in a header ends here: the standard library refuses it.

    Raises ValueError for an address that is none.
    """
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(mail.written_at)
    message["From"] = mail.sender
    message["To"] = make_address(mail.recipient)
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message["Subject"] = one_line(mail.subject)[:_MAX_SUBJECT]
    message["Content-Language"] = mail.language
    # Neither an answering machine nor a mailing list should talk back (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for attachment in mail.attachments:
        _attach(message, attachment)
    return message


def make_address(address: str, name: str = "") -> Address:
    """An address with a name beside it; raises ValueError when it is none."""
    if "@" not in address or any(unicodedata.category(char)[0] in "CZ" for char in address):
        raise ValueError("not an address")
    try:
        return Address(display_name=one_line(name), addr_spec=address)
    except (HeaderParseError, IndexError) as error:
        raise ValueError("not an address") from error


def one_line(text: str) -> str:
    """Text that a person typed, fit for a header: breaks and control characters become spaces."""
    visible = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in text)
    return _LINE_BREAKS.sub(" ", visible).strip()


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    maintype, _, subtype = attachment.mime.partition("/")
    message.add_attachment(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        filename=one_line(attachment.filename),
        params=dict(attachment.parameters),
    )
