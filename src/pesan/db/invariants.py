"""What must always hold, as queries that return the offenders; `pesan doctor` runs them all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule: `sql` selects the rows that break it, each as columns that name the offender."""

    name: str
    description: str
    sql: str
