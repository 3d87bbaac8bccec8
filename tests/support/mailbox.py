"""A real SMTP server that keeps what it accepts and can be told how to behave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from aiosmtpd import smtp

ACCEPTED = "250 2.0.0 taken"


@dataclass(slots=True)
class Mailbox:
    """The server's side: `answers` are given in turn to DATA, then every mail is accepted.

    The answer `vanish` takes the mail and cuts the connection instead of acknowledging it; with `pause_after_taking`
    the server waits for that event before it acknowledges.
    """

    port: int = 0
    answers: list[str] = field(default_factory=list)
    recipient_answers: list[str] = field(default_factory=list)
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    pause_after_taking: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """Where to send to."""
        return f"smtp://127.0.0.1:{self.port}?starttls=never"

    @property
    def message_ids(self) -> list[str]:
        """The Message-ID of each mail that was taken, in order."""
        return [str(message["Message-ID"]) for message in self.messages]

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self,
        _server: smtp.SMTP,
        _session: smtp.Session,
        envelope: smtp.Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Answer RCPT TO."""
        if self.recipient_answers:
            return self.recipient_answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: smtp.SMTP, _session: smtp.Session, envelope: smtp.Envelope) -> str:  # noqa: N802
        """Keep the mail, or do as told."""
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if answer.startswith("2") or answer == "vanish":
            self._keep(envelope)
        if self.pause_after_taking is not None:
            await self.pause_after_taking.wait()
        if answer == "vanish":
            transport: Any = server.transport
            transport.abort()
        return answer if answer != "vanish" else ACCEPTED

    def _keep(self, envelope: smtp.Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=SMTP)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        self.taken.set()


@asynccontextmanager
async def running_mailbox(**options: Any) -> AsyncIterator[Mailbox]:
    """A mailbox on a free port of this machine; `options` are those of aiosmtpd's protocol."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    conversations: list[smtp.SMTP] = []

    def answer() -> smtp.SMTP:
        conversations.append(smtp.SMTP(mailbox, loop=loop, **options))
        return conversations[-1]

    server = await loop.create_server(answer, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        for conversation in conversations:
            if conversation.transport is not None:
                conversation.transport.close()
        await asyncio.sleep(0)
