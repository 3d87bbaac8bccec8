"""Which modules there are: their tables, access rules, database functions, invariants and jobs."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from pesan.db import Access, Base, Invariant
from pesan.db.schema import Schema

MODULES = (
    "audit",
    "idempotency",
    "web",
    "tenancy",
    "tenancy.legal",
    "identity",
    "identity.factors",
    "identity.team",
    "identity.openid",
    "chats",
    "notifications",
    "capacity",
    "catalog",
    "orders",
    "payments",
    "tickets",
    "hooks",
    "risk",
    "checkout",
    "privacy",
    "jobs",
    "storage",
    "realtime",
    "messaging",
    "backoffice",
    "storefront",
    "gates",
    "booths",
    "jastip",
)


_SCHEMA_PARTS = ("models", "schema", "functions")


def build_schema() -> Schema:
    """Everything the database should hold."""
    parts = [part for name in MODULES for kind in _SCHEMA_PARTS if (part := _find(name, kind))]
    access: list[Access] = [rule for part in parts for rule in getattr(part, "ACCESS", ())]
    functions: list[str] = [sql for part in parts for sql in getattr(part, "FUNCTIONS", ())]
    return Schema(Base.metadata, access, functions)


def list_invariants() -> Sequence[Invariant]:
    """What must always hold, of every module."""
    found = [part for name in MODULES if (part := _find(name, "invariants"))]
    return [rule for part in found for rule in part.INVARIANTS]


def import_tasks() -> None:
    """Register every module's job handlers."""
    for name in MODULES:
        _find(name, "tasks")


def _find(module: str, part: str) -> Any:
    """A part of a module that may not have it; an error inside the part is not hidden."""
    wanted = f"pesan.{module}.{part}"
    try:
        return import_module(wanted)
    except ModuleNotFoundError as error:
        if error.name in {wanted, f"pesan.{module}"}:
            return None
        raise
