"""Taking bookings out of the system: a permission of its own, and always in the audit."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from pesan.backoffice.desk import DeskOf, Room
from pesan.backoffice.pages.bookings import read_filters, to_wanted
from pesan.backoffice.pages.exporting import Export, send_export
from pesan.backoffice.queries.bookings import Booking, stream_bookings
from pesan.backoffice.views.bookings import BookingFilters
from pesan.backoffice.words import EXPORT_HEADER, STATES
from pesan.kit.export import Cell, ExportFormat
from pesan.kit.i18n import Locale
from pesan.kit.times import in_zone
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit

router = APIRouter(prefix="/organizer/{merchant}/bookings/export", dependencies=[allow(Who.ORGANIZER)])


@router.post("", dependencies=[limit("export", 30, 3600), require_csrf])
async def export_bookings(
    desk: DeskOf,
    merchant: str,
    kind: Annotated[ExportFormat, Query(alias="format")],
    filters: Annotated[BookingFilters, Depends(read_filters)],
) -> StreamingResponse:
    """Every booking that matches, as a file."""

    async def portions(room: Room) -> AsyncIterator[Sequence[Sequence[Cell]]]:
        zone = room.shop.zone
        wanted = to_wanted(filters, zone, by_beginning=True)
        async for portion in stream_bookings(room.session, room.shop.id, wanted):
            yield [_cells(booking, zone, desk.locale) for booking in portion]

    export = Export("pesanan", EXPORT_HEADER, portions, "merchant:bookings:exported", tuple(filters.query()))
    return await send_export(desk, merchant, kind, export)


def _cells(booking: Booking, zone: str, locale: Locale) -> Sequence[Cell]:
    order = booking.order
    return [
        order.code,
        booking.event_title,
        STATES[order.state].in_(locale),
        order.buyer_name,
        order.wa,
        order.email,
        order.quantity,
        booking.amount,
        order.currency,
        in_zone(order.placed_at, zone).replace(microsecond=0),
        in_zone(order.state_changed_at, zone).replace(microsecond=0),
        order.notes,
    ]
