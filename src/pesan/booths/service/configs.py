"""How long a session takes, and how late its customer may come."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from pesan.audit import changed_values, record
from pesan.booths.feed import tell_many
from pesan.booths.models import BoothConfig, Outlet
from pesan.booths.models.configs import MOST_MINUTES
from pesan.booths.queries.configs import Config, get_config
from pesan.booths.service.locks import lock_merchant
from pesan.booths.telling import outlet_changed
from pesan.db import Actor, WriteSession
from pesan.errors import InvalidInput
from pesan.kit.i18n import Text

_LEAST = {"session_duration_minutes": 1, "arrival_tolerance_minutes": 0}
_OUT_OF_RANGE = Text(id="Isi {least} sampai {most} menit.", en="Enter {least} to {most} minutes.")


async def set_config(session: WriteSession, merchant_id: UUID, *, config: Config, actor: Actor) -> list[UUID]:
    """Change how the merchant's booths work, at once: the outlets that were told, to hint at.

    Slots that are booked keep their length, and sessions that are there their tolerance. Raises InvalidInput.
    **Locks** the merchant.
    """
    wanted = asdict(config)
    for name, least in _LEAST.items():
        if not least <= wanted[name] <= MOST_MINUTES:
            raise InvalidInput(name, _OUT_OF_RANGE, least=least, most=MOST_MINUTES)
    merchant = await lock_merchant(session, merchant_id)
    before, after = changed_values(asdict(await get_config(session, merchant_id)), wanted)
    if not after:
        return []
    values = {**wanted, "changed_at": func.clock_timestamp()}
    change = insert(BoothConfig).values(merchant_id=merchant_id, **values)
    await session.execute(change.on_conflict_do_update(index_elements=[BoothConfig.merchant_id], set_=values))
    action = "merchant:booth_config:changed"
    await record(
        session, merchant, action=action, actor=actor, merchant_id=merchant_id, before=before, after=after
    )
    await session.flush()
    outlets = (await session.scalars(select(Outlet.event_id).where(Outlet.merchant_id == merchant_id))).all()
    await tell_many(session, [outlet_changed(event_id, merchant_id) for event_id in sorted(outlets)])
    return list(outlets)
