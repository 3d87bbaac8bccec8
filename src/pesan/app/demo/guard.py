"""Keeping the demo away from the public: everybody knows its passwords."""

import asyncio

from sqlalchemy import func, select

from pesan.app.demo.people import LOG_INS
from pesan.app.instance import Instance
from pesan.db import Actor
from pesan.errors import PesanError
from pesan.identity.models import User
from pesan.kit.i18n import Text
from pesan.settings import Settings

_ACTOR = Actor.system("demo")


class DemoRefused(PesanError):
    """The demo is never written into a production instance."""

    code = "demo.refused"
    status = 409
    message = Text(
        id="Demo tidak ditulis ke instansi produksi. Jalankan tanpa PESAN_ENV=production.",
        en="The demo is not written into a production instance. Run it without PESAN_ENV=production.",
    )


class DemoPresent(PesanError):
    """A database that was a demo must not become a production instance."""

    code = "demo.present"
    status = 409
    message = Text(
        id="Basis data ini berisi akun demo ({emails}) yang kata sandinya diketahui siapa pun. Pakai basis data lain.",
        en="This database holds demo accounts ({emails}), and everybody knows their passwords. Use another database.",
    )


def refuse_in_production(settings: Settings) -> None:
    """Raises DemoRefused for a production instance."""
    if settings.is_production:
        raise DemoRefused


def refuse_demo_people(instance: Instance) -> None:
    """Raises DemoPresent when somebody of the demo can log in to this instance."""
    found = asyncio.run(_find_demo_people(instance))
    if found:
        raise DemoPresent(emails=", ".join(found))


async def _find_demo_people(instance: Instance) -> list[str]:
    known = [person.email for person in LOG_INS]
    query = select(User.email).where(func.lower(User.email).in_(known), User.is_active).order_by(User.email)
    database = instance.open_database("worker", pool_size=2)
    try:
        async with database.read(_ACTOR) as session:
            return list(await session.scalars(query))
    finally:
        await database.dispose()
