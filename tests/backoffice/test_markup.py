"""What strangers and colleagues typed is text on every page of the desk, whoever looks."""

import re

import psycopg
import pytest

from pesan.kit.registry import Registry
from tests.backoffice.conftest import Team, picture
from tests.backoffice.doors import Doors
from tests.backoffice.sales import Till

NASTY = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
# A tag that came through would begin like one of these; as text it begins with &lt;.
LIVE = re.compile("<script>alert|<img src=x")
COLUMNS = {
    "merchants": ["name"],
    "letter_templates": ["subject", "heading", "body"],
    "gates": ["name", "location"],
    "gate_devices": ["name"],
    "events": ["title", "summary", "description", "venue", "address", "city"],
    "orders": ["buyer_name", "notes", "reject_reason"],
    "payment_methods": ["display_name", "bank_name", "account_holder"],
    "users": ["name"],
}


def poison(owner: psycopg.Connection) -> None:
    """Past every check, as an import or an older release may have left it."""
    for table, columns in COLUMNS.items():
        changes = ", ".join(f"{column} = %(text)s::text" for column in columns)
        owner.execute(f"UPDATE {table} SET {changes}", {"text": NASTY})


@pytest.fixture
async def pages(team: Team, registry: Registry) -> list[str]:
    """Every page of the desk, with something on each."""
    waiting = await team.review(picture())
    decided = await team.review(picture("lain"))
    browser = await team.sign_in("organizer")
    review = f"{team.path}/review/{decided.code}"
    await browser.submit(review, f"{review}/reject", {"reason": NASTY, "reason_code": "other"})
    device = await Doors(team, Till(team, registry)).gate()
    letter = f"{team.path}/letters/rejected/id"
    await browser.submit(letter, letter, {"subject": NASTY, "heading": "Maaf", "body": "Coba lagi."})
    return [
        team.path,
        f"{team.path}/review",
        f"{team.path}/review/{waiting.code}",
        f"{team.path}/review/{decided.code}",
        f"{team.path}/bookings",
        f"{team.path}/bookings?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        f"{team.path}/bookings/{waiting.code}",
        f"{team.path}/bookings/{decided.code}",
        f"{team.path}/events",
        f"{team.path}/events/{team.event.short_id}",
        f"{team.path}/events/{team.event.short_id}/sales",
        f"{team.path}/events/{team.event.short_id}/gates",
        f"{team.path}/events/{team.event.short_id}/gates/{device.gate_id}",
        f"{team.path}/events/{team.event.short_id}/gates/conflicts",
        f"{team.path}/events/{team.event.short_id}/gates/board?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        f"{team.path}/events/{team.event.short_id}/attendees?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        f"{team.path}/payment-methods",
        f"{team.path}/webhooks",
        f"{team.path}/confirmations",
        f"{team.path}/brand",
        f"{team.path}/letters/rejected/id",
        "/backoffice/account",
        "/backoffice",
    ]


@pytest.mark.parametrize("role", ["organizer", "admin"])
async def test_nothing_on_any_page_of_the_desk_becomes_markup(
    team: Team, pages: list[str], postgres, database_url, role: str
) -> None:
    browser = await team.sign_in(role)
    with postgres.connect(database_url.database) as owner:
        poison(owner)

    found = {page: await browser.get(page, follow_redirects=True) for page in pages}

    assert {answer.status_code for answer in found.values()} == {200}
    assert [page for page, answer in found.items() if LIVE.search(answer.text)] == []
    assert [page for page, answer in found.items() if "&lt;script&gt;alert(1)" in answer.text] != []
    policies = {answer.headers["content-security-policy"] for answer in found.values()}
    assert [policy for policy in policies if "unsafe" in policy] == []
