"""Counters in an unlogged table: shared by all processes, forgotten by a crash, and never waiting for a disk."""

from collections.abc import Sequence

from sqlalchemy import text

from pesan.db import Actor, Database
from pesan.kit.combiner import Combiner
from pesan.web.limits.counters import Hit, Tally

# Keys are sorted so that two processes that count the same callers cannot wait for each other in a circle.
_ADD = text(
    "INSERT INTO rate_counters AS counter (key, count, expires_at)"
    " SELECT hit.key, hit.amount, statement_timestamp() + make_interval(secs => hit.seconds)"
    " FROM unnest(CAST(:keys AS text[]), CAST(:amounts AS int[]), CAST(:seconds AS int[]))"
    " AS hit (key, amount, seconds) ORDER BY hit.key"
    " ON CONFLICT (key) DO UPDATE SET"
    " count = excluded.count + CASE WHEN counter.expires_at > statement_timestamp() THEN counter.count ELSE 0 END,"
    " expires_at = CASE WHEN counter.expires_at > statement_timestamp()"
    " THEN counter.expires_at ELSE excluded.expires_at END"
    " RETURNING key, count, extract(epoch FROM expires_at - statement_timestamp())::float8"
)
_COUNTING = Actor.guest()


class PostgresCounters:
    """Hits that arrive while a statement runs share the next one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._combiner: Combiner[Hit, Tally] = Combiner(self._run, is_divisible=lambda _: False)

    async def add(self, hit: Hit) -> Tally:
        """Count `hit` with whoever else is being counted."""
        return await self._combiner.submit(hit)

    async def close(self) -> None:
        """The pool is the database's."""

    async def _run(self, hits: Sequence[Hit]) -> Sequence[Tally]:
        amounts: dict[str, int] = {}
        seconds: dict[str, int] = {}
        for hit in hits:
            amounts[hit.key] = amounts.get(hit.key, 0) + hit.amount
            seconds[hit.key] = hit.seconds
        async with self._database.write(_COUNTING) as session:
            rows = await session.execute(
                _ADD, {"keys": [*amounts], "amounts": [*amounts.values()], "seconds": [*seconds.values()]}
            )
            totals = {key: Tally(count, resets_in) for key, count, resets_in in rows}
        return _share(hits, amounts, totals)


def _share(hits: Sequence[Hit], amounts: dict[str, int], totals: dict[str, Tally]) -> list[Tally]:
    """Each hit's own place in the count, in order of arrival; the statement knew only the sum."""
    counts = {key: totals[key].count - amount for key, amount in amounts.items()}
    tallies = []
    for hit in hits:
        counts[hit.key] += hit.amount
        tallies.append(Tally(counts[hit.key], totals[hit.key].resets_in))
    return tallies
