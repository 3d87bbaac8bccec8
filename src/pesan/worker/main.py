"""The worker's composition root."""

import argparse

import uvloop

from pesan.app.instance import Instance, open_instance
from pesan.app.process import configure
from pesan.app.wiring import build_registry, running
from pesan.jobs.runner import WorkerOptions
from pesan.settings import load_settings
from pesan.worker.process import stop_on_signals, work

CONCURRENCY = 10


def main() -> None:
    """Work; exits with a traceback and status 1 when going on is pointless."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help="jobs at the same time")
    options = WorkerOptions(concurrency=parser.parse_args().concurrency)
    settings = load_settings()
    configure(settings, "worker")
    with open_instance(settings) as instance:
        if instance.server is not None:
            instance.server.watch()
        uvloop.run(_work(instance, options))


async def _work(instance: Instance, options: WorkerOptions) -> None:
    stop = stop_on_signals()
    registry = build_registry(instance, "worker")
    registry.add(WorkerOptions, options)
    async with running(registry):
        await work(registry, stop=stop)
