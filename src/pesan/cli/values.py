"""What a typed value must look like; said before anything is opened."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from pesan.kit.times import ZONES


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing with a history."""

    kind: str
    id: UUID


def check_slug(slug: str) -> str:
    """A merchant's address; the CHECK constraint says the same."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]", slug):
        raise typer.BadParameter("3 to 40 lower-case letters and digits, hyphens between them")
    return slug


def check_accent(accent: str) -> str:
    """A colour."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", accent):
        raise typer.BadParameter("a colour like #0b5d66")
    return accent


def check_zone(zone: str | None) -> str | None:
    """A time zone of Indonesia."""
    if zone is not None and zone not in ZONES:
        raise typer.BadParameter(f"one of {', '.join(ZONES)}")
    return zone


def parse_moment(text: str) -> datetime:
    """A moment in ISO 8601, with or without an offset."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("a moment like 2026-12-05T19:00 or 2026-12-05T12:00:00Z") from error


def parse_subject(text: str) -> Subject:
    """A thing with a history, as `kind:id`."""
    kind, _, subject_id = text.partition(":")
    try:
        return Subject(kind, UUID(subject_id))
    except ValueError as error:
        raise typer.BadParameter("a kind and an id, like order:019a5c1e-…") from error


def on_clocks_of(moment: datetime, zone: str) -> datetime:
    """The instant that was meant: a time without an offset is on the merchant's clocks."""
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
