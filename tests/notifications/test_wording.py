"""A merchant's own words: names of facts and nothing else, in mail as on paper."""

from dataclasses import replace

import pytest

from pesan.notifications.render import render
from pesan.notifications.states import Kind
from pesan.notifications.wording import (
    OwnWords,
    default_words,
    fill,
    find_strange,
    placeholders_of,
)
from tests.notifications.test_render import FACTS, HOSTILE, _letter, _links

ALLOWED = ("buyer_name", "when")


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("locale", ["id", "en"])
def test_every_default_can_be_said_as_words_of_ones_own(kind, locale):
    words = default_words(kind, locale)
    letter = replace(_letter(kind), locale=locale)

    assert [
        find_strange(text, placeholders_of(kind)) for text in (words.subject, words.heading, words.body)
    ] == [None] * 3
    assert render(replace(letter, own=words)) == render(letter)


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("Halo {buyer_name}, {when}", None),
        ("", None),
        ("Halo {nama}", "{nama}"),
        ("{buyer_name.__class__}", "{buyer_name.__class__}"),
        ("{buyer_name!r}", "{buyer_name!r}"),
        ("{buyer_name[0]}", "{buyer_name[0]}"),
        ("{0}", "{0}"),
        ("{}", "{}"),
        ("{{ 7*7 }}", "{"),
        ("{{buyer_name}}", "{}"),
        ("{status_url}", "{status_url}"),
        ("sendiri { saja", "{ saja"),
        ("sendiri } saja", "}"),
        ("{buyer_{when}name}", "{buyer_name}"),
    ],
)
def test_only_allowed_names_stand_in_braces(text, strange):
    assert find_strange(text, ALLOWED) == strange


def test_facts_are_put_in_once_and_as_they_are():
    facts = {"buyer_name": "{when} {buyer_name.__class__}", "when": "besok", "status_url": "https://x"}

    filled = fill("{buyer_name}: {when}, {status_url}", facts, allowed=ALLOWED)

    assert filled == "{when} {buyer_name.__class__}: besok, {status_url}"


@pytest.mark.parametrize("part", ["subject", "heading", "body"])
def test_own_words_stay_text_and_make_no_link(part):
    own = replace(OwnWords("Maaf", "Maaf", "Coba lagi."), **{part: HOSTILE})
    clean = render(replace(_letter(Kind.REJECTED), own=OwnWords("Maaf", "Maaf", "Coba lagi.")))

    rendered = render(replace(_letter(Kind.REJECTED), own=own))

    assert _links(rendered.html).tags == _links(clean.html).tags
    assert _links(rendered.html).links == [FACTS.again_url]
    for text in (rendered.text, rendered.html):
        assert "jahat.example" not in text


def test_own_words_fill_subject_heading_and_each_line_of_the_body():
    own = OwnWords("{event_title}?", "Halo {buyer_name}", "Satu {order_code}\n\nDua {reason}\n")

    rendered = render(replace(_letter(Kind.REJECTED), own=own))

    assert rendered.subject == "Senja di Braga?"
    assert "Halo Asep Budiawan.\n\nSatu K7Q2M9XZ4VBNC\n\nDua Nominal tidak sesuai\n" in rendered.text
    assert rendered.html.count('<p style="margin:0 0 12px;">') == 3
