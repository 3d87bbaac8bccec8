"""Taking refunds out of the system, for the bank and for the books; always in the audit."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from pesan.backoffice.desk import DeskOf, Room
from pesan.backoffice.pages.exporting import Export, send_export
from pesan.backoffice.pages.refunds import Filters, to_wanted
from pesan.backoffice.queries.refunds import Returned, stream_refunds
from pesan.backoffice.views.make import cause_of
from pesan.backoffice.words import REFUND_CAUSES, REFUND_EXPORT_HEADER, REFUND_STATES
from pesan.kit.export import Cell, ExportFormat
from pesan.kit.i18n import Locale
from pesan.kit.times import in_zone
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit

router = APIRouter(prefix="/organizer/{merchant}/refunds/export", dependencies=[allow(Who.ORGANIZER)])


@router.post("", dependencies=[limit("export", 30, 3600), require_csrf])
async def export_refunds(
    desk: DeskOf,
    merchant: str,
    kind: Annotated[ExportFormat, Query(alias="format")],
    filters: Filters,
) -> StreamingResponse:
    """Every refund that matches, as a file."""

    async def portions(room: Room) -> AsyncIterator[Sequence[Sequence[Cell]]]:
        zone = room.shop.zone
        async for portion in stream_refunds(
            room.session, room.shop.id, to_wanted(filters, by_beginning=True)
        ):
            yield [_cells(found, zone, desk.locale) for found in portion]

    names = tuple(filters.query())
    export = Export("pengembalian", REFUND_EXPORT_HEADER, portions, "merchant:refunds:exported", names)
    return await send_export(desk, merchant, kind, export)


def _cells(found: Returned, zone: str, locale: Locale) -> Sequence[Cell]:
    refund, order = found.refund, found.order
    return [
        order.code,
        found.event_title,
        order.buyer_name,
        order.wa,
        order.email,
        refund.amount,
        refund.currency,
        REFUND_CAUSES[cause_of(refund)].in_(locale),
        refund.reason,
        REFUND_STATES[refund.state].in_(locale),
        in_zone(refund.requested_at, zone).replace(microsecond=0),
        found.asked_by,
        found.approved_by,
        in_zone(refund.paid_at, zone).replace(microsecond=0) if refund.paid_at else None,
        found.paid_by,
        refund.reference,
    ]
