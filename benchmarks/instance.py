"""The instance that is measured: its own embedded database, durable as in production, and yardstick servers on it."""

import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from pesan.app.instance import Instance, open_instance
from pesan.db import Database
from pesan.settings import Settings
from tests.support.factories import Make
from tests.support.service import Service, free_port

SECRET = "a-secret-for-benchmarks-only-0123456789"
YARDSTICK = (sys.executable, "-m", "benchmarks.yardstick_app")
# Buyers come from many addresses: each request names its own, and the server believes it.
VARIABLES = {"PESAN_RATE_LIMITS": "off", "PESAN_TRUSTED_PROXIES": "127.0.0.1", "PESAN_SECRET_KEY": SECRET}


@dataclass
class Bench:
    """What a benchmark works with."""

    settings: Settings
    instance: Instance
    database: Database
    make: Make
    seconds: float | None = None
    """How long the parts that may take longer or shorter measure; their own time by default."""

    @asynccontextmanager
    async def server(self, *, workers: int = 1, **variables: str) -> AsyncIterator[Service]:
        """Yardstick servers on the instance."""
        service = Service(self.settings.home, {**VARIABLES, **variables}, free_port(), YARDSTICK)
        try:
            await service.start(workers=workers)
            yield service
        finally:
            await service.stop()


@asynccontextmanager
async def open_bench(seconds: float | None = None) -> AsyncIterator[Bench]:
    """An instance that lasts as long as the run."""
    async with AsyncExitStack() as stack:
        instance = stack.enter_context(_temporary_instance())
        database = instance.open_database("worker")
        stack.push_async_callback(database.dispose)
        yield Bench(instance.settings, instance, database, Make(database), seconds)


@contextmanager
def _temporary_instance() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="pesan-bench-", ignore_cleanup_errors=True) as folder:
        settings = Settings(home=Path(folder), secret_key=SecretStr(SECRET), rate_limits="off")
        with open_instance(settings) as instance:
            instance.migrate()
            yield instance
