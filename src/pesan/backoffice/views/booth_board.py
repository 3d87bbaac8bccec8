"""What the board of an outlet and the list of all outlets show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pesan.backoffice.forms.state import FormState
from pesan.backoffice.queries.booth_boards import Board, Seen, Tally, Tile
from pesan.booths.states import SessionState


@dataclass(frozen=True, slots=True)
class Ring:
    """The time that a session has left, in milliseconds of the server's clock."""

    now_ms: int
    deadline_ms: int
    whole_ms: int

    @property
    def clock(self) -> str:
        """What the first frame shows."""
        seconds = -(-max(0, self.deadline_ms - self.now_ms) // 1000)
        return f"{seconds // 60:02}:{seconds % 60:02}"

    @property
    def share_left(self) -> float:
        """Of the whole time, between 0 and 1."""
        return min(1.0, max(0, self.deadline_ms - self.now_ms) / self.whole_ms)


@dataclass(frozen=True, slots=True)
class Card:
    """A session on a tile; `move` is what comes next and `late_at` until when somebody late is waited for."""

    id: str
    path: str
    customer: str
    state: str
    starts_at: datetime
    ends_at: datetime
    move: str = ""
    late_at: datetime | None = None
    ring: Ring | None = None


@dataclass(frozen=True, slots=True)
class TileView:
    """A booth on the board."""

    id: str
    name: str
    is_closed: bool
    current: Card | None
    next: Card | None


@dataclass(frozen=True, slots=True)
class OutletFrame:
    """What the pages of one outlet have in common."""

    name: str
    location: str
    path: str
    list_path: str
    zone: str
    is_open: bool
    is_archived: bool
    may_run: bool


@dataclass(frozen=True, slots=True)
class BoardPage:
    """The board; `socket` is where changes are told."""

    outlet: OutletFrame
    now: datetime
    seq: int
    socket: str
    tiles: Sequence[TileView]
    done: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class OutletRow:
    """An outlet in the list of all."""

    outlet: OutletFrame
    booths: int
    running: int
    arrived: int
    awaited: int


@dataclass(frozen=True, slots=True)
class WalkInPage:
    """The form for somebody who stands there; `starts_at` is the next free time, None when there is none today."""

    path: str
    price: int
    starts_at: datetime | None
    booth: str
    form: FormState
    once: str
    may_send_link: bool
    problem: str = ""


_MOVES = {
    SessionState.AWAITING_CUSTOMER: "arrive",
    SessionState.ARRIVED: "start",
    SessionState.ONGOING: "finish",
}


def tile_view(tile: Tile, board: Board, path: str) -> TileView:
    """A booth; whoever waits for a booth that is in use cannot start yet."""
    is_used = tile.current is not None and tile.current.state is SessionState.ONGOING
    return TileView(
        str(tile.booth.id),
        tile.booth.name,
        tile.booth.is_closed,
        _card(tile.current, board, path) if tile.current else None,
        _card(tile.next, board, path, is_blocked=is_used) if tile.next else None,
    )


def outlet_row(tally: Tally, frame: OutletFrame) -> OutletRow:
    """An outlet with its counts."""
    count = tally.sessions
    return OutletRow(
        frame,
        tally.booths,
        count.get(SessionState.ONGOING, 0),
        count.get(SessionState.ARRIVED, 0),
        count.get(SessionState.AWAITING_CUSTOMER, 0),
    )


def _card(seen: Seen, board: Board, path: str, *, is_blocked: bool = False) -> Card:
    row = seen.session
    is_awaited = seen.state is SessionState.AWAITING_CUSTOMER
    can_move = not (is_blocked and seen.state is SessionState.ARRIVED)
    return Card(
        id=str(row.id),
        path=f"{path}/sessions/{row.id}",
        # The board may hang where customers see it.
        customer=seen.customer_name.split(" ")[0],
        state=seen.state.value,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        move=_MOVES[seen.state] if can_move else "",
        late_at=row.arrive_until if is_awaited and board.now >= row.starts_at else None,
        ring=_ring(seen, board.now),
    )


def _ring(seen: Seen, now: datetime) -> Ring | None:
    row = seen.session
    if seen.state is not SessionState.ONGOING or row.due_at is None or row.started_at is None:
        return None
    whole = row.due_at - row.started_at
    return Ring(_ms(now), _ms(row.due_at), int(whole.total_seconds() * 1000))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
