"""The frame around every page: who is signed in, where they are, where they may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from markupsafe import Markup

from pesan.identity.policies import (
    SignedIn,
    may_manage,
    may_manage_events,
    may_operate,
    may_review,
    may_review_everything,
)
from pesan.tenancy.theme import theme_css


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant as the person sees it; `waiting` are the proofs to be reviewed, `risks` the fraud checks.

    `has_booths` says that there are outlets of booths at which they work, `has_trips` that people order on trips.
    """

    id: UUID
    slug: str
    name: str
    accent: str
    zone: str
    logo_url: str | None = None
    waiting: int = 0
    risks: int = 0
    has_booths: bool = False
    has_trips: bool = False

    @property
    def path(self) -> str:
        """The merchant's own corner of the back office."""
        return f"/organizer/{self.slug}"

    @property
    def theme_css(self) -> Markup:
        """The merchant's accent as custom properties for a nonce'd `<style>`; made of hex digits only."""
        return Markup(theme_css(self.accent))  # noqa: S704  theme_css prints nothing but checked colours


@dataclass(frozen=True, slots=True)
class Chrome:
    """The header of a page: `section` is the current link, `shops` what the switcher offers."""

    person: SignedIn
    shops: Sequence[Shop]
    shop: Shop | None = None
    section: str = ""

    @property
    def may_review(self) -> bool:
        """Bookings and the queue are theirs to see."""
        return self.shop is not None and may_review(self.person, self.shop.id)

    @property
    def may_manage(self) -> bool:
        """Methods, the brand and the team are theirs to change, and events theirs to add."""
        return self.shop is not None and may_manage(self.person, self.shop.id)

    @property
    def may_manage_events(self) -> bool:
        """Events, or some of them, are theirs to change."""
        return self.shop is not None and may_manage_events(self.person, self.shop.id)

    @property
    def may_plan_trips(self) -> bool:
        """Trips of a merchant, or some of them, are theirs to run."""
        return any(may_manage_events(self.person, shop.id) for shop in self.shops)

    @property
    def may_review_everything(self) -> bool:
        """What belongs to the whole merchant is theirs to see."""
        return self.shop is not None and may_review_everything(self.person, self.shop.id)

    @property
    def may_operate(self) -> bool:
        """The instance's jobs are theirs to look after."""
        return may_operate(self.person)
