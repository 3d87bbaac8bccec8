"""Taking bookings out of the system: a permission of its own, and always in the audit."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, BinaryIO, cast

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from pesan.backoffice.desk import Desk, DeskOf
from pesan.backoffice.pages.bookings import read_filters, to_wanted
from pesan.backoffice.queries.bookings import Booking, stream_bookings
from pesan.backoffice.service import record_export
from pesan.backoffice.views.bookings import BookingFilters
from pesan.backoffice.words import EXPORT_HEADER, STATES
from pesan.identity.policies import may_export
from pesan.kit.export import Cell, ExportFormat, TableWriter, open_table
from pesan.kit.i18n import Locale
from pesan.kit.times import in_zone
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit

router = APIRouter(prefix="/organizer/{merchant}/bookings/export", dependencies=[allow(Who.ORGANIZER)])
_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024


@router.post("", dependencies=[limit("export", 30, 3600), require_csrf])
async def export_bookings(
    desk: DeskOf,
    merchant: str,
    kind: Annotated[ExportFormat, Query(alias="format")],
    filters: Annotated[BookingFilters, Depends(read_filters)],
) -> StreamingResponse:
    """Every booking that matches, as a file.

    It is written whole before the first byte leaves, so that a slow reader holds a file and no database connection.
    """
    # Closed after the last byte left. A spooled file is a BinaryIO in all but its declared base.
    file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    try:
        count = await _write(desk, merchant, filters, kind, file)
        async with desk.writing(merchant, may_export) as room:
            data = {"format": kind.value, "rows": count, "filters": sorted(filters.query())}
            await record_export(room.session, room.shop.id, actor=desk.actor, data=data)
    except BaseException:
        file.close()
        raise
    name = f"pesanan-{merchant}-{datetime.now(UTC):%Y%m%d-%H%M}.{kind.value}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_read(file), media_type=kind.mime, headers=headers)


async def _write(
    desk: Desk, merchant: str, filters: BookingFilters, kind: ExportFormat, file: BinaryIO
) -> int:
    header = [text.in_(desk.locale) for text in EXPORT_HEADER]
    count = 0
    async with desk.reading("bookings", merchant, may_export) as room:
        zone = room.shop.zone
        table: TableWriter = open_table(kind, file, title="Pesan", header=header)
        async for portion in stream_bookings(room.session, room.shop.id, to_wanted(filters, zone)):
            count += len(portion)
            await asyncio.to_thread(table.add, [_cells(booking, zone, desk.locale) for booking in portion])
    await asyncio.to_thread(table.finish)
    return count


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


async def _read(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        await asyncio.to_thread(file.seek, 0)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
    finally:
        file.close()
