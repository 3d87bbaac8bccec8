"""Test payments: each step shows whether it worked, and neither bookings nor the books hear of them."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import URL, NullPool, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from pesan.kit.registry import Registry
from pesan.orders.desk import SaleDesk
from pesan.payments.gateways.inbox import handle_notice
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.payments.gateways.registry import Gateways
from pesan.payments.gateways.trial_models import TrialPayment
from pesan.payments.models import LedgerEntry, Payment
from tests.backoffice.conftest import Browser, Team
from tests.support.factories import SYSTEM

SANDBOX = {"provider": "sandbox", "webhook_secret": "rahasia"}
LIVE = {"provider": "midtrans", "server_key": "kunci", "is_live": "true"}


async def start(team: Team, browser: Browser, account: dict[str, str], **form: str) -> Any:
    """Add an account, press the button, and the answer."""
    page = f"{team.path}/gateways"
    await browser.submit(page, page, account)
    async with team.database.read(SYSTEM) as session:
        account_id = await session.scalar(select(GatewayAccount.id))
    return await browser.submit(page, f"{page}/{account_id}/trials", form)


async def trials(team: Team) -> list[TrialPayment]:
    async with team.database.read(SYSTEM) as session:
        return list((await session.scalars(select(TrialPayment))).all())


async def handle(team: Team, registry: Registry, database: Any) -> list[str | None]:
    """What the worker does with every webhook that came, and what came of each."""
    gateways = replace(registry[Gateways], database=database)
    async with database.read(SYSTEM) as session:
        events = (await session.scalars(select(WebhookEvent.id))).all()
    for event_id in events:
        await handle_notice(gateways, registry[SaleDesk], event_id)
    async with database.read(SYSTEM) as session:
        return list((await session.scalars(select(WebhookEvent.outcome))).all())


async def test_every_step_of_a_test_that_works_is_shown(
    team: Team, registry: Registry, database: Any
) -> None:
    browser = await team.sign_in("organizer")

    started = await start(team, browser, SANDBOX)
    page = started.headers["location"]
    opened = (await browser.get(page)).text
    (trial,) = await trials(team)
    await browser.submit(page, f"/sandbox/{trial.reference}", {"act": "pay"})
    outcomes = await handle(team, registry, database)
    done = (await browser.get(page)).text

    assert (started.status_code, outcomes) == (303, ["trial"])
    assert (opened.count("Berhasil"), opened.count("Menunggu")) == (2, 2)
    assert trial.redirect_url is not None
    assert trial.redirect_url in opened
    assert (done.count("Berhasil"), done.count("Menunggu")) == (4, 0)
    async with team.database.read(SYSTEM) as session:
        counted = [
            await session.scalar(select(func.count()).select_from(table)) for table in (Payment, LedgerEntry)
        ]
    assert counted == [0, 0]


@pytest.mark.parametrize(("amount", "fault"), [(10_000, None), (1_000, "amount")])
async def test_asking_again_matches_what_the_provider_says_without_a_webhook(
    team: Team, database_url: URL, amount: int, fault: str | None
) -> None:
    browser = await team.sign_in("organizer")
    page = (await start(team, browser, SANDBOX)).headers["location"]
    paid = "UPDATE sandbox_payments SET state = 'paid', captures = 1, amount = :amount"
    await as_owner(database_url, paid, amount=amount)

    asked = await browser.submit(page, page)

    (trial,) = await trials(team)
    assert (asked.status_code, trial.remote_state, trial.fault, trial.heard_at) == (303, "paid", fault, None)
    assert (await browser.get(page)).text.count("Menunggu") == 1


async def test_keys_that_open_nothing_are_said_at_the_first_step(team: Team, database_url: URL) -> None:
    browser = await team.sign_in("organizer")
    await start(team, browser, SANDBOX)
    await as_owner(database_url, "UPDATE gateway_accounts SET secrets_sealed = 'broken'")

    again = await browser.submit(
        f"{team.path}/gateways", f"{team.path}/gateways/{(await trials(team))[0].account_id}/trials"
    )
    shown = (await browser.get(again.headers["location"])).text

    assert (shown.count("Gagal"), shown.count("Berhasil"), shown.count("Menunggu")) == (2, 0, 2)


async def as_owner(database_url: URL, statement: str, **values: object) -> None:
    """What no role of the application may do."""
    engine = create_async_engine(database_url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)


async def test_a_live_account_is_tested_only_by_who_knows(team: Team) -> None:
    browser = await team.sign_in("organizer")

    refused = await start(team, browser, LIVE)

    assert refused.status_code == 422
    assert "required" in (await browser.get(f"{team.path}/gateways")).text
    assert await trials(team) == []


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("stranger", 404)])
async def test_a_test_is_its_merchants_alone(team: Team, role: str, status: int) -> None:
    organizer = await team.sign_in("organizer")
    page = (await start(team, organizer, SANDBOX)).headers["location"]
    (trial,) = await trials(team)
    browser = await team.sign_in(role)

    answers = [
        await browser.get(page),
        await browser.submit("/account", page),
        await browser.submit("/account", f"{team.path}/gateways/{trial.account_id}/trials"),
    ]

    assert [answer.status_code for answer in answers] == [status] * 3
    assert len(await trials(team)) == 1
