"""A worker that asks a payment provider of the benchmark's own: PESAN_BENCH_PROVIDER is its name, `=`, its address."""

import os
from dataclasses import replace

import uvloop

from pesan.app.instance import Instance, open_instance
from pesan.app.process import configure
from pesan.app.wiring import build_registry, running
from pesan.jobs.runner import WorkerOptions
from pesan.payments.gateways.registry import Gateways
from pesan.settings import load_settings
from pesan.worker.priority import give_way
from pesan.worker.process import stop_on_signals, work


def main() -> None:
    """Work, with the options of the real worker."""
    give_way()
    settings = load_settings()
    configure(settings, "worker")
    with open_instance(settings) as instance:
        uvloop.run(_work(instance))


async def _work(instance: Instance) -> None:
    stop = stop_on_signals()
    registry = build_registry(instance, "worker")
    name, _, address = os.environ["PESAN_BENCH_PROVIDER"].partition("=")
    elsewhere = replace(registry[Gateways], addresses={name: address})
    registry._objects[Gateways] = elsewhere  # noqa: SLF001  a yardstick may
    registry.add(WorkerOptions, WorkerOptions())
    async with running(registry):
        await work(registry, stop=stop)


if __name__ == "__main__":
    main()
