"""What goes over `/ws`: every message that an outlet's listeners get, as programs may rely on it (docs/http.md)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from pesan.booths.kinds import FeedKind
from pesan.booths.models.feeds import BoothEvent
from pesan.kit.times import isoformat
from pesan.web.clock import ServerClock

PROTOCOL = "pesan.booths.v1"
"""The subprotocol by which a client that offers any is answered."""

Instant = Annotated[datetime, PlainSerializer(isoformat, return_type=str)]
Seq = Annotated[int, Field(ge=0)]


class _Said(BaseModel):
    model_config = ConfigDict(alias_generator=AliasGenerator(alias=to_camel), populate_by_name=True)

    def encode(self) -> str:
        """The message's text."""
        return self.model_dump_json(by_alias=True)


class Hello(_Said):
    """First of all: the number of the outlet's last event, and how often a beat can be expected."""

    type: Literal["hello"] = "hello"
    outlet: UUID
    seq: Seq
    beat_seconds: float
    server_time: str


class Happened(_Said):
    """An event, once for each number and in their order; `payload` is what its kind says about the session."""

    type: Literal["event"] = "event"
    seq: Annotated[int, Field(ge=1)]
    kind: FeedKind
    session_id: UUID | None
    booth_id: UUID | None
    at: Instant
    payload: dict[str, Any]


class Reset(_Said):
    """Some of what was missed is not kept any more: read the outlet anew. Events go on after `seq`."""

    type: Literal["reset"] = "reset"
    seq: Seq
    server_time: str


class Beat(_Said):
    """Nothing else, and still here; `seq` is the last event that this socket was told, or where it began."""

    type: Literal["beat"] = "beat"
    seq: Seq
    server_time: str


SocketMessage = Annotated[Hello | Happened | Reset | Beat, Field(discriminator="type")]


class OutletScript:
    """What one outlet's listeners are told beside its events."""

    def __init__(self, outlet: UUID, clock: ServerClock, beat_seconds: float) -> None:
        self._outlet = outlet
        self._clock = clock
        self._beat_seconds = beat_seconds

    def hello(self, seq: int) -> str:
        """See `Hello`."""
        now, beat = self._now(), self._beat_seconds
        return Hello(outlet=self._outlet, seq=seq, beat_seconds=beat, server_time=now).encode()

    def reset(self, seq: int) -> str:
        """See `Reset`."""
        return Reset(seq=seq, server_time=self._now()).encode()

    def beat(self, seq: int) -> str:
        """See `Beat`."""
        return Beat(seq=seq, server_time=self._now()).encode()

    def _now(self) -> str:
        return self._clock.stamp().decode("ascii")


def happened(event: BoothEvent) -> Happened:
    """An event as its listeners get it."""
    return Happened(
        seq=event.seq,
        kind=FeedKind(event.kind),
        session_id=event.session_id,
        booth_id=event.booth_id,
        at=event.at,
        payload=event.payload,
    )
