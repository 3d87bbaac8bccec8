"""A merchant as guests see it: name, colours, picture, and how to reach it."""

from dataclasses import dataclass

from markupsafe import Markup

from pesan.storage.keys import version_key
from pesan.tenancy.models import Merchant
from pesan.tenancy.theme import theme_css

MEDIA_PATH = "/media"


@dataclass(frozen=True, slots=True)
class Brand:
    """The merchant as guests see it; its accent must be `#rrggbb`."""

    name: str
    slug: str
    accent: str
    zone: str
    logo_url: str | None = None
    contact_wa: str = ""
    contact_email: str = ""

    @property
    def whatsapp_url(self) -> str:
        """The chat with the merchant; empty when it gave no number."""
        return f"https://wa.me/{self.contact_wa.removeprefix('+')}" if self.contact_wa else ""

    @property
    def path(self) -> str:
        """The merchant's own list."""
        return f"/m/{self.slug}"

    @property
    def theme_css(self) -> Markup:
        """Custom properties for a nonce'd `<style>`; made of hex digits only."""
        return Markup(theme_css(self.accent))  # noqa: S704 - theme_css prints nothing but checked colours


def show_brand(merchant: Merchant) -> Brand:
    """The merchant as a brand."""
    logo = f"{MEDIA_PATH}/{version_key(merchant.logo_key, 'mark.webp')}" if merchant.logo_key else None
    return Brand(
        merchant.name,
        merchant.slug,
        merchant.accent,
        merchant.zone,
        logo,
        contact_wa=merchant.contact_wa or "",
        contact_email=merchant.contact_email or "",
    )
