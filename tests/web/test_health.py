"""Health, readiness, metrics."""

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from pesan.db import Database
from pesan.kit.exposition import Level, Levels
from pesan.kit.registry import Registry
from pesan.web.clock import ServerClock
from pesan.web.health import Readiness
from tests.support.postgres import Server
from tests.web.conftest import MakeClient

TOKEN = "a-token-for-metrics"


async def test_health_needs_no_database(client: httpx.AsyncClient, web_database: Database):
    await web_database.dispose()

    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_ready_when_everything_is(client: httpx.AsyncClient):
    response = await client.get("/readyz")

    assert (response.status_code, response.json()) == (
        200,
        {"status": "ready", "checks": {"database": "ok", "schema": "ok", "clock": "ok"}},
    )


async def test_unready_without_a_database():
    readiness = Readiness(Database("postgresql+psycopg://nobody@127.0.0.1:1/none"), ServerClock())

    assert await readiness.check() == {"database": "unreachable"}


async def test_unready_with_another_schema(
    client: httpx.AsyncClient, postgres: Server, web_database: Database
):
    with postgres.connect(web_database.url.database or "") as owner:
        owner.execute("UPDATE alembic_version SET version_num = 'older'")

    response = await client.get("/readyz")

    assert (response.status_code, response.json()["checks"]["schema"]) == (503, "not migrated")


async def test_unready_when_the_clocks_disagree(web_database: Database, monkeypatch: pytest.MonkeyPatch):
    clock = ServerClock()
    readiness = Readiness(web_database, clock)
    import time

    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 7_200)

    assert (await readiness.check())["clock"] == "skewed"
    assert abs(clock.now() - real()) < 1  # answers carry the database's time all the same


async def test_unready_and_serving_on_while_the_process_leaves(client: httpx.AsyncClient, registry: Registry):
    registry[Readiness].leave()

    response = await client.get("/readyz")

    assert (response.status_code, response.json()) == (
        503,
        {"status": "unready", "checks": {"process": "leaving"}},
    )
    assert (await client.get("/api/hello")).status_code == 200


async def test_readiness_asks_the_database_once_a_second(web_database: Database):
    readiness = Readiness(web_database, ServerClock())

    assert await readiness.check() is await readiness.check()


@pytest.mark.parametrize("peer", ["203.0.113.9", "10.0.0.1", "::ffff:203.0.113.9"])
async def test_metrics_are_not_there_for_strangers(make_client: MakeClient, peer: str):
    response = await make_client(peer=peer).get("/metrics")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_metrics_are_not_there_behind_an_undeclared_proxy(make_client: MakeClient, header: str):
    client = make_client(peer="127.0.0.1")

    assert (await client.get("/metrics", headers={header: "203.0.113.9"})).status_code == 404


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
async def test_metrics_are_there_on_this_machine(make_client: MakeClient, peer: str):
    client = make_client(peer=peer)
    await client.get("/api/hello")

    page = (await client.get("/metrics")).text

    for name in ("holds_created_total", "holds_expired_total", "proofs_uploaded_total", "approval_rate"):
        assert f"\n{name} " in page
    assert 'http_request_duration_seconds_count{method="GET",route="/api/hello",status="200"}' in page


async def test_metrics_are_there_for_the_bearer_of_the_token(make_client: MakeClient):
    client = make_client(metrics_token=SecretStr(TOKEN))

    good = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    bad = await client.get("/metrics", headers={"Authorization": "Bearer wrong-é".encode()})

    assert (good.status_code, bad.status_code) == (200, 404)


async def test_metrics_show_levels_and_survive_a_broken_source(make_client: MakeClient, registry: Registry):
    levels = registry.add(Levels, Levels())

    async def working() -> list[Level]:
        return [Level("queue_oldest_job_seconds", "Waiting.", [({"queue": "default"}, 12.5)])]

    async def broken() -> list[Level]:
        raise ConnectionError

    levels.add(broken)
    levels.add(working)

    page = (await make_client(peer="127.0.0.1").get("/metrics")).text

    assert 'queue_oldest_job_seconds{queue="default"} 12.5' in page
    assert "level_sources_failed 1.0" in page


async def test_database_time_is_what_answers_carry(
    make_client: MakeClient, registry: Registry, web_database: Database
):
    client = make_client()
    registry[ServerClock].offset = -3_600.0

    stamp = (await client.get("/healthz")).headers["x-server-time"]

    async with web_database.engine.connect() as connection:
        hour_ago = (
            await connection.execute(text("SELECT clock_timestamp() - interval '1 hour'"))
        ).scalar_one()
    assert abs((hour_ago - _parse(stamp)).total_seconds()) < 2


def _parse(stamp: str):
    from datetime import datetime

    return datetime.fromisoformat(stamp)
