"""The monitor of messages: for administrators alone, who see what waits and failed, stop lines and try again."""

import pytest
from sqlalchemy import select, update

from pesan.audit.models import AuditEntry
from pesan.chats.models import ChatLine, ChatMessage
from pesan.chats.outbox import Outgoing, say
from pesan.chats.states import NOT_APPROVED, Category, Line
from pesan.db import Database
from pesan.messaging.whatsapp.shapes import TemplateUse, Text
from tests.backoffice.doors import Team
from tests.support.factories import SYSTEM

PATH = "/admin/queues"


@pytest.fixture
async def messages(database: Database) -> list[Outgoing]:
    """One that waits in each line, and a broadcast that failed."""
    said = [Outgoing(line, Category.UTILITY, to_wa="+6281234567890", body=Text("Halo")) for line in Line]
    failed = Outgoing(Line.BROADCAST, Category.MARKETING, to_wa="+6281234567890", body=Text("Halo"))
    async with database.write(SYSTEM) as session:
        await say(session, [*said, failed])
        gone = update(ChatMessage).where(ChatMessage.id == failed.id)
        await session.execute(
            gone.values(state="failed", error_code="whatsapp.131026", failed_at=ChatMessage.created_at)
        )
    return [*said, failed]


async def states(database: Database, line: Line = Line.BROADCAST) -> list[str]:
    async with database.read(SYSTEM) as session:
        query = select(ChatMessage.state).where(ChatMessage.line == line).order_by(ChatMessage.id)
        return list(await session.scalars(query))


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("organizer", 403), ("admin", 200)])
async def test_only_administrators_look_after_the_lines(team: Team, role: str, status: int) -> None:
    browser = await team.sign_in(role)

    assert (await browser.get(PATH)).status_code == status


async def test_what_waits_and_why_something_failed_is_shown_without_whom_it_was_for(
    team: Team, messages
) -> None:
    browser = await team.sign_in("admin")

    shown = (await browser.get(PATH)).text

    assert "whatsapp.131026" in shown
    assert "Konfirmasi pesanan" in shown
    assert "81234567890" not in shown


async def test_what_waits_for_a_template_says_which(team: Team, database: Database) -> None:
    template = TemplateUse("kabar", "id", ("Siti",))
    said = Outgoing(Line.CONFIRMATION, Category.UTILITY, to_wa="+6281234567890", template=template)
    async with database.write(SYSTEM) as session:
        await say(session, [said])
        waits = update(ChatMessage).where(ChatMessage.id == said.id)
        await session.execute(waits.values(error_code=NOT_APPROVED))
    browser = await team.sign_in("admin")

    shown = (await browser.get(PATH)).text

    assert "Menunggu template disetujui" in shown
    assert '<span class="code">kabar</span> (id) · 1 pesan' in shown


async def test_a_line_is_stopped_and_goes_on(team: Team, database: Database) -> None:
    browser = await team.sign_in("admin")

    await browser.submit(PATH, f"{PATH}/broadcast/pause", {"reason": "salah teks"})
    async with database.read(SYSTEM) as session:
        stopped = await session.get_one(ChatLine, "broadcast")
        reason, by = stopped.reason, stopped.paused_by
    await browser.submit(PATH, f"{PATH}/broadcast/resume")

    assert (reason, by is not None) == ("salah teks", True)
    async with database.read(SYSTEM) as session:
        assert (await session.get_one(ChatLine, "broadcast")).paused_at is None


async def test_a_failed_message_is_tried_again(team: Team, messages, database: Database) -> None:
    browser = await team.sign_in("admin")

    answer = await browser.submit(PATH, f"{PATH}/messages/{messages[-1].id}/retry")
    again = await browser.submit(PATH, f"{PATH}/messages/{messages[-1].id}/retry")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?done=retried")
    assert (again.status_code, await states(database)) == (404, ["queued", "queued"])


async def test_what_waits_in_a_line_is_cancelled_and_nothing_else(
    team: Team, messages, database: Database
) -> None:
    browser = await team.sign_in("admin")

    answer = await browser.submit(PATH, f"{PATH}/broadcast/cancel")

    assert answer.headers["location"] == f"{PATH}?done=cancelled&count=1"
    assert await states(database) == ["cancelled", "failed"]
    assert await states(database, Line.CONFIRMATION) == ["queued"]


@pytest.mark.parametrize(
    "path", ["nosuch/pause", "all/cancel", "messages/00000000-0000-7000-8000-000000000000/cancel"]
)
async def test_what_is_not_there_is_not_found(team: Team, path: str) -> None:
    browser = await team.sign_in("admin")

    assert (await browser.submit(PATH, f"{PATH}/{path}")).status_code == 404


async def test_what_somebody_does_by_hand_is_kept_with_who_did_it(
    team: Team, messages, database: Database
) -> None:
    browser = await team.sign_in("admin")
    for path in ("broadcast/pause", "broadcast/pause", "broadcast/resume", "broadcast/cancel"):
        await browser.submit(PATH, f"{PATH}/{path}", {"reason": "salah teks"})
    await browser.submit(PATH, f"{PATH}/messages/{messages[-1].id}/retry")
    await browser.submit(PATH, f"{PATH}/messages/{messages[-1].id}/cancel")

    async with database.read(SYSTEM) as session:
        line = await session.get_one(ChatLine, "broadcast")
        query = select(AuditEntry).where(AuditEntry.subject_id == line.id).order_by(AuditEntry.seq)
        kept = (await session.scalars(query)).all()
    message_id = {"message_id": str(messages[-1].id)}
    assert [(entry.action, entry.data) for entry in kept] == [
        ("chat_line:line:paused", {}),
        ("chat_line:line:resumed", {}),
        ("chat_line:messages:cancelled", {"count": 1}),
        ("chat_line:message:retried", message_id),
        ("chat_line:message:cancelled", message_id),
    ]
    assert {entry.actor_id for entry in kept} == {team.users["admin"].id}
