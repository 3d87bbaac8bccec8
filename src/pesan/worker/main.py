"""The worker's composition root: `python -m pesan.worker.main` works until SIGTERM, then drains."""

import argparse

import uvloop

from pesan.app.instance import Instance, open_instance
from pesan.app.wiring import build_registry, running
from pesan.jobs.runner import WorkerOptions
from pesan.kit.exposition import use_folder
from pesan.logging import configure_logging
from pesan.settings import Settings, load_settings, require_safe
from pesan.worker.process import stop_on_signals, work

CONCURRENCY = 10


def main() -> None:
    """Work; exits with a traceback and status 1 when going on is pointless."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help="jobs at the same time")
    options = WorkerOptions(concurrency=parser.parse_args().concurrency)
    settings = load_settings()
    configure(settings)
    with open_instance(settings) as instance:
        if instance.server is not None:
            instance.server.watch()
        uvloop.run(_work(instance, options))


def configure(settings: Settings) -> None:
    """Logs and metrics of this process; raises UnsafeSettings."""
    require_safe(settings)
    configure_logging(folder=settings.home / "logs", level=settings.log_level, service="worker")
    use_folder(settings.home / "metrics")


async def _work(instance: Instance, options: WorkerOptions) -> None:
    stop = stop_on_signals()
    registry = build_registry(instance, "worker")
    registry.add(WorkerOptions, options)
    async with running(registry):
        await work(registry, stop=stop)


if __name__ == "__main__":
    main()
