"""Mailers for an instance without a mail server: one keeps mails as files, one lets them go."""

import asyncio
import re
from pathlib import Path

from pesan.messaging.mail import Mail, to_message


class NullMailer:
    """Accepts every mail and sends none; still refuses what could not be written."""

    async def send(self, mail: Mail) -> None:
        """See Mailer."""
        to_message(mail)


class OutboxMailer:
    """Writes each mail as an `.eml` file that any mail program opens; for development and demos.

    A mail that is tried again replaces its file, as a mailbox would by Message-ID.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: Mail) -> None:
        """See Mailer."""
        await asyncio.to_thread(self._write, mail)

    def _write(self, mail: Mail) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = (
            f"{mail.written_at:%Y%m%dT%H%M%S}-{re.sub(r'[^A-Za-z0-9]+', '-', mail.message_id).strip('-')}.eml"
        )
        draft = self._folder / f".{name}"
        draft.write_bytes(to_message(mail).as_bytes())
        draft.replace(self._folder / name)
