from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pesan.tickets import base45, keys, qr, tokens
from pesan.tickets.keys import Algorithm
from tests.tickets.makers import CLAIMS, TICKET, make_key, make_qr

KEY, VERIFYING = make_key()
SECONDS = st.integers(0, 2**32 - 1)
TICKETS = st.builds(
    qr.QrTicket,
    ticket_id=st.uuids(),
    issued_at=SECONDS,
    expires_at=SECONDS,
    epoch=st.integers(0, 2**16 - 1),
    slice_code=st.binary(min_size=6, max_size=6),
)


@given(TICKETS)
def test_check_of_a_read_code_gives_back_the_ticket(ticket):
    text = make_qr(KEY, ticket)

    assert qr.check(qr.read(text), VERIFYING) == ticket
    assert len(text) == qr.MAX_CHARACTERS
    assert text == text.strip()


def test_layout_is_the_one_that_gates_are_promised():
    ticket = qr.QrTicket(UUID(int=5), issued_at=6, expires_at=7, epoch=8)
    body = qr.body_of(ticket, b"kkkk")

    assert body == b"\x01kkkk" + UUID(int=5).bytes + b"\0\0\0\x06" + b"\0\0\0\x07" + b"\0\x08" + bytes(6)


def test_an_hmac_code_is_read_by_its_key_and_is_shorter():
    key, verifying = make_key(Algorithm.HS256)
    text = make_qr(key)

    assert qr.check(qr.read(text), verifying) == TICKET
    assert len(text) == 104


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_every_single_changed_character_is_refused(algorithm):
    key, verifying = make_key(algorithm)
    text = make_qr(key)
    for position, original in enumerate(text):
        changed = "A" if original != "A" else "B"
        with pytest.raises(qr.BadQr):
            qr.check(qr.read(text[:position] + changed + text[position + 1 :]), verifying)


@settings(max_examples=300, deadline=None)
@given(position=st.integers(0, 100), bit=st.integers(0, 7))
def test_every_single_changed_bit_is_refused(position, bit):
    data = bytearray(base45.decode(make_qr(KEY)))
    data[position] ^= 1 << bit
    with pytest.raises(qr.BadQr):
        qr.check(qr.read(base45.encode(bytes(data))), VERIFYING)


@given(st.text(max_size=200))
def test_read_of_any_text_ends_in_bad_qr_or_a_code(text):
    try:
        code = qr.read(text)
    except qr.BadQr:
        return
    assert base45.encode(code.body + code.signature) == text


def test_code_of_another_key_is_refused():
    with pytest.raises(qr.BadQr, match="another key"):
        qr.check(qr.read(make_qr(KEY)), make_key()[1])


def test_code_of_an_hmac_key_under_an_ed25519_name_is_refused():
    """The public key is no secret: an HMAC made with it must not pass where Ed25519 is expected."""
    body = qr.body_of(TICKET, KEY.qr_kid)
    forged = qr.assemble(body, keys.sign(Algorithm.HS256, KEY.public, qr.message_of(body)))

    with pytest.raises(qr.BadQr, match="another key"):
        qr.check(qr.read(forged), VERIFYING)


def test_signature_made_for_a_token_is_refused_in_a_code():
    message = tokens.signing_input(CLAIMS, KEY.kid, KEY.algorithm)
    body = qr.body_of(TICKET, KEY.qr_kid)
    moved = qr.assemble(body, keys.sign(KEY.algorithm, KEY.private, message))
    unprefixed = qr.assemble(body, keys.sign(KEY.algorithm, KEY.private, body))

    for text in (moved, unprefixed):
        with pytest.raises(qr.BadQr, match="forged"):
            qr.check(qr.read(text), VERIFYING)


@pytest.mark.parametrize(
    ("kid", "ticket"),
    [
        (b"abc", TICKET),
        (b"abcd", qr.QrTicket(TICKET.ticket_id, -1, 0)),
        (b"abcd", qr.QrTicket(TICKET.ticket_id, 0, 2**32)),
        (b"abcd", qr.QrTicket(TICKET.ticket_id, 0, 0, epoch=2**16)),
        (b"abcd", qr.QrTicket(TICKET.ticket_id, 0, 0, slice_code=b"")),
    ],
)
def test_body_of_a_field_that_does_not_fit_is_refused(kid, ticket):
    with pytest.raises(ValueError, match="field of the code"):
        qr.body_of(ticket, kid)
