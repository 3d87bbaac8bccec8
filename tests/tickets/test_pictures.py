import io

import pytest
import zxingcpp
from PIL import Image

from pesan.tickets.keys import Algorithm
from pesan.tickets.render import pictures
from tests.tickets.makers import make_key, make_qr

TEXT = make_qr(make_key()[0])


def _decode(picture: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def _png(text: str = TEXT) -> Image.Image:
    return Image.open(io.BytesIO(pictures.qr_png(text))).convert("L")


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_qr_png_is_read_by_an_independent_decoder(algorithm):
    text = make_qr(make_key(algorithm)[0])

    assert _decode(_png(text)) == [text]


def test_qr_is_a_version_5_code_at_level_l_with_its_quiet_zone():
    (code,) = zxingcpp.read_barcodes(_png())

    assert _png().size == ((37 + 2 * 4) * 12,) * 2
    assert (code.ec_level, code.symbology_identifier) == ("L", "]Q1")


def test_qr_png_is_read_from_a_screenshot_sent_through_a_chat():
    """A phone's screenshot: the code on a page, made smaller, made JPEG, a little rotated."""
    screenshot = Image.new("RGB", (1080, 1920), "#f6f3ec")
    screenshot.paste(_png().convert("RGB"), (270, 600))
    sent = io.BytesIO()
    screenshot.resize((540, 960)).rotate(3, fillcolor="#f6f3ec").save(sent, "JPEG", quality=35)

    assert _decode(Image.open(sent)) == [TEXT]


def test_qr_svg_is_inert_and_scales():
    svg = pictures.qr_svg(TEXT, title='<script>"&')

    assert svg.startswith('<svg viewBox="0 0 45 45" class="qr">')
    assert "<script>" not in svg
    assert "style=" not in svg
    assert 'fill="#fff"' in svg


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK"])
@pytest.mark.parametrize("crop", [True, False])
def test_inline_svg_takes_every_kind_of_picture(mode, crop):
    file = io.BytesIO()
    Image.new(mode, (300, 200)).save(file, "TIFF" if mode == "CMYK" else "PNG")

    svg = pictures.inline_svg(file.getvalue(), width=60, height=20, crop=crop)

    assert svg is not None
    assert f"data:image/{'jpeg' if crop else 'png'};base64," in svg


@pytest.mark.parametrize(
    "data", [None, b"", b"not a picture", b"<svg onload='alert(1)'/>", b"\x89PNG\r\n\x1a\n"]
)
def test_inline_svg_of_what_is_no_picture_is_none(data):
    assert pictures.inline_svg(data, width=60, height=20, crop=True) is None


def test_decoder_finds_nothing_where_there_is_nothing():
    """The control of these tests."""
    assert _decode(Image.new("L", (600, 800), 255)) == []
