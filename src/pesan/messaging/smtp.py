"""Mail by SMTP, to the server that a URL names."""

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from pesan.messaging.errors import MessageDelayed, MessageRejected
from pesan.messaging.mail import Mail, to_message

TIMEOUT_SECONDS = 20.0
_PORTS = {"smtp": 587, "smtps": 465}
_STARTTLS = {"auto": None, "required": True, "never": False}
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes in; `starttls` None upgrades to TLS where the server offers it."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    use_tls: bool = False
    starttls: bool | None = None


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp://user:password@host:587?starttls=required` or `smtps://…`.

    `starttls` is `auto`, `required` or `never`; with a password it is `required` unless said otherwise, and `never`
    is refused except to this machine. Raises ValueError, whose text never repeats the URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("an SMTP address begins with smtp:// or smtps:// and names a host")
    wanted = parse_qs(parts.query).get("starttls", ["required" if parts.password else "auto"])[-1]
    if wanted not in _STARTTLS:
        raise ValueError("starttls is auto, required or never")
    use_tls = parts.scheme == "smtps"
    if parts.password and not use_tls and wanted != "required" and parts.hostname not in _LOCAL:
        raise ValueError("a password goes over TLS only: use smtps:// or starttls=required")
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=use_tls,
        starttls=False if use_tls else _STARTTLS[wanted],
    )


class SmtpMailer:
    """Sends each mail over a connection of its own; certificates are checked."""

    def __init__(
        self, server: SmtpServer, *, timeout: float = TIMEOUT_SECONDS, tls: ssl.SSLContext | None = None
    ) -> None:
        self._server = server
        self._timeout = timeout
        self._tls = tls

    async def send(self, mail: Mail) -> None:
        """See Mailer. The server's 4xx, a time-out or a lost connection is a delay; its 5xx is a refusal."""
        try:
            message = to_message(mail)
        except ValueError as error:
            raise MessageRejected("mail.unwritable") from error
        try:
            await aiosmtplib.send(message, **self._options())
        except aiosmtplib.SMTPAuthenticationError as error:
            # Our own password is wrong: the mail is not to blame and waits until somebody mends it.
            raise MessageDelayed("smtp.log_in_refused") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _verdict(error.recipients[0].code, "recipient") from error
        except aiosmtplib.SMTPResponseException as error:
            raise _verdict(error.code, "server") from error
        except aiosmtplib.SMTPNotSupported as error:
            raise MessageRejected("smtp.not_supported") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MessageDelayed("smtp.unreachable") from error

    def _options(self) -> dict[str, Any]:
        server = self._server
        return {
            "hostname": server.host,
            "port": server.port,
            "username": server.username,
            "password": server.password,
            "use_tls": server.use_tls,
            "start_tls": server.starttls,
            "tls_context": self._tls,
            "timeout": self._timeout,
        }


def _verdict(code: int, who: str) -> MessageDelayed | MessageRejected:
    kind = MessageRejected if 500 <= code < 600 else MessageDelayed
    return kind(f"smtp.{who}_{code}")
