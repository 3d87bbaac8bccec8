"""Erasures on record in the database, from where a job copies them to the list outside."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from pesan.db import ReadSession, WriteSession
from pesan.jobs import enqueue
from pesan.privacy.erasure_list import Erased
from pesan.privacy.models import Erasure
from pesan.privacy.states import NOTE_ERASURES_TASK


async def note_erasures(session: WriteSession, erased: Sequence[Erased]) -> None:
    """Put erasures on record; known ones stay as they are. **Enqueues** their copy to the list."""
    rows = [
        {"merchant_id": one.merchant_id, "mark": one.mark, "erased_at": one.erased_at, "key_id": one.key_id}
        for one in erased
    ]
    await session.execute(insert(Erasure).on_conflict_do_nothing(), rows)
    await enqueue(session, NOTE_ERASURES_TASK)


async def list_erasures(session: ReadSession) -> Sequence[Erased]:
    """Every erasure on record."""
    rows = await session.scalars(select(Erasure))
    return [Erased(row.erased_at, row.merchant_id, row.mark, row.key_id) for row in rows]
