"""Legal pages: what people type becomes parts of a page, and what was published stays as it is."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from pesan.db import Actor
from pesan.tenancy.legal.defaults import DEFAULTS
from pesan.tenancy.legal.models import LegalVersion
from pesan.tenancy.legal.paragraphs import to_blocks
from pesan.tenancy.legal.queries import list_current, list_versions
from pesan.tenancy.legal.service import publish
from pesan.tenancy.legal.states import LegalKind
from pesan.tenancy.models import Merchant
from tests.support.factories import SYSTEM


def test_blocks_are_headings_paragraphs_and_lists():
    typed = "Satu\r\nbaris.\n\n## Judul\n- satu\n- <b>dua</b>\nSesudahnya.\n\n \n\n-bukan butir"

    assert to_blocks(typed) == [
        ("paragraph", ["Satu baris."]),
        ("heading", ["Judul"]),
        ("list", ["satu", "<b>dua</b>"]),
        ("paragraph", ["Sesudahnya."]),
        ("paragraph", ["-bukan butir"]),
    ]


@pytest.mark.parametrize("typed", ["", "  \n\n ", "## "])
def test_blocks_of_nearly_nothing_break_nothing(typed):
    assert len(to_blocks(typed)) <= 1


async def test_new_merchant_has_every_page(make, database):
    merchant = await make.merchant()

    async with database.read(Actor.guest()) as session:
        current = await list_current(session, merchant.id)

    assert {kind: (found.number, found.is_default, found.body_en) for kind, found in current.items()} == {
        kind.value: (1, True, text.en) for kind, text in DEFAULTS.items()
    }


async def test_published_version_supersedes_and_the_old_one_stays(make, database):
    merchant = await make.merchant()
    async with database.write(SYSTEM) as session:
        row = await session.get_one(Merchant, merchant.id)
        await publish(
            session, row, kind=LegalKind.TERMS, body_id="Baru.", body_en="New.", actor=Actor.system("x")
        )

    async with database.read(Actor.guest()) as session:
        versions = await list_versions(session, merchant.id, LegalKind.TERMS)

    assert [(found.number, found.body_id) for found in versions] == [
        (2, "Baru."),
        (1, DEFAULTS[LegalKind.TERMS].id),
    ]


@pytest.mark.parametrize("change", ["UPDATE legal_versions SET body_id = 'x'", "DELETE FROM legal_versions"])
async def test_published_version_cannot_be_changed(make, database, change):
    await make.merchant()

    with pytest.raises(ProgrammingError):
        async with database.write(SYSTEM) as session:
            await session.execute(text(change))


async def test_staff_of_another_merchant_publish_nothing(make, database):
    mine, other = await make.merchant(), await make.merchant()
    stranger = Actor.staff(mine.id, frozenset([other.id]))

    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.write(stranger) as session:
            session.add(
                LegalVersion(merchant_id=mine.id, kind="terms", number=2, body_id="Palsu.", body_en="Fake.")
            )
