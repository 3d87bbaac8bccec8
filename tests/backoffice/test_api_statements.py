"""A program tells of money line by line: what the page of statements does, for whoever may do it there."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text

from pesan.db import Actor
from pesan.identity.states import MerchantRole
from pesan.kit.ids import new_id
from pesan.orders.states import OrderState
from pesan.payments.statements.reading import Line
from pesan.payments.statements.service import add_lines
from tests.backoffice.conftest import Team
from tests.backoffice.test_statements import csv_of, held, upload
from tests.support.database import offenders
from tests.support.factories import PASSWORD, SYSTEM

PATH = "/v1/statements/lines"


def now() -> datetime:
    """Where banks write their days; not once for all tests, because midnight may be between two of them."""
    return datetime.now(ZoneInfo("Asia/Jakarta"))


async def program(
    team: Team, *, at: Any = None, role: MerchantRole = MerchantRole.STAFF
) -> httpx.AsyncClient:
    """A program that one of the team, or of another merchant's, signed in."""
    user = await team.make.user(at or team.merchant, role)
    client = (await team.open_browser()).client
    answer = await client.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
    client.cookies.clear()
    client.headers.update({"authorization": f"Bearer {answer.json()['token']}", "accept": "application/json"})
    return client


def line(amount: int, reference: str = "R1", **changes: Any) -> dict[str, Any]:
    return {
        "posted_at": now().isoformat(),
        "amount": amount,
        "description": "TRSF SARI",
        "reference": reference,
        **changes,
    }


def body(team: Team, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"method_id": str(team.method.id), "lines": list(lines), **changes}


async def told(client: httpx.AsyncClient, wish: dict[str, Any]) -> list[tuple[str, bool]]:
    answer = await client.post(PATH, json=wish)
    assert answer.status_code == 200, answer.text
    return [(each["status"], each["is_known"]) for each in answer.json()["lines"]]


async def counts(team: Team) -> tuple[int, int]:
    """How many lines there are, and how often money came in."""
    query = (
        "SELECT (SELECT count(*) FROM bank_lines), count(*) FROM ledger_entries WHERE account = 'received'"
    )
    async with team.database.read(SYSTEM) as session:
        row = (await session.execute(text(query))).one()
    return row[0], row[1]


async def test_each_line_is_answered_with_what_became_of_it(team: Team):
    (exact, payment), (near, asked) = await held(team), await held(team)
    client = await program(team)

    beside = asked.amount + (1 if payment.amount < asked.amount else -1)
    wish = body(team, line(payment.amount), line(beside, "R2"), line(90_000, "R3"))
    answer = await client.post(PATH, json=wish)

    settled, suggested, unmatched = answer.json()["lines"]
    assert (settled["status"], settled["order_id"], settled["reference"]) == ("settled", str(exact.id), "R1")
    assert (suggested["status"], suggested["suggested_order_ids"][0]) == ("suggested", str(near.id))
    assert (unmatched["status"], unmatched["order_id"], unmatched["suggested_order_ids"]) == (
        "unmatched",
        None,
        [],
    )
    assert (await team.state(exact), await team.state(near)) == (OrderState.PAID, OrderState.HOLD)
    assert await offenders(team.database) == []


async def test_a_line_posted_again_or_uploaded_settles_nothing_again(team: Team):
    _, payment = await held(team)
    client, browser = await program(team), await team.sign_in("staff")

    first = await told(client, body(team, line(payment.amount)))
    again = await told(client, body(team, line(payment.amount), line(payment.amount)))
    uploaded = await upload(team, browser, csv_of(payment.amount))

    assert (first, again) == ([("settled", False)], [("settled", True)] * 2)
    assert uploaded.headers["location"].endswith("added-0")
    assert await counts(team) == (1, 1)


async def test_a_line_that_a_file_brought_first_is_known(team: Team):
    order, payment = await held(team)
    client, browser = await program(team), await team.sign_in("staff")
    await upload(team, browser, csv_of(payment.amount))

    # Another line of the same day that reads the same: the file had one of them, not two.
    answers = await told(client, body(team, line(payment.amount, "R1"), line(payment.amount, "R2")))

    assert answers == [("settled", True), ("unmatched", False)]
    assert (await team.state(order), await counts(team)) == (OrderState.PAID, (2, 1))


async def test_the_same_request_with_its_key_has_the_same_answer(team: Team):
    _, payment = await held(team)
    client = await program(team)
    keyed, wish = {"headers": {"idempotency-key": "bank-poll-1"}}, body(team, line(payment.amount))

    first = await client.post(PATH, json=wish, **keyed)
    again = await client.post(PATH, json=wish, **keyed)
    other = await client.post(PATH, json=body(team, line(90_000)), **keyed)

    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    assert await counts(team) == (1, 1)


async def test_only_whoever_sees_all_of_the_merchant_may_tell_of_its_money(team: Team):
    _, payment = await held(team)
    wish = body(team, line(payment.amount))
    limited = await program(team)
    async with team.database.write(SYSTEM) as session:
        await session.execute(
            text("UPDATE memberships SET event_ids = ARRAY[:id]::uuid[]"), {"id": team.event.id}
        )
    stranger = await program(team, at=team.other, role=MerchantRole.ORGANIZER)
    nobody = (await team.open_browser()).client

    answers = [await client.post(PATH, json=wish) for client in (nobody, limited, stranger)]
    missing = await stranger.post(PATH, json=body(team, line(1), method_id=str(new_id())))

    assert [answer.status_code for answer in answers] == [401, 403, 404]
    assert (missing.status_code, missing.json()["code"]) == (404, answers[2].json()["code"])
    assert await counts(team) == (0, 0)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": 150_000.0}, "#/lines/0/amount"),
        ({"amount": "150000"}, "#/lines/0/amount"),
        ({"amount": 0}, "#/lines/0/amount"),
        ({"reference": " "}, "#/lines/0/reference"),
        ({"posted_at": "2026-11-21T10:00:00"}, "#/lines/0/posted_at"),
        ({"posted_at": "0001-01-01T00:00:00+14:00"}, "#/lines/0/posted_at"),
        ({"posted_at": 1_795_000_000}, "#/lines/0/posted_at"),
        ({"state": "matched"}, "#/lines/0/state"),
    ],
)
async def test_a_line_that_is_none_is_refused_with_all_of_its_request(
    team: Team, change: dict[str, Any], pointer: str
):
    client = await program(team)

    answer = await client.post(PATH, json=body(team, {**line(90_000), **change}, line(91_000)))

    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])
    assert await counts(team) == (0, 0)


async def test_more_lines_than_a_request_may_have_are_refused(team: Team):
    client = await program(team)

    answers = [
        await client.post(PATH, json=body(team, *(line(1_000 + number) for number in range(many))))
        for many in (0, 101)
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert await counts(team) == (0, 0)


async def test_the_night_counts_as_the_day_it_is_in_jakarta(team: Team):
    client, today = await program(team), now()
    async with team.database.write(Actor.staff(new_id(), frozenset([team.merchant.id]))) as session:
        await add_lines(session, method=team.method, lines=[Line(today.date(), 90_000, "TRSF SARI")])
    midnight = today.replace(hour=0, minute=30).astimezone(ZoneInfo("UTC"))  # still yesterday there

    assert await told(client, body(team, line(90_000, posted_at=midnight.isoformat()))) == [
        ("unmatched", True)
    ]
