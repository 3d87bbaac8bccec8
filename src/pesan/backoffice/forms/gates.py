"""The forms of an event's gates: a gate, and how they work."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from pesan.backoffice.forms.event import local_input
from pesan.backoffice.forms.types import OptionalLocalTime
from pesan.gates.models import GateRules
from pesan.gates.service.gates import RulesDraft
from pesan.gates.states import Reentry, StaticCodes


class GateForm(BaseModel):
    """What an organizer types about a gate."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    location: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""


class DeviceForm(BaseModel):
    """What an organizer types about a device: its name, and the gate where it shall stand."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    gate_id: UUID


class RulesForm(BaseModel):
    """How an organizer wants the gates to work. Times are the merchant's; one left out goes with the event."""

    model_config = ConfigDict(extra="ignore")

    opens_at: OptionalLocalTime = None
    closes_at: OptionalLocalTime = None
    reentry: Reentry = Reentry.NONE
    static_codes: StaticCodes = StaticCodes.ACCEPT

    @model_validator(mode="after")
    def _open_before_closed(self) -> "RulesForm":
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise PydanticCustomError(
                "gates_close_before_opening", "closes before it opens", {"field": "closes_at"}
            )
        return self

    def to_draft(self) -> RulesDraft:
        """The same, in the gates' words."""
        return RulesDraft(**self.model_dump())


def typed_rules(rules: GateRules | None, zone: str) -> dict[str, Any]:
    """What was chosen, as somebody would have typed it; nothing where nobody chose."""
    if rules is None:
        return {"reentry": Reentry.NONE.value, "static_codes": StaticCodes.ACCEPT.value}
    return {
        "opens_at": local_input(rules.opens_at, zone),
        "closes_at": local_input(rules.closes_at, zone),
        "reentry": rules.reentry,
        "static_codes": rules.static_codes,
    }
