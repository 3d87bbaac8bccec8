"""A jastiper of the demo, with a trip that people can join from the chat page, and things to order on it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from pesan.db import Actor, Database, ReadSession
from pesan.jastip.service.products import ProductDraft, create_product
from pesan.jastip.service.trips import TripDraft, create_trip
from pesan.payments.service import MethodDraft, create_method
from pesan.payments.states import MethodKind
from pesan.tenancy.models import Merchant
from pesan.tenancy.service import create_merchant

SLUG, TRIP = "tina", "jpn26"
_THINGS = (
    ProductDraft(
        "Kit Kat Matcha, isi 12", "kitkat", 65_000, 30, "Rasa teh hijau dari Uji.", shop="Don Quijote"
    ),
    ProductDraft("Tokyo Banana, isi 8", "banana", 145_000, 12, "Tahan seminggu.", shop="Stasiun Tokyo"),
    ProductDraft("Hada Labo Gokujyun 170 ml", "hadalabo", 120_000, 20, shop="Matsumoto Kiyoshi"),
    ProductDraft(
        "Onitsuka Tiger Mexico 66", "tiger66", 1_850_000, 2, "Tulis ukuran di catatan.", shop="Shibuya"
    ),
)


async def set_out(database: Database, actor: Actor) -> UUID | None:
    """The jastiper with accounts, trip and things, all of it or nothing; None when she is there already."""
    async with database.read(actor) as session:
        if await _find(session) is not None:
            return None
    async with database.write(actor) as session:
        tina = await create_merchant(session, name="Jastip by Tina", slug=SLUG, actor=actor, accent="#b4234f")
        tina.contact_email, tina.contact_wa = "tina@jastip.example.com", "+6281200000026"
        await session.flush()
        account = MethodDraft(
            MethodKind.BANK, bank_name="BCA", account_no="5210987654", account_holder="TINA WIJAYA"
        )
        await create_method(session, merchant_id=tina.id, draft=account, actor=actor)
        plan = TripDraft(
            title="Jastip Jepang, musim gugur",
            slug=TRIP,
            description="Tokyo dan Osaka. Titipan dikirim dari Bandung begitu aku pulang.",
            deadline=datetime.now(UTC) + timedelta(days=21),
            is_active=True,
        )
        trip = await create_trip(session, merchant_id=tina.id, draft=plan, actor=actor)
        for thing in _THINGS:
            await create_product(session, trip_id=trip.event_id, draft=thing, actor=actor)
        return tina.id


async def _find(session: ReadSession) -> UUID | None:
    return await session.scalar(select(Merchant.id).where(func.lower(Merchant.slug) == SLUG))
