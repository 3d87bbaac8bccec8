"""Templates: one for each kind of letter in both languages, as WhatsApp takes them."""

import re
from itertools import pairwise

import pytest

from pesan.chats.catalogue import BROADCAST, CATALOGUE, find_template
from pesan.chats.states import Category
from pesan.chats.templates import LOCALES, SAMPLES
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.messaging.whatsapp.limits import MAX_BODY
from pesan.notifications.states import Kind
from pesan.notifications.words import goods
from tests.support.whatsapp import running_whatsapp

# Meta's limits of a template (protocols §6.6).
MAX_TEMPLATE_BUTTON = 25
BLANK = re.compile(r"\{\{\d+\}\}")
EACH = [(template, locale) for template in CATALOGUE.values() for locale in LOCALES]


def test_every_kind_of_letter_and_every_message_of_trips_has_a_template():
    trips = {"product_announcement", "broadcast", "proof_notice", "balance_notice"}

    of_goods = {f"goods_{kind.value}" for kind in goods.WORDS}
    assert set(CATALOGUE) == {kind.value for kind in Kind} | trips | of_goods
    assert len({template.name for template in CATALOGUE.values()}) == len(CATALOGUE)
    marketing = {key for key, template in CATALOGUE.items() if template.category is Category.MARKETING}
    assert marketing == {"follow_up", "product_announcement", "broadcast"}


@pytest.mark.parametrize(("template", "locale"), EACH, ids=lambda part: getattr(part, "key", part))
def test_a_template_keeps_the_rules_of_whatsapp(template, locale):
    text, facts = template.text_in(locale), template.facts_in(locale)

    assert re.fullmatch(r"[a-z0-9_]+_v\d+", template.name)
    blanks = list(BLANK.finditer(text))
    assert [blank[0] for blank in blanks] == [f"{{{{{number}}}}}" for number in range(1, len(facts) + 1)]
    assert blanks[0].start() > 0
    assert blanks[-1].end() < len(text.rstrip("."))
    assert all(text[one.end() : two.start()].strip() for one, two in pairwise(blanks))
    # Words enough around the blanks, or a reviewer refuses it.
    assert len(BLANK.sub("", text).split()) > 2 * len(facts) + 1
    longest = template.use(locale, dict.fromkeys(SAMPLES, "kata " * 300), path="/b/K7Q2")
    assert len(text) + sum(len(blank) for blank in longest.body) <= MAX_BODY
    label = template.to_submit(locale, "https://tiket.example", SAMPLES).button
    assert label is None or len(label.label) <= MAX_TEMPLATE_BUTTON


def test_blanks_follow_the_order_in_which_each_language_names_its_facts():
    template = CATALOGUE["refund_due"]
    facts = {**SAMPLES, "buyer_name": "Siti\nRahma", "event_title": ""}

    used = template.use("id", facts, path="/b/K7Q2")

    assert template.facts_in("id")[:3] == ("buyer_name", "order_code", "event_title")
    assert used.body[:3] == ("Siti Rahma", "K7Q2M9XZ4VBNC", "-")
    assert used.button == "b/K7Q2"


def test_a_template_is_found_by_what_it_is_about_and_by_its_name():
    template = CATALOGUE[BROADCAST]

    assert find_template(BROADCAST) is template
    assert find_template(template.name) is template
    assert find_template("lainnya") is None


async def test_whatsapp_takes_every_template_as_it_is_submitted():
    async with running_whatsapp() as whatsapp:
        terms = whatsapp.terms
        client = WhatsAppClient(
            phone_number_id=terms.numbers[0].id,
            access_token=terms.access_token,
            business_id=terms.business_id,
            base_url=whatsapp.url,
        )
        try:
            made = [
                await client.create_template(template.to_submit(locale, "https://tiket.example", SAMPLES))
                for template, locale in EACH
            ]
            listed = await client.list_templates()
        finally:
            await client.aclose()

    assert {(one.name, one.language) for one in listed} == {(t.name, locale) for t, locale in EACH}
    assert {one.status for one in made} == {"PENDING"}
