"""A process that takes an event's pool and then stands still: `python -m tests.support.frozen URL PREFIX POOL_ID`."""

import asyncio
import os
import signal
import sys

from sqlalchemy import text

from pesan.db import Database

_LOCK = text("SELECT 1 FROM capacity_pools WHERE id = CAST(:id AS uuid) FOR NO KEY UPDATE")


async def main(url: str, prefix: str, pool_id: str) -> None:
    """Lock as a sale does, say so, and stop as SIGSTOP stops."""
    async with Database(url, role_prefix=prefix).sale() as session:
        await session.execute(_LOCK, {"id": pool_id})
        sys.stdout.write("locked\n")
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
