"""A list as a file: written whole before its first byte leaves, and always in the audit."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO, cast

from starlette.responses import StreamingResponse

from pesan.backoffice.desk import Desk, Room, Rule
from pesan.backoffice.service import record_export
from pesan.identity.policies import may_export
from pesan.kit.export import Cell, ExportFormat, TableWriter, open_table
from pesan.kit.i18n import Text

_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Export:
    """What is taken out: the file's name, its header, its rows in portions, and how the audit names it.

    `about` says of what, where the list is not all of the merchant's, and `rule` who may take it out; one whom
    `may_export` does not let gets contacts masked.
    """

    name: str
    header: Sequence[Text]
    portions: Callable[[Room], AsyncIterator[Sequence[Sequence[Cell]]]]
    action: str
    filters: Sequence[str]
    about: Mapping[str, str] = field(default_factory=dict)
    rule: Rule = may_export


async def send_export(desk: Desk, merchant: str, kind: ExportFormat, export: Export) -> StreamingResponse:
    """The list as a file for those who may take it out; a slow reader holds a file and no database connection."""
    # Closed after the last byte left. A spooled file is a BinaryIO in all but its declared base.
    file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    try:
        count = await _write(desk, merchant, kind, export, file)
        async with desk.writing(merchant, export.rule) as room:
            data = {"format": kind.value, "rows": count, "filters": sorted(export.filters), **export.about}
            if not may_export(desk.person, room.shop.id):
                data["contacts"] = "masked"
            await record_export(room.session, room.shop.id, action=export.action, actor=desk.actor, data=data)
    except BaseException:
        file.close()
        raise
    name = f"{export.name}-{merchant}-{datetime.now(UTC):%Y%m%d-%H%M}.{kind.value}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_read(file), media_type=kind.mime, headers=headers)


async def _write(desk: Desk, merchant: str, kind: ExportFormat, export: Export, file: BinaryIO) -> int:
    header = [text.in_(desk.locale) for text in export.header]
    count = 0
    async with desk.reading("", merchant, export.rule) as room:
        table: TableWriter = await asyncio.to_thread(open_table, kind, file, title="Pesan", header=header)
        async for portion in export.portions(room):
            count += len(portion)
            await asyncio.to_thread(table.add, portion)
    await asyncio.to_thread(table.finish)
    return count


async def _read(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        await asyncio.to_thread(file.seek, 0)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
    finally:
        file.close()
