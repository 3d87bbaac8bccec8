"""What a merchant's chats cost, month by month."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from pesan.backoffice.chat_words import CHARGE_CATEGORIES, CHARGE_KINDS, COSTS_HEADER
from pesan.backoffice.desk import DeskOf, Room
from pesan.backoffice.pages.exporting import Export, send_export
from pesan.backoffice.periods import Month
from pesan.chats.costs import StatementLine, read_statement
from pesan.identity.policies import may_manage
from pesan.kit.export import Cell, ExportFormat
from pesan.kit.i18n import Locale, Text
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit

router = APIRouter(prefix="/organizer/{merchant}/costs", dependencies=[allow(Who.ORGANIZER)])
Wanted = Annotated[str, Query(alias="month", pattern=r"^(20\d\d-(0[1-9]|1[0-2]))?$")]


@router.get("")
async def show_costs(desk: DeskOf, merchant: str, wanted: Wanted = "") -> Response:
    """One month's messages by category, and what they cost."""
    async with desk.reading("brand", merchant, may_manage) as room:
        month = _month(room, wanted)
        since, until = month.bounds(room.shop.zone)
        lines = await read_statement(room.session, room.shop.id, since=since, until=until)
        context = {
            "month": month,
            "begins_at": since,
            "lines": [_shown(line, desk.locale) for line in lines],
            "total": sum((line.amount for line in lines), Decimal(0)),
            "count": sum(line.count for line in lines),
        }
        return desk.page(room.chrome, "costs", context)


@router.post("/export", dependencies=[limit("export", 30, 3600), require_csrf])
async def export_costs(
    desk: DeskOf,
    merchant: str,
    kind: Annotated[ExportFormat, Query(alias="format")] = ExportFormat.CSV,
    wanted: Wanted = "",
) -> StreamingResponse:
    """The same as a file, to the fraction of a rupiah that a message costs."""

    async def portions(room: Room) -> AsyncIterator[Sequence[Sequence[Cell]]]:
        month = _month(room, wanted)
        since, until = month.bounds(room.shop.zone)
        lines = await read_statement(room.session, room.shop.id, since=since, until=until)
        yield [
            [str(month), *_shown(line, desk.locale)[:2], line.count, f"{line.amount:.4f}"] for line in lines
        ]

    names = ("month",) if wanted else ()
    export = Export(
        "biaya-whatsapp", COSTS_HEADER, portions, "merchant:chat_costs:exported", names, rule=may_manage
    )
    return await send_export(desk, merchant, kind, export)


def _month(room: Room, wanted: str) -> Month:
    return Month.parse(wanted) if wanted else Month.of(datetime.now(UTC), room.shop.zone)


def _shown(line: StatementLine, locale: Locale) -> tuple[str, str, int, Decimal]:
    category = CHARGE_CATEGORIES.get(line.category, Text(id=line.category, en=line.category))
    kind = CHARGE_KINDS.get(line.kind, Text(id=line.kind, en=line.kind))
    return category.in_(locale), kind.in_(locale), line.count, line.amount
