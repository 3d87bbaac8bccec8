"""What the list of an outlet's bookings and the timeline of its day show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pesan.backoffice.views.codes import Naming
from pesan.booths.models import Booth
from pesan.booths.queries.sessions import Booked
from pesan.booths.slots import Span
from pesan.booths.states import SessionState
from pesan.kit.times import in_zone

HOUR = timedelta(hours=1)
# What a minute takes; a quarter of an hour is wider than a finger.
PIXELS_A_MINUTE = 4
ROW_HEIGHT = 56
NARROWEST = 28


@dataclass(frozen=True, slots=True)
class BoothFilters:
    """What narrows the bookings of an outlet, as typed."""

    q: str = ""
    state: str = ""
    day: str = ""

    def query(self, **more: str) -> dict[str, str]:
        """The filters that are set, for a link that keeps them."""
        own = {"q": self.q, "state": self.state, "day": self.day}
        return {name: value for name, value in (own | more).items() if value}


@dataclass(frozen=True, slots=True)
class BoothRow:
    """One booking of an outlet."""

    code: str
    customer: str
    booth: str
    state: str
    starts_at: datetime
    ends_at: datetime
    amount: int
    booking_path: str
    path: str


@dataclass(frozen=True, slots=True)
class BoothBookingsPage:
    """One page of an outlet's bookings."""

    rows: Sequence[BoothRow]
    filters: BoothFilters
    next_url: str | None = None
    first_url: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A session on the time axis, in pixels."""

    row: BoothRow
    first_name: str
    x: int
    y: int
    width: int


@dataclass(frozen=True, slots=True)
class Axis:
    """The hours that the timeline spans, and where they lie."""

    hours: Sequence[tuple[int, datetime]]
    width: int
    height: int
    now_x: int | None


@dataclass(frozen=True, slots=True)
class DayPage:
    """The timeline of a day, and the same as a table; without an axis nothing is open and nothing booked."""

    day: date
    noon: datetime
    previous: date
    next: date
    is_today: bool
    booths: Sequence[str]
    blocks: Sequence[Block]
    rows: Sequence[BoothRow]
    axis: Axis | None
    is_cut: bool = False

    @property
    def here(self) -> int:
        """What is looked at first: now, or the first session."""
        first = min((block.x for block in self.blocks), default=0)
        return self.axis.now_x if self.axis and self.axis.now_x is not None else first


def booth_row(booked: Booked, outlet_path: str, naming: Naming) -> BoothRow:
    """A booking in a list."""
    order = booked.order
    return BoothRow(
        code=naming.code(order.code),
        customer=order.buyer_name,
        booth=booked.booth.name if booked.booth else "–",
        state=booked.state.value,
        starts_at=booked.starts_at,
        ends_at=booked.ends_at,
        amount=order.total_amount,
        booking_path=naming.booking(order.id, order.code),
        path=f"{outlet_path}/sessions/{order.id}",
    )


def is_of_day(booked: Booked) -> bool:
    """Whether it took or takes a booth's time: what ended unpaid did not."""
    return booked.session is not None or booked.state is SessionState.PENDING_PAYMENT


def axis_of(opens: Sequence[Span], rows: Sequence[BoothRow], now: datetime, zone: str) -> Axis | None:
    """Whole hours around everything that is open or booked."""
    begins = [span.starts_at for span in opens] + [row.starts_at for row in rows]
    ends = [span.ends_at for span in opens] + [row.ends_at for row in rows]
    if not begins:
        return None
    begin = in_zone(min(begins), zone).replace(minute=0, second=0, microsecond=0)
    end = max(ends)
    count = -(-int((end - begin).total_seconds()) // 3600)
    return Axis(
        hours=[(place(begin + hour * HOUR, begin), begin + hour * HOUR) for hour in range(count + 1)],
        width=count * 60 * PIXELS_A_MINUTE,
        height=0,
        now_x=place(now, begin) if begin <= now < begin + count * HOUR else None,
    )


def blocks_of(axis: Axis, booths: Sequence[Booth], booked: Sequence[tuple[Booked, BoothRow]]) -> list[Block]:
    """The sessions on the axis, each in the row of its booth."""
    begin, lines = axis.hours[0][1], {booth.id: line for line, booth in enumerate(booths)}
    return [
        Block(
            row,
            row.customer.split(" ")[0],
            place(row.starts_at, begin),
            lines[each.booth.id] * ROW_HEIGHT,
            max(NARROWEST, place(row.ends_at, row.starts_at) - 2),
        )
        for each, row in booked
        if each.booth is not None and each.booth.id in lines
    ]


def place(moment: datetime, begin: datetime) -> int:
    """How far to the right a moment lies."""
    return int((moment - begin).total_seconds() * PIXELS_A_MINUTE // 60)
