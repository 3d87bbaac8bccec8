"""What an inspection is asked for and what it gives back."""

from dataclasses import dataclass

from pesan.storage.keys import Kind


@dataclass(frozen=True, slots=True)
class Rendition:
    """One version to make of a picture: its name, its format by Pillow's name, its longest edge in pixels.

    With `most_bytes` the quality goes down, and then the size, until the version weighs no more. One that `crops` is a
    square out of the picture's middle.
    """

    name: str
    format: str
    edge: int
    quality: int = 85
    most_bytes: int | None = None
    keeps_transparency: bool = False
    crops: bool = False

    @property
    def filename(self) -> str:
        """The last part of the version's key."""
        return f"{self.name}.{EXTENSIONS[self.format]}"


@dataclass(frozen=True, slots=True)
class Preset:
    """What one kind of upload may be and what is made of it; the first rendition is the one that rows name."""

    renditions: tuple[Rendition, ...]
    takes_pdf: bool = False
    max_pages: int = 10


@dataclass(frozen=True, slots=True)
class Version:
    """One harmless file: bytes that we wrote ourselves, or a PDF that was looked through."""

    filename: str
    mime: str
    content: bytes
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class CleanFile:
    """An upload after inspection; `phash` recognises the picture again (None where it says nothing)."""

    versions: tuple[Version, ...]
    phash: int | None = None
    pages: int | None = None

    @property
    def main(self) -> Version:
        """The version that rows name."""
        return self.versions[0]


EXTENSIONS = {"JPEG": "jpg", "WEBP": "webp", "PNG": "png"}
MIMES = {"JPEG": "image/jpeg", "WEBP": "image/webp", "PNG": "image/png"}
PDF_MIME = "application/pdf"

PRESETS = {
    Kind.PROOF: Preset((Rendition("file", "JPEG", 2400),), takes_pdf=True),
    # Messengers that show a preview of a shared page read JPEG only.
    Kind.COVER: Preset(
        (
            Rendition("large", "WEBP", 1600, quality=75),
            # A page may weigh 50 KB on a phone, which shows one large picture, or two of a list at first.
            Rendition("small", "WEBP", 800, quality=65, most_bytes=8_500),
            Rendition("card", "WEBP", 480, quality=50, most_bytes=5_500),
            Rendition("share", "JPEG", 1200),
        )
    ),
    # Mail programs and the PDF of a ticket need a logo that every one of them can show.
    Kind.LOGO: Preset(
        (
            Rendition("logo", "PNG", 512, keeps_transparency=True),
            Rendition("mark", "WEBP", 96, most_bytes=1_500, keeps_transparency=True),
        )
    ),
    # jastipin.md §9: 1200 by 1200 that the picture covers, quality 80.
    Kind.PRODUCT: Preset(
        (
            Rendition("picture", "WEBP", 1200, quality=80, crops=True),
            # A list shows it as large as a thumb, on a phone with a slow line; its own page as wide as the screen.
            Rendition("small", "WEBP", 400, quality=65, most_bytes=12_000, crops=True),
            Rendition("medium", "WEBP", 800, quality=70, most_bytes=40_000, crops=True),
            # WhatsApp shows JPEG and PNG up to 5 MB (protocols §6.7), and phones fetch it over a metered line.
            Rendition("share", "JPEG", 1200, quality=82, most_bytes=400_000, crops=True),
        )
    ),
    Kind.AVATAR: Preset(
        (
            Rendition("picture", "WEBP", 512, quality=80, crops=True),
            Rendition("small", "WEBP", 240, quality=70, most_bytes=8_000, crops=True),
        )
    ),
    Kind.PROFILE_COVER: Preset(
        (
            Rendition("picture", "WEBP", 1600, quality=75),
            Rendition("small", "WEBP", 800, quality=65, most_bytes=16_000),
        )
    ),
}
