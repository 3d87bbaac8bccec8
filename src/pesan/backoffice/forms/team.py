"""The form of a place in a merchant's team."""

from collections.abc import Collection
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from pesan.identity.states import MerchantRole
from pesan.identity.team.service import Place


class PlaceForm(BaseModel):
    """A role, and whether it is for all events or for those that are ticked."""

    model_config = ConfigDict(extra="ignore")

    role: MerchantRole
    reach: Literal["all", "some"] = "all"
    event_ids: tuple[UUID, ...] = ()

    @model_validator(mode="after")
    def _some_are_ticked(self) -> "PlaceForm":
        # Nothing ticked must never be read as everything.
        if self.reach == "some" and not self.event_ids:
            raise PydanticCustomError("no_events", "none ticked", {"field": "event_ids"})
        return self

    def to_place(self, own: Collection[UUID]) -> Place | None:
        """The same, in identity's words; None when an event is not one of the merchant's `own`."""
        if self.reach == "all":
            return Place(self.role)
        chosen = frozenset(self.event_ids)
        return Place(self.role, chosen) if chosen.issubset(own) else None


class InvitationForm(PlaceForm):
    """Whom to invite."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]
