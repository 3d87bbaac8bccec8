"""What people send is made harmless; what attackers send is refused, in a process that is not ours."""

import asyncio
import io
import os
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from PIL import Image

from pesan.storage import errors
from pesan.storage.inspection import CleanFile, Inspector
from pesan.storage.inspection.pictures import perceptual_hash
from pesan.storage.keys import Kind
from tests.storage import files

Inspect = Callable[..., "asyncio.Future[CleanFile]"]


@pytest.fixture(scope="module")
async def inspector() -> AsyncIterator[Inspector]:
    found = Inspector()
    yield found
    await found.close()


@pytest.fixture
def inspect(inspector: Inspector, tmp_path: Path) -> Inspect:
    def run(content: bytes, kind: Kind = Kind.PROOF) -> "asyncio.Future[CleanFile]":
        path = tmp_path / "sent"
        path.write_bytes(content)
        return asyncio.ensure_future(inspector.inspect(path, kind))

    return run


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_picture_becomes_a_jpeg_of_its_size(inspect: Inspect, kind: str) -> None:
    clean = await inspect(files.encoded(files.picture(), kind))

    assert (clean.main.filename, clean.main.mime) == ("file.jpg", "image/jpeg")
    assert (clean.main.width, clean.main.height) == (1080, 1600)
    assert opened(clean.main.content).format == "JPEG"
    assert opened(clean.main.content).size == (1080, 1600)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "RGBA", "LA", "I;16"])
async def test_every_mode_of_pixels_is_taken(inspect: Inspect, mode: str) -> None:
    source = files.picture(200, 300)
    image = source.convert("L").convert("I").convert(mode) if mode == "I;16" else source.convert(mode)
    clean = await inspect(files.encoded(image, "JPEG" if mode == "CMYK" else "PNG"))

    assert opened(clean.main.content).mode == "RGB"


async def test_large_picture_is_scaled_to_its_longest_edge(inspect: Inspect) -> None:
    clean = await inspect(files.encoded(files.picture(3000, 4000), "JPEG"))

    assert (clean.main.width, clean.main.height) == (1800, 2400)


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (1200, 900)), (3, (1200, 900)), (6, (900, 1200)), (8, (900, 1200))]
)
async def test_photo_is_turned_upright_and_forgets_where_it_was_taken(
    inspect: Inspect, orientation: int, size: tuple[int, int]
) -> None:
    sent = files.photo(orientation)

    clean = await inspect(sent)

    kept = opened(clean.main.content)
    assert kept.size == size
    assert dict(kept.getexif()) == {}
    assert sorted(set(kept.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}) == []
    assert b"Budi" in sent
    assert b"Budi" not in clean.main.content
    assert b"rahasia" not in clean.main.content


async def test_transparent_picture_is_put_on_white(inspect: Inspect) -> None:
    clean = await inspect(files.encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG"))

    assert opened(clean.main.content).getpixel((20, 20)) == (255, 255, 255)


async def test_second_picture_of_a_phones_jpeg_is_dropped(inspect: Inspect) -> None:
    sent = files.encoded(files.picture(), "MPO", save_all=True, append_images=[files.picture(64, 64)])

    clean = await inspect(sent)

    assert getattr(opened(clean.main.content), "n_frames", 1) == 1
    assert (clean.main.width, clean.main.height) == (1080, 1600)


async def test_cover_becomes_responsive_webp_and_a_jpeg_to_share(inspect: Inspect) -> None:
    clean = await inspect(files.encoded(files.picture(3200, 1800), "PNG"), Kind.COVER)

    assert [(v.filename, v.mime, v.width, v.height) for v in clean.versions] == [
        ("large.webp", "image/webp", 1600, 900),
        ("small.webp", "image/webp", 800, 450),
        ("card.webp", "image/webp", 480, 270),
        ("share.jpg", "image/jpeg", 1200, 675),
    ]


async def test_product_becomes_squares_for_every_screen_and_a_jpeg_for_messengers(inspect: Inspect) -> None:
    noise = Image.effect_noise((2000, 1500), 90).convert("RGB")

    clean = await inspect(files.encoded(noise, "PNG"), Kind.PRODUCT)

    allowed = {"small.webp": (400, 12_000), "medium.webp": (800, 40_000), "share.jpg": (1200, 400_000)}
    main, *others = clean.versions
    assert (main.filename, main.mime, main.width, main.height) == ("picture.webp", "image/webp", 1200, 1200)
    assert [version.filename for version in others] == list(allowed)
    for version in others:
        edge, most = allowed[version.filename]
        assert version.width == version.height
        assert (version.width <= edge, len(version.content) <= most) == (True, True)
    assert opened(others[-1].content).format == "JPEG"


async def test_busy_cover_is_coarser_or_smaller_but_never_heavier(inspect: Inspect) -> None:
    noise = Image.effect_noise((1600, 900), 90).convert("RGB")

    clean = await inspect(files.encoded(noise, "PNG"), Kind.COVER)

    allowed = {"small.webp": 8_500, "card.webp": 5_500}
    weights = {v.filename: len(v.content) for v in clean.versions if v.filename in allowed}
    assert {name: weight <= allowed[name] for name, weight in weights.items()} == dict.fromkeys(allowed, True)


async def test_logo_keeps_its_transparency(inspect: Inspect) -> None:
    clean = await inspect(files.encoded(Image.new("RGBA", (900, 300), (9, 9, 9, 90)), "PNG"), Kind.LOGO)

    kept = opened(clean.main.content)
    assert (kept.format, kept.size, kept.mode) == ("PNG", (512, 171), "RGBA")


async def test_polyglot_loses_its_script(inspect: Inspect) -> None:
    script = b"<script>alert(1)</script>"
    sent = files.photo() + script

    clean = await inspect(sent)

    assert script in sent
    assert script not in clean.main.content


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"<!doctype html><script>alert(1)</script>",
        files.encoded(files.picture(), "GIF"),
        files.encoded(files.picture(), "BMP"),
        files.encoded(files.picture(), "TIFF"),
        b"MZ\x90\0" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        b"<?php system($_GET[0]);",
        b"\0" * 100,
        b"x",
    ],
)
async def test_file_of_another_type_is_refused(inspect: Inspect, content: bytes) -> None:
    with pytest.raises(errors.UploadTypeRefused) as refusal:
        await inspect(content)

    assert refusal.value.status == 415


async def test_iphone_photo_is_refused_by_its_name(inspect: Inspect) -> None:
    with pytest.raises(errors.UploadIsHeic):
        await inspect(b"\0\0\0\x18ftypheic" + bytes(100))


async def test_pdf_is_no_cover(inspect: Inspect) -> None:
    with pytest.raises(errors.UploadTypeRefused):
        await inspect(files.document(), Kind.COVER)


@pytest.mark.parametrize(
    "content",
    [
        files.png_header(12_000, 12_000),
        files.png_header(20_000, 20_000),
        files.png_header(1, 2**31 - 1),
        files.webp_header(16_000, 16_000),
        files.encoded(Image.new("L", (12_000, 12_000)), "JPEG", quality=1),
    ],
)
async def test_pixel_bomb_is_refused_by_its_header(inspect: Inspect, content: bytes) -> None:
    with pytest.raises(errors.UploadTooManyPixels):
        await inspect(content)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_animation_is_refused(inspect: Inspect, kind: str) -> None:
    frames = [files.picture(60, 60, shade=number) for number in range(3)]

    with pytest.raises(errors.UploadAnimated):
        await inspect(files.encoded(frames[0], kind, save_all=True, append_images=frames[1:]))


@pytest.mark.parametrize(
    "content",
    [
        files.photo()[:2_000],
        files.encoded(files.picture(), "PNG")[:500],
        files.encoded(files.picture(), "WEBP")[:500],
        b"\xff\xd8\xff",
        b"RIFF\0\0\0\0WEBPXXXX",
        b"RIFF\0\0\0\0WEBP",
        files.encoded(Image.new("RGB", (1, 1)), "PNG"),
        files.webp_header(40, 40),
    ],
)
async def test_damaged_picture_is_refused(inspect: Inspect, content: bytes) -> None:
    with pytest.raises(errors.UploadUnreadable):
        await inspect(content)


async def test_bombs_in_a_colour_profile_or_exif_do_no_harm(inspect: Inspect) -> None:
    with pytest.raises(errors.UploadUnreadable):
        await inspect(files.png_with_profile_bomb())

    assert (await inspect(files.jpeg_with_exif_bomb())).main.width == 64


async def test_pdf_stays_as_it_is(inspect: Inspect) -> None:
    sent = files.document(pages=3)

    clean = await inspect(sent)

    assert (clean.main.filename, clean.main.mime, clean.pages) == ("file.pdf", "application/pdf", 3)
    assert clean.main.content == sent
    assert clean.phash is None


async def test_pdf_of_too_many_pages_is_refused(inspect: Inspect) -> None:
    with pytest.raises(errors.PdfTooLong) as refusal:
        await inspect(files.document(pages=11))

    assert refusal.value.params == {"pages": 10}


@pytest.mark.parametrize(
    "content",
    [
        files.plain_pdf(b"/S /JavaScript /JS (app.alert(1))"),
        files.plain_pdf(b"/S /J#61vaScript /JS (app.alert(1))"),
        files.plain_pdf(b"/S /Launch /F (cmd.exe)"),
        files.plain_pdf(b"/Type /EmbeddedFile"),
        files.plain_pdf(b"/XFA [(x) 1 0 R]"),
        files.plain_pdf(stream=zlib.compress(b"6 0 <</S /JavaScript /JS (app.alert(1))>>")),
        files.plain_pdf(stream=zlib.compress(b"6 0 <</S /L#61unch>>"), filters=b"[ /FlateDecode ]"),
        files.plain_pdf(stream=zlib.compress(b"6 0 <</S /Launch>>"), filters=b"7 0 R"),
    ],
)
async def test_pdf_that_can_act_is_refused(inspect: Inspect, content: bytes) -> None:
    with pytest.raises(errors.PdfActive):
        await inspect(content)


async def test_locked_pdf_is_refused(inspect: Inspect) -> None:
    with pytest.raises(errors.PdfLocked):
        await inspect(files.plain_pdf(b"/Encrypt 9 0 R"))


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n%%EOF\n",
        b"%PDF-9.9\n" + files.plain_pdf()[9:],
        files.plain_pdf()[:-6],
        files.plain_pdf() + b"<script>alert(1)</script>",
        files.plain_pdf() + b"PK\x03\x04",
    ],
)
async def test_pdf_with_something_around_it_is_refused(inspect: Inspect, content: bytes) -> None:
    with pytest.raises(errors.UploadUnreadable):
        await inspect(content)


@pytest.mark.parametrize(
    "content",
    [
        files.plain_pdf(stream=zlib.compress(bytes(80_000_000), 9)),
        files.plain_pdf(stream=b"6 0 <<>>", filters=b"[ /ASCIIHexDecode /FlateDecode ]"),
    ],
)
async def test_pdf_that_hides_its_objects_is_refused(inspect: Inspect, content: bytes) -> None:
    with pytest.raises(errors.UploadTooComplex):
        await inspect(content)


async def test_plain_pdf_is_taken(inspect: Inspect) -> None:
    clean = await inspect(files.plain_pdf(b"/Note (tanpa apa-apa)", stream=zlib.compress(b"6 0 <<>>")))

    assert clean.pages == 1


async def test_file_that_takes_too_long_is_given_up_and_the_next_one_works(tmp_path: Path) -> None:
    slow, quick = tmp_path / "slow", tmp_path / "quick"
    slow.write_bytes(files.encoded(Image.effect_noise((4_000, 4_000), 90), "PNG", compress_level=1))
    quick.write_bytes(files.encoded(files.picture(40, 40), "PNG"))
    hasty, patient = Inspector(size=1, seconds=0.05), Inspector(size=1)

    with pytest.raises(errors.UploadTooComplex):
        await hasty.inspect(slow, Kind.PROOF)
    clean = await patient.inspect(quick, Kind.PROOF)
    await hasty.close()
    await patient.close()

    assert clean.main.width == 40


async def test_process_that_died_is_replaced(inspector: Inspector, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(files.encoded(files.picture(40, 40), "PNG"))
    await inspector.inspect(sent, Kind.PROOF)
    for process in inspector._idle:
        await process.kill()

    clean = await inspector.inspect(sent, Kind.PROOF)

    assert clean.main.width == 40


async def test_files_wait_for_their_turn_but_not_forever(tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(files.encoded(files.picture(2_000, 2_000), "PNG"))
    inspector = Inspector(size=1, patience=0.0001)

    outcomes = await asyncio.gather(
        *(inspector.inspect(sent, Kind.PROOF) for _ in range(4)), return_exceptions=True
    )
    await inspector.close()

    assert [type(outcome) for outcome in outcomes] == [CleanFile] + [errors.InspectionBusy] * 3


async def test_inspecting_process_knows_no_secrets(inspector: Inspector, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(files.encoded(files.picture(40, 40), "PNG"))
    await inspector.inspect(sent, Kind.PROOF)

    process_id = inspector._idle[0]._process.pid
    environment = Path(f"/proc/{process_id}/environ").read_bytes()  # noqa: ASYNC240

    assert sorted(pair.partition(b"=")[0] for pair in environment.split(b"\0") if pair) == [b"LANG", b"PATH"]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("confine(); bytearray(2**30)", 1),
        ("confine(); open('/dev/null'); import subprocess; print(1)", 0),
        ("allow_one_file(0)\nwhile True: pass", -24),
        ("confine(); open(path, 'wb').write(bytes(40 * 2**20))", 1),
    ],
)
def test_kernel_enforces_the_limits(tmp_path: Path, code: str, outcome: int) -> None:
    start = f"from pesan.storage.inspection.limits import *; path = {str(tmp_path / 'large')!r}\n"

    done = subprocess.run(
        [sys.executable, "-I", "-c", start + code], capture_output=True, check=False, timeout=30
    )

    assert done.returncode == outcome


def test_limits_hold_in_the_middle_of_a_picture_bomb(tmp_path: Path) -> None:
    """Where a header lies, memory is what the kernel gives: the parent lives on."""
    before = os.getpid()
    start = "from pesan.storage.inspection.limits import *; confine()\n"
    code = "from PIL import Image; Image.new('RGBA', (20000, 20000))"

    done = subprocess.run(
        [sys.executable, "-I", "-c", start + code], capture_output=True, check=False, timeout=30
    )

    assert b"MemoryError" in done.stderr
    assert os.getpid() == before


def distance(one: int | None, other: int | None) -> int:
    assert one is not None
    assert other is not None
    return ((one ^ other) & (2**64 - 1)).bit_count()


async def test_perceptual_hash_recognises_a_picture_that_was_sent_on(inspect: Inspect) -> None:
    original = files.picture()
    sent_on = original.resize((540, 800)).crop((2, 2, 538, 798))
    other = files.picture(shade=5)

    hashes = [
        (await inspect(files.encoded(image, kind))).phash
        for image, kind in ((original, "PNG"), (sent_on, "JPEG"), (other, "PNG"))
    ]

    assert distance(hashes[0], hashes[1]) <= 6
    assert distance(hashes[0], hashes[2]) > 6


def test_perceptual_hash_of_nothing_is_none_and_all_fit_the_column() -> None:
    noise = [perceptual_hash(Image.effect_noise((90, 80), 200)) for _ in range(50)]

    assert perceptual_hash(Image.new("RGB", (50, 50), "white")) is None
    assert all(value is not None and -(2**63) <= value < 2**63 for value in noise)
    assert any(value is not None and value < 0 for value in noise)
