"""Where the versions of a product's, a face's or a cover's picture are."""

from dataclasses import dataclass

from pesan.storage.keys import version_key
from pesan.tenancy.brands import MEDIA_PATH

SMALL = "small.webp"
MEDIUM = "medium.webp"
SHARED = "share.jpg"
_SIZES = {SMALL: 400, MEDIUM: 800}
_LARGE = 1200


@dataclass(frozen=True, slots=True)
class Pictures:
    """The addresses of a product's picture, square all of them."""

    small: str
    medium: str
    large: str
    shared: str
    """A JPEG, for messengers, which show no WebP."""

    @property
    def srcset(self) -> str:
        """For a browser, which knows how large it is shown; the widths are at most that."""
        small, medium = _SIZES.values()
        return f"{self.small} {small}w, {self.medium} {medium}w, {self.large} {_LARGE}w"


def pictures_of(key: str | None) -> Pictures | None:
    """The addresses of a product's picture, if it has one."""
    if not key:
        return None
    small, medium, shared = (f"{MEDIA_PATH}/{version_key(key, name)}" for name in (SMALL, MEDIUM, SHARED))
    return Pictures(small, medium, f"{MEDIA_PATH}/{key}", shared)


@dataclass(frozen=True, slots=True)
class Cover:
    """The addresses of the picture above a profile."""

    small: str
    large: str


def cover_of(key: str | None) -> Cover | None:
    """The addresses of a profile's cover, if it has one."""
    return Cover(small_of(key), f"{MEDIA_PATH}/{key}") if key else None


def small_of(key: str | None) -> str:
    """The address of the small version of a face or a cover; empty where there is none."""
    return f"{MEDIA_PATH}/{version_key(key, SMALL)}" if key else ""
