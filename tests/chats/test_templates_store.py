"""How templates stand: as WhatsApp tells, as it answers, and handed in when they are missing."""

from dataclasses import replace

import pytest

from pesan.chats.catalogue import CATALOGUE
from pesan.chats.templates_store import (
    MISSING,
    apply_template,
    list_missing,
    list_standings,
    record_standings,
)
from pesan.messaging.whatsapp.inbound import TemplateUpdate
from pesan.messaging.whatsapp.templates import TemplateState
from tests.support.factories import SYSTEM

NAME = CATALOGUE["ticket_ready"].name
TOLD = TemplateUpdate("1", "2", NAME, "id", "APPROVED", "UTILITY", None)


async def stand(database):
    async with database.read(SYSTEM) as session:
        found = {(one.name, one.language): one for one in await list_standings(session)}
    one = found[NAME, "id"]
    return one.status, one.category, one.reason


@pytest.mark.every_postgres
async def test_the_last_that_whatsapp_told_of_a_template_holds(database):
    assert await stand(database) == (MISSING, "UTILITY", "")

    for update, wanted in (
        (TOLD, ("APPROVED", "UTILITY", "")),
        (replace(TOLD, event="CATEGORY_CHANGED", category="MARKETING"), ("APPROVED", "MARKETING", "")),
        (
            replace(TOLD, event="PAUSED", category=None, reason="LOW_QUALITY"),
            ("PAUSED", "MARKETING", "LOW_QUALITY"),
        ),
        (replace(TOLD, event="REINSTATED", category=None), ("APPROVED", "MARKETING", "")),
    ):
        async with database.write(SYSTEM) as session:
            await apply_template(session, update)
        assert await stand(database) == wanted


async def test_what_whatsapp_has_not_is_handed_in(database):
    there = [TemplateState("2", NAME, "id", "REJECTED", "MARKETING")]

    missing = list_missing(there, "https://tiket.example")
    async with database.write(SYSTEM) as session:
        await record_standings(session, there)

    assert len(missing) == 2 * len(CATALOGUE) - 1
    assert (NAME, "en") in {(new.name, new.language) for new in missing}
    assert (NAME, "id") not in {(new.name, new.language) for new in missing}
    assert await stand(database) == ("REJECTED", "MARKETING", "")
