"""What WhatsApp tells, on its way in: verified over its raw bytes, stored once, answered at once.

Whatever came while one group was being stored forms the next, so that an answer costs few round trips when it matters.
"""

import asyncio
import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import text

from pesan.chats.errors import UpdateUnsigned
from pesan.chats.states import UpdateKind
from pesan.chats.updates import row_of
from pesan.db import Database, WriteSession
from pesan.db.rows import pack, recordset
from pesan.db.waits import is_data_error, refusal
from pesan.errors import PesanError
from pesan.jobs import enqueue_many
from pesan.jobs.registry import JobArgument
from pesan.kit.combiner import Combiner
from pesan.kit.signing import keyed_digest
from pesan.messaging.whatsapp.inbound import OtherUpdate, Update, read_updates
from pesan.messaging.whatsapp.signature import is_signed

MESSAGE_TASK = "jastip.handle_message"
MAX_GROUP = 64
# Longer than the server's own limit on a statement, which does not help when the server stands still.
GROUP_SECONDS = 15.0
_COLUMNS = {
    "id": "uuid",
    "key": "text",
    "kind": "text",
    "phone_number_id": "text",
    "wa": "text",
    "payload": "jsonb",
    "said_at": "timestamptz",
}
_NAMES = ", ".join(_COLUMNS)
_INSERT = text(
    f"INSERT INTO chat_updates ({_NAMES}) SELECT {_NAMES} FROM {recordset(_COLUMNS)}"  # noqa: S608
    " ON CONFLICT (key) DO NOTHING RETURNING id"
)

Rows = Sequence[dict[str, Any]]


class ChatIntake:
    """Where this process takes webhooks of WhatsApp in, one group after the other."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret
        self._combiner: Combiner[Rows, None] = Combiner(
            self._store_group, is_divisible=is_data_error, max_group=MAX_GROUP
        )

    async def take(self, body: bytes, signature: str | None) -> None:
        """Store everything that a webhook tells, once however often it comes.

        **Enqueues** a job for each message; whatever else is new is found by whoever applies it. What is signed and
        cannot be read is kept too. Raises UpdateUnsigned.
        """
        if not is_signed(body, signature, self._secret):
            raise UpdateUnsigned
        await self._combiner.submit([row_of(update) for update in _read(body)])

    async def _store_group(self, group: Sequence[Rows]) -> list[PesanError | None]:
        rows = {row["key"]: row for rows in group for row in rows}
        try:
            async with asyncio.timeout(GROUP_SECONDS), self._database.sale() as session:
                await self._store(session, list(rows.values()))
        except TimeoutError as error:
            raise refusal() from error
        return [None for _ in group]

    async def _store(self, session: WriteSession, rows: Rows) -> None:
        """What was told before is no row again, and no job; by their keys, so that no two groups wait in a ring."""
        ordered = sorted(rows, key=lambda row: row["key"])
        new = set(await session.scalars(_INSERT, pack(ordered)))
        fresh = [row for row in rows if row["id"] in new]
        said = [row for row in fresh if row["kind"] == UpdateKind.MESSAGE]
        await enqueue_many(session, [(MESSAGE_TASK, self._job(row)) for row in said])

    def _job(self, row: dict[str, Any]) -> dict[str, JobArgument]:
        """What one person wrote is handled one after the other; jobs carry no number, so a digest stands for it.

        By their id where they have one: a number may come with it later only.
        """
        person = row["payload"]["user_id"] or row["wa"]
        return {"update_id": row["id"], "person": keyed_digest(self._secret.encode(), person).hex()}


def _read(body: bytes) -> list[Update]:
    """What a signed body tells. Half an emoji, cut off a name, is no reason to lose what others wrote beside it."""
    try:
        return read_updates(orjson.loads(body))
    except orjson.JSONDecodeError:
        pass
    try:
        return read_updates(json.loads(body.decode("utf-8", "replace")))
    except (ValueError, RecursionError):
        return [OtherUpdate("unreadable", {"sha256": sha256(body).hexdigest()})]
