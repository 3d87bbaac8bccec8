"""What the customers' pages show: facts that were already loaded, never a row, a session or a query."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from pesan.booths.states import SessionState
from pesan.catalog.posters import Poster, draw_poster
from pesan.kit.i18n import Text
from pesan.tenancy.brands import Brand


@dataclass(frozen=True, slots=True)
class OutletCard:
    """An outlet in the list, and the heading of every page about it; `free` and `times` are what today still has."""

    name: str
    location: str
    zone: str
    price_amount: int
    path: str
    short_id: str
    brand: Brand
    is_open: bool
    free: int = 0
    times: int = 0
    has_booths: bool = True
    cover: None = None

    @property
    def poster(self) -> Poster:
        """Stands where events have a picture."""
        return draw_poster(self.short_id)


@dataclass(frozen=True, slots=True)
class DayView:
    """One day of the week's strip; `starts_at` is a moment of it, for whoever writes its name."""

    starts_at: datetime
    weekday: str
    number: int
    month: str
    query: str
    is_chosen: bool
    is_closed: bool


@dataclass(frozen=True, slots=True)
class TimeView:
    """One time that can be chosen, or could until somebody took it; `at` names it in an address."""

    starts_at: datetime
    label: str
    at: str
    is_free: bool
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class HourView:
    """The times that begin in one hour."""

    label: str
    starts_at: datetime
    times: Sequence[TimeView]
    is_next_day: bool = False


@dataclass(frozen=True, slots=True)
class Timetable:
    """A day's times, with the week around it."""

    day: DayView
    days: Sequence[DayView]
    hours: Sequence[HourView]
    zone_name: str
    has_booths: bool = True
    earlier: str = ""
    later: str = ""
    next_day: str = ""

    @property
    def free(self) -> int:
        """How many times of the day are free."""
        return sum(time.is_free for hour in self.hours for time in hour.times)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form for one time, with what was typed when it comes back with complaints.

    `methods` are the ways to pay, `tells_by` the channels by which this instance can write to the customer, `accepts`
    the versions of the legal texts that a tick accepts; `others` are free times in the place of one that was taken.
    """

    card: OutletCard
    starts_at: datetime
    ends_at: datetime | None
    at: str
    hold_minutes: int
    rules: Mapping[str, Mapping[str, str]]
    mends: Mapping[str, Text]
    idempotency_key: str
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    problem: str = ""
    methods: Sequence[str] = ()
    tells_by: Set[str] = frozenset()
    accepts: str = ""
    needs_guardian: bool = False
    is_taken: bool = False
    others: Sequence[TimeView] = ()
    day: str = ""


@dataclass(frozen=True, slots=True)
class SessionView:
    """A booked session as its customer sees it at the server's time; `state` is the one by the clock.

    `stamp` is another whenever the page is; `movable_until` is there while another time may be chosen.
    """

    code: str
    state: SessionState
    word: Text
    card: OutletCard
    booth: str
    buyer_name: str
    starts_at: datetime
    ends_at: datetime
    arrive_until: datetime
    stamp: str
    url: str
    path: str
    files: str
    total_amount: int
    due_at: datetime | None = None
    movable_until: datetime | None = None
    qr: Markup = Markup()  # noqa: RUF009 - it cannot be changed
    notes: str = ""

    @property
    def is_final(self) -> bool:
        """Nothing more is expected to change; staff may put one that expired or was stopped back."""
        return self.state is SessionState.DONE
