"""What PostHog would hear."""

from typing import Any

import httpx
import pytest

from pesan.kit.registry import Registry
from pesan.web.funnel import Funnel
from pesan.web.limits import Limiter
from pesan.web.limits.counters import NullCounters
from tests.web.conftest import MakeClient

Step = tuple[str, str, dict[str, Any] | None]


class Recorder:
    """An analytics service that only remembers."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def capture(self, step: str, who: str, properties: dict[str, Any] | None = None) -> None:
        self.steps.append((step, who, properties))

    def close(self) -> None: ...


@pytest.fixture
def recorder(registry: Registry) -> Recorder:
    recorder = Recorder()
    registry.add(Funnel, Funnel(recorder, Limiter(NullCounters(), b"secret")))
    return recorder


@pytest.fixture
def client(recorder: Recorder, make_client: MakeClient) -> httpx.AsyncClient:
    return make_client()


async def test_steps_are_templates_by_one_who(client: httpx.AsyncClient, recorder: Recorder):
    await client.get("/api/guest")
    await client.get("/api/things/7?email=a@b.co")
    await client.get("/api/guest")

    assert [step for step, _, _ in recorder.steps] == [
        "GET /api/guest",
        "GET /api/things/{number}",
        "GET /api/guest",
    ]
    assert len({who for _, who, _ in recorder.steps}) == 1
    assert "a@b.co" not in str(recorder.steps)
    assert client.cookies["pesan_guest"] not in str(recorder.steps)


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/api/fail/busy", "/static/x/none.css"])
async def test_machines_and_failures_are_no_steps(client: httpx.AsyncClient, recorder: Recorder, path: str):
    await client.get(path)

    assert recorder.steps == []
