"""One event, one line."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pesan.logging import CURRENT_REQUEST, configure_logging, get_logger, write_line
from pesan.logging.files import KEEP_DAYS, remove_old

log = get_logger("pesan.tests")
ReadLines = Callable[[], list[dict[str, Any]]]
FORGERIES = [
    "a\nb",
    "a\r\nb",
    "\x1b[2J",
    "a\u2028b",
    "a\u2029b",
    "a\x85b",
    "\x00",
    '"}\n{"level":"info"',
    "\ud800",
]


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[ReadLines]:
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    configure_logging(folder=tmp_path, level="info", service="test", to_stderr=False)

    def read() -> list[dict[str, Any]]:
        (path,) = tmp_path.glob("pesan-*.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()]

    yield read
    configure_logging()
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


def test_event_is_one_line_with_its_fields(lines: ReadLines):
    log.info("hold placed", order_id="o1", quantity=2)

    (line,) = lines()
    assert {name: line[name] for name in ("level", "service", "event", "source", "order_id", "quantity")} == {
        "level": "info",
        "service": "test",
        "event": "hold placed",
        "source": "pesan.tests",
        "order_id": "o1",
        "quantity": 2,
    }
    assert line["at"].endswith("Z")


@pytest.mark.parametrize("value", FORGERIES)
def test_value_cannot_forge_a_line(lines: ReadLines, value: str):
    log.info(value, note_text=value)
    logging.getLogger("library").warning("said %s", value)
    write_line({"event": "request", "route": value})

    assert len(lines()) == 3


def test_request_is_information_like_any_other(lines: ReadLines, tmp_path: Path):
    configure_logging(folder=tmp_path, level="warning", service="test", to_stderr=False)

    write_line({"event": "request", "route": "/"})
    log.info("hold placed")
    log.warning("proof refused")

    assert [line["event"] for line in lines()] == ["proof refused"]


def test_library_speaks_the_same_language(lines: ReadLines):
    logging.getLogger("library").warning("mail to %s failed", "budi@mail.example")

    (line,) = lines()
    assert (line["source"], line["level"], line["event"]) == ("library", "warning", "mail to [email] failed")


def test_exception_is_told_without_values(lines: ReadLines):
    password = "geheim-canary"
    try:
        raise ValueError(f"bad contact 081234567890 {len(password)}")
    except ValueError:
        log.exception("it broke")

    (line,) = lines()
    assert line["error"] == "ValueError"
    assert "[phone]" in line["traceback"]
    assert "geheim-canary" not in line["traceback"].replace('password = "geheim-canary"', "")


def test_event_below_the_level_is_not_written(lines: ReadLines):
    log.debug("noise")
    log.info("signal")

    assert [line["event"] for line in lines()] == ["signal"]


def test_event_of_a_request_names_it(lines: ReadLines):
    class Fields:
        def log_fields(self) -> dict[str, str]:
            return {"request_id": "r1", "route": "/b/{code}", "merchant": "m1"}

    token = CURRENT_REQUEST.set(Fields())
    log.info("seen")
    CURRENT_REQUEST.reset(token)

    (line,) = lines()
    assert (line["request_id"], line["route"], line["merchant"]) == ("r1", "/b/{code}", "m1")


def test_logs_older_than_two_weeks_are_removed(tmp_path: Path):
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    days = [now - timedelta(days=age) for age in range(KEEP_DAYS + 4)]
    for day in days:
        (tmp_path / f"pesan-{day:%Y-%m-%d}.jsonl").touch()
    (tmp_path / "other.txt").touch()

    remove_old(tmp_path, now)

    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["other.txt", *sorted(f"pesan-{day:%Y-%m-%d}.jsonl" for day in days[: KEEP_DAYS + 1])]


def test_disk_that_is_full_loses_only_the_line(lines: ReadLines, tmp_path: Path):
    log.info("before")
    from pesan.logging.setup import _SINK

    assert _SINK.file is not None
    _SINK.file.close()
    _SINK.file._folder = Path("/proc/nowhere")

    log.info("lost")
