"""Adapters to the networks that carry messages to people; mail is the first."""

from pesan.messaging.choose import open_mailer
from pesan.messaging.errors import MessageDelayed, MessageRejected
from pesan.messaging.mail import Attachment, Mail, Mailer, make_address

__all__ = ["Attachment", "Mail", "Mailer", "MessageDelayed", "MessageRejected", "make_address", "open_mailer"]
