"""The database: engine, sessions that know their actor, access rules, the embedded server, migrations."""

from pesan.db.access import Access, Policy
from pesan.db.actor import Actor, ActorKind
from pesan.db.base import Base, Timestamp, primary_key
from pesan.db.database import Database, ReadSession, WriteSession
from pesan.db.invariants import Invariant

__all__ = [
    "Access",
    "Actor",
    "ActorKind",
    "Base",
    "Database",
    "Invariant",
    "Policy",
    "ReadSession",
    "Timestamp",
    "WriteSession",
    "primary_key",
]
