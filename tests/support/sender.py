"""A sender in a process of its own, to be killed: `python -m tests.support.sender URL PREFIX`."""

import asyncio
import signal
import sys

import pesan.chats.tasks  # noqa: F401  whose loops run here
from pesan.chats.sending import Sender
from pesan.db import Database
from pesan.jobs.loops import run_loops
from pesan.kit.registry import Registry
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.settings import load_settings


async def main(url: str, prefix: str) -> None:
    """Send until SIGTERM, then finish what is under way, as a worker does."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(url, role_prefix=prefix)
    deps = Registry()
    deps.add(Database, database)
    sender = deps.add(Sender, Sender(database, WhatsAppClient.of(load_settings())))
    await run_loops(deps, stop=stop)
    await sender.aclose()
    await database.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
