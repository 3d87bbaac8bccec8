import asyncio
import socket
from datetime import UTC, datetime

import pytest

from pesan.messaging import Attachment, Mail, MessageDelayed, MessageRejected, make_address
from pesan.messaging.smtp import SmtpMailer, SmtpServer, parse_smtp_url
from tests.support.mailbox import running_mailbox


@pytest.fixture
async def mailbox():
    async with running_mailbox() as box:
        yield box


def _mail(**changes) -> Mail:
    facts = {
        "sender": make_address("tiket@pesan.example", "Ruang Senja"),
        "recipient": "asep@contoh.example",
        "subject": "Tiketmu siap: Senja di Braga",
        "text": "Halo Asep,\n\nTiketmu siap.\n",
        "html": "<p>Halo Asep</p>",
        "message_id": "<0193@pesan.example>",
        "written_at": datetime(2026, 12, 5, tzinfo=UTC),
    }
    return Mail(**facts | changes)


def _mailer(mailbox) -> SmtpMailer:
    return SmtpMailer(parse_smtp_url(mailbox.url), timeout=5)


async def test_mail_arrives_whole(mailbox):
    pdf = Attachment("tiket.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")
    ics = Attachment("acara.ics", "text/calendar", b"BEGIN:VCALENDAR\r\n", (("method", "PUBLISH"),))

    await _mailer(mailbox).send(_mail(attachments=(pdf, ics)))

    (message,) = mailbox.messages
    assert mailbox.recipients == [["asep@contoh.example"]]
    assert message["Message-ID"] == "<0193@pesan.example>"
    assert message["From"] == "Ruang Senja <tiket@pesan.example>"
    assert message["Subject"] == "Tiketmu siap: Senja di Braga"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_body(["plain"]).get_content() == "Halo Asep,\r\n\r\nTiketmu siap.\r\n"
    assert message.get_body(["html"]).get_content() == "<p>Halo Asep</p>\r\n"
    files = [(part.get_filename(), part.get_content_type()) for part in message.iter_attachments()]
    assert files == [("tiket.pdf", "application/pdf"), ("acara.ics", "text/calendar")]
    assert next(message.iter_attachments()).get_content() == pdf.content


@pytest.mark.parametrize(
    "injected", ["\r\nBcc: semua@contoh.example", "\nX-Evil: 1", "\r\n\r\nbody", "\x00", "\u2028x"]
)
async def test_header_cannot_be_injected_through_a_subject_or_a_name(mailbox, injected):
    mail = _mail(subject=f"Konser{injected}", sender=make_address("tiket@pesan.example", f"Ruang{injected}"))

    await _mailer(mailbox).send(mail)

    (message,) = mailbox.messages
    assert mailbox.recipients == [["asep@contoh.example"]]
    assert message.keys().count("Bcc") == message.keys().count("X-Evil") == 0
    assert "\n" not in message["Subject"]
    assert message.get_body(["plain"]).get_content().startswith("Halo Asep")


@pytest.mark.parametrize(
    "recipient", ["a@b\r\nBcc: c@d", "a b@c", "nobody", "", "a@b, c@d", "<a@b>", "a@b\x00"]
)
async def test_recipient_that_is_no_single_address_is_refused(mailbox, recipient):
    with pytest.raises(MessageRejected, match=r"mail\.unwritable"):
        await _mailer(mailbox).send(_mail(recipient=recipient))

    assert mailbox.messages == []


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ("451 4.3.0 later", MessageDelayed, "smtp.server_451"),
        ("421 4.3.2 closing", MessageDelayed, "smtp.server_421"),
        ("550 5.7.1 no", MessageRejected, "smtp.server_550"),
        ("552 5.3.4 too big", MessageRejected, "smtp.server_552"),
        ("vanish", MessageDelayed, "smtp.unreachable"),
    ],
)
async def test_servers_answer_decides_between_later_and_never(mailbox, answer, error, code):
    mailbox.answers.append(answer)

    with pytest.raises(error) as raised:
        await _mailer(mailbox).send(_mail())

    assert raised.value.code == code


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ("450 4.2.0 greylisted", MessageDelayed, "smtp.recipient_450"),
        ("550 5.1.1 unknown", MessageRejected, "smtp.recipient_550"),
    ],
)
async def test_answer_about_the_recipient_decides_too(mailbox, answer, error, code):
    mailbox.recipient_answers.append(answer)

    with pytest.raises(error) as raised:
        await _mailer(mailbox).send(_mail())

    assert raised.value.code == code


async def test_server_that_is_not_there_delays():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        mailer = SmtpMailer(SmtpServer("127.0.0.1", taken.getsockname()[1]), timeout=2)
        with pytest.raises(MessageDelayed, match=r"smtp\.unreachable"):
            await mailer.send(_mail())


async def test_server_that_says_nothing_delays():
    async def silent(_reader, writer):
        await asyncio.sleep(5)
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(MessageDelayed, match=r"smtp\.unreachable"):
        await SmtpMailer(SmtpServer("127.0.0.1", port), timeout=0.2).send(_mail())
    server.close()


async def test_tls_that_is_required_and_missing_delays_and_leaks_nothing(mailbox):
    """Somebody who strips STARTTLS from the server's answer must not get the mail."""
    server = SmtpServer("127.0.0.1", mailbox.port, starttls=True)

    with pytest.raises((MessageDelayed, MessageRejected)):
        await SmtpMailer(server, timeout=5).send(_mail())

    assert mailbox.messages == []


# aiosmtpd warns about what this test is for: a password over a plain connection, on this machine.
@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
async def test_refused_log_in_delays():
    async with running_mailbox(
        auth_require_tls=False, auth_required=True, authenticator=lambda *_: _refused()
    ) as mailbox:
        server = SmtpServer("127.0.0.1", mailbox.port, "pesan", "salah", starttls=False)
        with pytest.raises(MessageDelayed, match=r"smtp\.log_in_refused"):
            await SmtpMailer(server, timeout=5).send(_mail())


def _refused():
    from aiosmtpd.smtp import AuthResult

    return AuthResult(success=False, handled=False)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 587)),
        ("smtps://mail.example", SmtpServer("mail.example", 465, use_tls=True, starttls=False)),
        ("smtp://127.0.0.1:2525?starttls=never", SmtpServer("127.0.0.1", 2525, starttls=False)),
        ("smtp://u%40x:p%3Aw@mail.example:25", SmtpServer("mail.example", 25, "u@x", "p:w", starttls=True)),
    ],
)
def test_smtp_url_is_read(url, server):
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example",
        "smtp://",
        "mail.example:25",
        "smtp://mail.example?starttls=maybe",
        "smtp://u:rahasia@mail.example?starttls=never",
        "smtp://u:rahasia@mail.example?starttls=auto",
    ],
)
def test_smtp_url_that_is_unusable_or_unsafe_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the text is checked below
        parse_smtp_url(url)

    assert "rahasia" not in str(raised.value)
