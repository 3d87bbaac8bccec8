"""What every table shares: names of constraints, types of columns, the primary key."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import DateTime, MetaData
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

from pesan.kit.ids import new_id

# Names are part of the schema: errors and migrations refer to them.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True))]
"""An instant: aware, stored as UTC."""


class Base(DeclarativeBase):
    """The one declarative base; every module's tables are in its metadata."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012  SQLAlchemy's own spelling


def primary_key() -> MappedColumn[Any]:
    """A UUIDv7 made in Python, so that a row can be named before it is written."""
    return mapped_column(primary_key=True, default=new_id, sort_order=-1)


__all__ = ["NAMING", "UUID", "Base", "Timestamp", "primary_key"]
