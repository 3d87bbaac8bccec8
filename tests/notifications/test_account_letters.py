"""The letters about an account: sent to the owner of the address, with a link that works, and to nobody else."""

import re
from uuid import UUID

import pytest
from sqlalchemy import func, select

from pesan.audit.models import AuditEntry
from pesan.db import Actor
from pesan.identity.changes import PASSWORD_CHANGED
from pesan.identity.links import AccountLinks
from pesan.identity.models import User
from pesan.identity.service import set_active, verify_email
from pesan.identity.states import LinkPurpose, MerchantRole
from pesan.identity.team.links import InvitationLinks
from pesan.identity.team.service import Place, invite, withdraw_invitation
from pesan.jobs import GiveUp
from pesan.kit.ids import new_id
from pesan.messaging import Mailer
from pesan.messaging.smtp import SmtpMailer, parse_smtp_url
from pesan.notifications.security import SUBJECTS
from pesan.notifications.tasks import send_account_letter, send_invitation, send_security_letter
from pesan.settings import Settings

SYSTEM = Actor.system("tests")
LETTER = UUID("01a1fdd2-4211-7ebb-8eb5-8ff1d35af34f")
LINK = re.compile(r"https://tiket[.]example/account/(\w+)[?]token=([A-Za-z0-9_.=-]+)")


@pytest.fixture
def office(deps, settings, mailbox):
    """A worker that sends letters about accounts."""
    own = settings.model_copy(
        update={"base_url": "https://tiket.example", "mail_from": "Pesan <no-reply@tiket.example>"}
    )
    deps.add(Settings, own)
    deps.add(AccountLinks, AccountLinks(own.secret, own.base_url))
    deps.add(Mailer, SmtpMailer(parse_smtp_url(mailbox.url), timeout=5))
    return deps


async def test_the_letter_carries_a_link_that_verifies(office, web_database, database, make, mailbox) -> None:
    user = await make.user(name="Siti www.jahat.example")

    await send_account_letter(office, user.id, LinkPurpose.VERIFY_EMAIL.value, LETTER)

    (mail,) = mailbox.messages
    body = mail.get_body(("plain",))
    assert body is not None
    words = body.get_content()
    link = LINK.search(words)
    assert link is not None
    assert (mail["To"], mail["Subject"], link[1]) == (user.email, "Verifikasi e-mailmu", "verify")
    assert mail["Message-ID"] == f"<{LETTER}@tiket.example>"
    assert "www.jahat" not in words
    await verify_email(web_database, office[AccountLinks], link[2], by=user.id)
    async with database.read(SYSTEM) as session:
        assert (await session.get_one(User, user.id)).email_verified_at is not None
        actions = select(AuditEntry.action).where(AuditEntry.subject_id == user.id).order_by(AuditEntry.seq)
        assert (await session.scalars(actions)).all()[1:] == ["user:link:sent", "user:email:verified"]


async def test_the_letter_speaks_the_persons_language(office, database, make, mailbox) -> None:
    user = await make.user()
    async with database.write(SYSTEM) as session:
        (await session.get_one(User, user.id)).locale = "en"

    await send_account_letter(office, user.id, LinkPurpose.RESET_PASSWORD.value, LETTER)

    html = mailbox.messages[0].get_body(("html",))
    assert html is not None
    assert (mailbox.messages[0]["Subject"], '<html lang="en">' in html.get_content()) == (
        "Set a new password",
        True,
    )


async def test_nobody_and_disabled_people_get_no_letter(office, database, make, mailbox) -> None:
    user = await make.user()
    async with database.write(SYSTEM) as session:
        await set_active(session, user_id=user.id, is_active=False, actor=SYSTEM)

    for user_id in (user.id, new_id()):
        await send_account_letter(office, user_id, LinkPurpose.RESET_PASSWORD.value, LETTER)

    assert mailbox.messages == []


async def test_a_refused_letter_is_parked(office, make, mailbox) -> None:
    user = await make.user()
    mailbox.recipient_answers.append("550 5.1.1 no such user")

    with pytest.raises(GiveUp):
        await send_account_letter(office, user.id, LinkPurpose.RESET_PASSWORD.value, LETTER)


async def test_an_invitation_carries_its_link_while_it_is_open(
    office, database, web_database, make, mailbox
) -> None:
    merchant = await make.merchant(name="Kopi www.jahat.example")
    admin = Actor.staff(new_id(), frozenset(), is_platform_admin=True)
    office.add(InvitationLinks, InvitationLinks(office[Settings].secret, "https://tiket.example"))
    async with web_database.identity(admin) as session:
        invitation = await invite(
            session,
            merchant_id=merchant.id,
            email="baru@contoh.id",
            place=Place(MerchantRole.STAFF),
            locale="en",
            actor=admin,
        )

    await send_invitation(office, invitation.id)
    async with web_database.identity(admin) as session:
        await withdraw_invitation(session, invitation.id, merchant_id=merchant.id, actor=admin)
    await send_invitation(office, invitation.id)

    (mail,) = mailbox.messages
    words = mail.get_body(("plain",)).get_content()
    link = LINK.search(words)
    assert (mail["To"], link[1], "www.jahat" in words) == ("baru@contoh.id", "invitation", False)
    assert office[InvitationLinks].read(link[2], 0.0) == invitation.id


async def test_owner_hears_of_every_change_to_the_way_in(office, database, make, mailbox) -> None:
    user = await make.user()
    async with database.write(SYSTEM) as session:
        (await session.get_one(User, user.id)).email_verified_at = func.clock_timestamp()

    for change in SUBJECTS:
        await send_security_letter(office, user.id, change, new_id())

    body = mailbox.messages[0].get_body(("plain",))
    assert body is not None
    assert "https://tiket.example/account/security" in body.get_content()
    assert [mail["Subject"] for mail in mailbox.messages] == [words.id for words in SUBJECTS.values()]
    assert {mail["To"] for mail in mailbox.messages} == {user.email}


async def test_address_that_nobody_proved_hears_of_no_change(office, make, mailbox) -> None:
    user = await make.user()

    await send_security_letter(office, user.id, PASSWORD_CHANGED, LETTER)

    assert mailbox.messages == []
