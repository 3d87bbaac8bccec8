"""`pesan whatsapp templates`: what may be said, how WhatsApp judged it, and handing in what is missing."""

import asyncio

from pesan.chats.catalogue import CATALOGUE
from tests.support.commands import Commands
from tests.support.whatsapp import running_whatsapp

COMMAND = ("whatsapp", "templates")


async def test_templates_are_handed_in_once_and_listed_as_whatsapp_has_them(pesan: Commands):
    async with running_whatsapp() as whatsapp:
        # Buttons lead below the instance, which WhatsApp takes by https alone.
        connected = pesan.but(**whatsapp.environment, PESAN_BASE_URL="https://tiket.example")
        before = await asyncio.to_thread(connected.run, *COMMAND)
        await asyncio.to_thread(connected.run, *COMMAND, "--submit")
        after = await asyncio.to_thread(connected.run, *COMMAND, "--submit")

    assert len(before) == len(after) == 2 * len(CATALOGUE)
    assert {one["status"] for one in before} == {"MISSING"}
    # The stand-in approves at once, which is learnt by asking again.
    assert {one["status"] for one in after} == {"APPROVED"}


def test_nothing_is_handed_in_without_an_account(pesan: Commands):
    refused = pesan.attempt(*COMMAND, "--submit")
    listed = pesan.run(*COMMAND)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "PESAN_WA_PHONE_ID" in refused.stderr
    assert {one["status"] for one in listed} == {"MISSING"}


async def test_templates_whose_buttons_would_lead_nowhere_are_not_handed_in(pesan: Commands):
    async with running_whatsapp() as whatsapp:
        connected = pesan.but(**whatsapp.environment)
        refused = await asyncio.to_thread(connected.attempt, *COMMAND, "--submit")
        listed = await asyncio.to_thread(connected.run, *COMMAND)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "PESAN_BASE_URL" in refused.stderr
    assert {one["status"] for one in listed} == {"MISSING"}
