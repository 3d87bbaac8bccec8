"""The lines of messages as gauges, read when somebody scrapes."""

from collections.abc import Sequence

from pesan.chats.lines import ALL_LINES
from pesan.chats.queries import LineLevel, Pause, list_line_levels, list_pauses
from pesan.db import Actor, ActorKind, Database
from pesan.kit.exposition import Level, LevelSource

# Numbers of every merchant's messages are the instance's, as its administrators see them.
_EVERYBODYS = Actor(ActorKind.STAFF, is_platform_admin=True)
_STATES = ("waiting", "scheduled", "sending", "unknown", "failed")


def chat_levels(database: Database) -> LevelSource:
    """Depth, age and rate of each line, and which of them wait because they were stopped."""

    async def read() -> Sequence[Level]:
        async with database.read(_EVERYBODYS) as session:
            return _levels(await list_line_levels(session), await list_pauses(session))

    return read


def _levels(lines: Sequence[LineLevel], pauses: Sequence[Pause]) -> list[Level]:
    counts = [
        ({"line": each.line.value, "state": state}, float(getattr(each, state)))
        for each in lines
        for state in _STATES
    ]
    paused = {pause.line.value if pause.line else ALL_LINES for pause in pauses}
    names = [("all", ALL_LINES), *((each.line.value, each.line.value) for each in lines)]
    return [
        Level(
            "chat_messages", "Messages that did not leave; failed and unknown ones of the last day.", counts
        ),
        Level(
            "chat_messages_oldest_seconds",
            "How long the longest-due message of a line has waited.",
            [({"line": each.line.value}, each.oldest_seconds) for each in lines],
        ),
        Level(
            "chat_messages_left_last_minute",
            "Messages that WhatsApp took within the last minute.",
            [({"line": each.line.value}, float(each.left)) for each in lines],
        ),
        Level(
            "chat_lines_paused",
            "Whether a line waits until somebody lets it go on; WhatsApp itself pauses all of them.",
            [({"line": shown}, float(name in paused)) for shown, name in names],
        ),
    ]
