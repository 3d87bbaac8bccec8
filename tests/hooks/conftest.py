"""A merchant whose own program listens, and the worker that tells it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import URL, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.hooks.models import HookDelivery, HookEndpoint
from pesan.hooks.service import add_endpoint
from pesan.jobs.registry import find_task
from pesan.kit.registry import Registry
from pesan.messaging import Mailer
from pesan.messaging.offline import OutboxMailer
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from pesan.web.outgoing import OwnSite
from tests.support.factories import SYSTEM, Make
from tests.support.providers.server import Asked, FakeProvider, Reply, running_provider


class Receiver(FakeProvider):
    """An organizer's program: keeps what it hears, and answers as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reply = Reply(204)

    def answer(self, asked: Asked) -> Reply:
        return self.reply


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_provider(Receiver()) as receiver:
        yield receiver


@pytest.fixture
async def owner(database_url: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database_url, pool_size=1)
    yield engine
    await engine.dispose()


@dataclass
class House:
    """A merchant with an event, and a worker."""

    merchant: Merchant
    event: Event
    database: Database
    settings: Settings
    owner: AsyncEngine
    deps: Registry
    secrets: list[str] = field(default_factory=list)

    @property
    def actor(self) -> Actor:
        return Actor.staff(self.merchant.id, frozenset([self.merchant.id]))

    async def listen(self, url: str, *kinds: str, to_loopback: bool = True) -> HookEndpoint:
        async with self.database.write(self.actor) as session:
            endpoint, secret = await add_endpoint(
                session,
                secret=self.settings.secret,
                merchant_id=self.merchant.id,
                url=url,
                kinds=kinds or ("order.paid",),
                own=OwnSite.of(self.settings),
                to_loopback=to_loopback,
                actor=SYSTEM,
            )
        self.secrets.append(secret)
        return endpoint

    async def work(self) -> list[str]:
        """Run the jobs of webhooks until none is left; their names."""
        done: list[str] = []
        while jobs := await self._take():
            for name, arguments in jobs:
                spec = find_task(name)
                assert spec is not None
                await spec.handler(self.deps, **spec.call_arguments(arguments))
                done.append(name)
        return done

    async def _take(self) -> list[tuple[str, dict[str, Any]]]:
        query = "DELETE FROM procrastinate_jobs WHERE task_name LIKE 'hooks.%' RETURNING id, task_name, args"
        async with self.owner.begin() as connection:
            rows = sorted((await connection.execute(text(query))).all())
        return [(row.task_name, row.args) for row in rows]

    async def deliveries(self) -> list[HookDelivery]:
        async with self.database.read(SYSTEM) as session:
            return list((await session.scalars(select(HookDelivery).order_by(HookDelivery.id))).all())

    async def endpoint(self, endpoint_id: UUID) -> HookEndpoint:
        async with self.database.read(SYSTEM) as session:
            return await session.get_one(HookEndpoint, endpoint_id)

    async def pass_time(self, interval: str) -> None:
        """Everything about messages becomes older, as waiting would make it."""
        async with self.owner.begin() as connection:
            for statement in (
                "UPDATE hook_deliveries SET due_at = due_at - CAST(:back AS interval)",
                "UPDATE hook_endpoints SET failing_since = failing_since - CAST(:back AS interval)",
                "UPDATE hook_secrets SET ends_at = ends_at - CAST(:back AS interval)",
            ):
                await connection.execute(text(statement), {"back": interval})


@pytest.fixture
async def house(make: Make, database: Database, settings: Settings, owner: AsyncEngine, tmp_path) -> House:
    merchant = await make.merchant()
    deps = Registry()
    deps.add(Database, database)
    deps.add(Settings, settings.model_copy(update={"webhooks_to_loopback": True}))
    deps.add(Mailer, OutboxMailer(tmp_path / "outbox"))
    return House(merchant, await make.event(merchant, max_per_order=2), database, settings, owner, deps)
