import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pesan.notifications.letters import Letter, LetterFacts
from pesan.notifications.render import inert, render
from pesan.notifications.states import ChannelName, Kind

FACTS = LetterFacts(
    buyer_name="Asep Budiawan",
    merchant_name="Ruang Senja",
    event_title="Senja di Braga",
    when="Sab, 5 Des 2026 · 19.00 WIB",
    where="Gedung Merdeka, Bandung",
    order_code="K7Q2M9XZ4VBNC",
    status_url="https://tiket.example/b/K7Q2M9XZ4VBNC",
    again_url="https://tiket.example/x/senja-abc12345",
    ticket_count=2,
    amount="Rp 300.123",
    reason="Nominal tidak sesuai",
)
HOSTILE = "Menang! https://jahat.example/x klik www.jahat.example <b>a@b.example</b> {{7*7}} {facts.accent}"


def _letter(kind: Kind, **facts) -> Letter:
    return Letter(kind, replace(FACTS, **facts), {ChannelName.EMAIL: "asep@contoh.example"})


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]


def _links(html: str) -> _Links:
    parser = _Links()
    parser.feed(html)
    return parser


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("locale", ["id", "en"])
def test_render_fills_every_sentence_of_every_kind(kind, locale):
    rendered = render(replace(_letter(kind), locale=locale))

    for text in (rendered.subject, rendered.text, rendered.html):
        assert "{" not in text
        assert "None" not in text
    assert "Asep Budiawan" in rendered.text
    assert "Asep Budiawan" in rendered.html
    assert f'<html lang="{locale}">' in rendered.html


@pytest.mark.parametrize("kind", list(Kind))
def test_render_in_english_leaves_no_indonesian_word(kind):
    text = re.sub(r"https:\S+", "", render(replace(_letter(kind), locale="en")).text)

    assert not re.search(
        r"\b(kamu|kami|pesan|tiket|Halo|Acara|Waktu|Tempat|Kode|Jumlah|Alasan|Salam)\b", text
    )


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (Kind.PROOF_RECEIVED, FACTS.status_url),
        (Kind.TICKET_READY, FACTS.status_url),
        (Kind.REJECTED, FACTS.again_url),
        (Kind.EXPIRED, FACTS.again_url),
        (Kind.CANCELLED, FACTS.again_url),
        (Kind.EVENT_CANCELLED, FACTS.status_url),
        (Kind.EVENT_MOVED, FACTS.status_url),
    ],
)
def test_each_letter_has_exactly_one_link_and_it_is_ours(kind, url):
    rendered = render(_letter(kind))

    assert _links(rendered.html).links == [url]
    assert re.findall(r"https?://\S+", rendered.text) == [url]


def test_rejected_letter_says_why():
    rendered = render(_letter(Kind.REJECTED))

    assert "Alasan: Nominal tidak sesuai" in rendered.text
    assert "Nominal tidak sesuai" in rendered.html


@pytest.mark.parametrize("field", ["buyer_name", "merchant_name", "event_title", "where", "reason"])
def test_what_people_typed_stays_text_and_makes_no_link(field):
    clean, hostile = render(_letter(Kind.REJECTED)), render(_letter(Kind.REJECTED, **{field: HOSTILE}))

    assert _links(hostile.html).tags == _links(clean.html).tags
    assert _links(hostile.html).links == [FACTS.again_url]
    assert re.findall(r"https?://\S+", hostile.text) == [FACTS.again_url]
    for text in (hostile.text, hostile.html):
        assert "jahat.example" not in text
        assert "{{7*7}}" in text.replace("\u200b", "")
        assert "{facts.accent}" in text.replace("\u200b", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Asep Budiawan", "Asep Budiawan"),
        ("Dr. Siti, M.Kes", "Dr. Siti, M.\u200bKes"),
        ("a@b.id", "a@\u200bb.\u200bid"),
        ("https://x", "https:\u200b/\u200b/\u200bx"),
    ],
)
def test_inert_breaks_only_what_could_become_a_link(text, shown):
    assert inert(text) == shown


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        (Kind.PROOF_RECEIVED, ["Jumlah"]),
        (Kind.TICKET_READY, ["Jumlah"]),
        (Kind.REJECTED, ["Alasan"]),
        (Kind.EXPIRED, []),
        (Kind.CANCELLED, []),
        (Kind.EVENT_CANCELLED, []),
        (Kind.EVENT_MOVED, []),
    ],
)
def test_each_letter_tells_the_facts_it_needs_and_no_others(kind, labels):
    text = render(_letter(kind)).text

    told = re.findall(r"^(Acara|Waktu|Tempat|Kode pesanan|Jumlah|Alasan): ", text, re.MULTILINE)
    assert told == ["Acara", "Waktu", "Tempat", "Kode pesanan", *labels]
