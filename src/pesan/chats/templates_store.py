"""How our templates stand with WhatsApp: what it told, and what it answers when it is asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from pesan.chats.catalogue import CATALOGUE
from pesan.chats.records import TemplateStanding
from pesan.chats.states import NOT_APPROVED
from pesan.chats.templates import LOCALES, SAMPLES
from pesan.db import ReadSession, WriteSession
from pesan.kit.i18n import Locale
from pesan.messaging.whatsapp.inbound import TemplateUpdate
from pesan.messaging.whatsapp.templates import NewTemplate, TemplateState

APPROVED = "APPROVED"
MISSING = "MISSING"
"""Of a template that WhatsApp has not been given."""
USABLE = frozenset({APPROVED, "FLAGGED"})
"""A flagged one may be paused soon, and is said until then."""
REFUSED = "REFUSED"
"""Of one that WhatsApp did not take when it was used; after `TEMPLATE_LOOK_SECONDS` it is tried again."""
_MOVED = "CATEGORY_CHANGED"
_STATUSES: Mapping[str, str] = {"REINSTATED": APPROVED}
_LONGEST_REASON = 300


# What is being handed over looks by itself in a while.
_WAKE = text(
    "UPDATE chat_messages SET due_at = clock_timestamp() WHERE id IN ("
    "SELECT id FROM chat_messages WHERE state = 'queued' AND error_code = :code"
    " AND template ->> 'name' = :name AND template ->> 'language' = :language FOR UPDATE SKIP LOCKED)"
)
_WAITING = text(
    "SELECT template ->> 'name' AS name, template ->> 'language' AS language, count(*) AS count,"
    " min(created_at) AS since FROM chat_messages WHERE state = 'queued' AND error_code = :code"
    " GROUP BY 1, 2 ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Awaited:
    """A template for which messages wait, since the first of them was said."""

    name: str
    language: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """One template of the catalogue in one language, and how it stands; `category` is WhatsApp's where it has one."""

    name: str
    language: Locale
    category: str
    status: str
    reason: str = ""


async def apply_template(session: WriteSession, update: TemplateUpdate) -> None:
    """What WhatsApp told of a template, in any order and however often; the last that came holds.

    What waited for a template that may be used is due at once. **Locks** it, skipping what is in use.
    """
    told = {"category": (update.category or "").upper(), "reason": (update.reason or "")[:_LONGEST_REASON]}
    if update.event == _MOVED:
        # Who only learns of a move does not learn whether it may be used.
        known = await session.get(TemplateStanding, (update.name, update.language))
        status = known.status if known else APPROVED
    else:
        status = _STATUSES.get(update.event, update.event)
    await _put(session, update.name, update.language, {"status": status, **told})


async def record_standings(session: WriteSession, states: Sequence[TemplateState]) -> None:
    """What WhatsApp answered about templates, which is the truth of that moment; wakes what waited for them."""
    for state in states:
        told = {"status": state.status, "category": state.category, "reason": ""}
        await _put(session, state.name, state.language, told)


async def refuse_template(session: WriteSession, name: str, language: str, reason: str) -> None:
    """WhatsApp did not take it: whatever else is said by it waits, without asking, until somebody told otherwise."""
    await _put(session, name, language, {"status": REFUSED, "reason": reason})


async def list_standings(session: ReadSession) -> list[Listed]:
    """Every template of the catalogue in every language; what is not known of is missing."""
    rows = await session.scalars(select(TemplateStanding))
    known = {(row.name, row.language): row for row in rows}
    found = []
    for template in CATALOGUE.values():
        for locale in LOCALES:
            row = known.get((template.name, locale))
            category = (row.category if row else "") or template.category.value.upper()
            status, reason = (row.status, row.reason) if row else (MISSING, "")
            found.append(Listed(template.name, locale, category, status, reason))
    return found


async def list_awaited(session: ReadSession) -> list[Awaited]:
    """The templates that messages wait for because they may not be used."""
    rows = await session.execute(_WAITING, {"code": NOT_APPROVED})
    return [Awaited(**row) for row in rows.mappings()]


def list_missing(states: Collection[TemplateState], base_url: str) -> list[NewTemplate]:
    """The templates of the catalogue that WhatsApp does not have, as they are submitted."""
    there = {(state.name, state.language) for state in states}
    return [
        template.to_submit(locale, base_url, SAMPLES)
        for template in CATALOGUE.values()
        for locale in LOCALES
        if (template.name, locale) not in there
    ]


async def _put(session: WriteSession, name: str, language: str, told: Mapping[str, str]) -> None:
    # A message that does not name the category leaves the one that is known.
    changed = {key: value for key, value in told.items() if value or key != "category"}
    new = {**changed, "checked_at": func.clock_timestamp()}
    statement = insert(TemplateStanding).values(name=name, language=language, **new)
    await session.execute(statement.on_conflict_do_update(index_elements=["name", "language"], set_=new))
    if told["status"] in USABLE:
        await session.execute(_WAKE, {"code": NOT_APPROVED, "name": name, "language": language})
