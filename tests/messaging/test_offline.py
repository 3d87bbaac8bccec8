from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP

import pytest

from pesan.messaging import Mail, make_address
from pesan.messaging.choose import open_mailer
from pesan.messaging.offline import NullMailer, OutboxMailer
from pesan.messaging.smtp import SmtpMailer

MAIL = Mail(
    sender=make_address("tiket@pesan.example", "Ruang Senja"),
    recipient="asep@contoh.example",
    subject="Halo",
    text="Halo",
    html="<p>Halo</p>",
    message_id="<../../0193@pesan.example>",
    written_at=datetime(2026, 12, 5, tzinfo=UTC),
)


async def test_outbox_keeps_one_file_a_mail_however_often_it_is_tried(tmp_path):
    folder = tmp_path / "outbox"
    mailer = OutboxMailer(folder)

    await mailer.send(MAIL)
    await mailer.send(MAIL)

    (file,) = folder.iterdir()
    assert file.name == "20261205T000000-0193-pesan-example.eml"
    assert message_from_bytes(file.read_bytes(), policy=SMTP)["To"] == "asep@contoh.example"


async def test_null_mailer_still_refuses_what_could_not_be_written():
    await NullMailer().send(MAIL)
    with pytest.raises(ValueError, match="address"):
        await NullMailer().send(Mail(**{f: getattr(MAIL, f) for f in MAIL.__slots__} | {"recipient": "x"}))


def test_open_mailer_follows_the_settings(tmp_path):
    assert isinstance(open_mailer("smtp://mail.example"), SmtpMailer)
    assert isinstance(open_mailer("", outbox=tmp_path), OutboxMailer)
    assert isinstance(open_mailer(""), NullMailer)
