"""What the page shows on which an outlet is set up."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pesan.backoffice.forms.hours import DayFields
from pesan.backoffice.forms.state import FormState
from pesan.backoffice.views.booth_board import OutletFrame
from pesan.booths.models import Booth


@dataclass(frozen=True, slots=True)
class BoothLine:
    """A booth with its forms."""

    id: str
    name: str
    is_closed: bool
    path: str


@dataclass(frozen=True, slots=True)
class OutletPage:
    """An outlet's data, hours and booths; `problem` stands at the part that `problem_at` names."""

    form: FormState
    hours: Sequence[DayFields] = ()
    booths: Sequence[BoothLine] = ()
    booth_form: FormState = field(default_factory=FormState)
    done: str = ""
    problem: str = ""
    problem_at: str = ""


def booth_line(booth: Booth, outlet: OutletFrame) -> BoothLine:
    """A booth in the list."""
    return BoothLine(str(booth.id), booth.name, booth.is_closed, f"{outlet.path}/booths/{booth.id}")
