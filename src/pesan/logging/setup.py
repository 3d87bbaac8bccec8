"""How an event becomes a line: structlog's and the standard library's events take one road."""

import json
import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import structlog

from pesan.logging.context import CURRENT_REQUEST
from pesan.logging.files import DailyFile
from pesan.logging.redaction import redact, redact_text

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
# Libraries whose information is noise or quotes what people typed.
_QUIET = ("asyncio", "httpx", "httpcore", "botocore", "procrastinate", "sqlalchemy")
# These warn about every broken upload, which anybody can send as often as they like.
_SILENT = ("python_multipart", "multipart")
# This one writes whole messages and answers when it is asked for details, and advice when a call takes long.
_MUTE = ("pywa",)


class _Sink:
    """Where lines go: standard error, and the day's file when there is a folder for it."""

    def __init__(self) -> None:
        self.service = "pesan"
        self.file: DailyFile | None = None
        self.to_stderr = True
        self.level = logging.INFO

    def write(self, line: bytes) -> None:
        if self.file is not None:
            self.file.write(line)
        if self.to_stderr:
            # Nobody may be reading any more, and that must not be felt by whoever writes.
            with suppress(OSError, ValueError, AttributeError):
                sys.stderr.buffer.write(line)
                sys.stderr.buffer.flush()


_SINK = _Sink()


def configure_logging(
    *, folder: Path | None = None, level: str = "info", service: str = "pesan", to_stderr: bool = True
) -> None:
    """Send every event of this process as JSON lines to standard error and to the day's file in `folder`."""
    if _SINK.file is not None:
        _SINK.file.close()
    _SINK.file = DailyFile(folder) if folder else None
    _SINK.service, _SINK.to_stderr, _SINK.level = service, to_stderr, _LEVELS[level]
    _configure_events(level)
    root = logging.getLogger()
    root.handlers = [_StandardHandler()]
    root.setLevel(_LEVELS[level])
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in (*_SILENT, *_MUTE):
        logging.getLogger(name).setLevel(logging.ERROR)


def _configure_events(level: str) -> None:
    structlog.configure(
        processors=[_finish],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: _SinkLogger(),
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose lines name the part of the system that wrote them."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(source=name)
    return logger


def write_line(fields: dict[str, Any]) -> None:
    """Write information whose fields are known to be safe, past the redaction; for the request log alone."""
    if _SINK.level <= logging.INFO:
        _SINK.write(_to_line(fields))


class _SinkLogger:
    """What structlog calls last; the level's name is the method's."""

    def _write(self, event: MutableMapping[str, Any]) -> None:
        _SINK.write(_to_line(event))

    debug = info = warning = error = critical = msg = _write


class _StandardHandler(logging.Handler):
    """Lets the standard library's loggers speak the same language."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            event = {"source": record.name, "event": record.getMessage(), "exc_info": record.exc_info}
            (finished,), _ = _finish(None, record.levelname.lower(), event)
            _SINK.write(_to_line(finished))
        except Exception:  # noqa: BLE001  logging never breaks what it watches
            self.handleError(record)


def _finish(_logger: Any, method: str, event: MutableMapping[str, Any]) -> tuple[tuple[Any], dict[str, Any]]:
    """Redact the event and put its standard fields in front."""
    error = _exception_of(event.pop("exc_info", None))
    name = event.pop("event", "")
    request = CURRENT_REQUEST.get()
    line: dict[str, Any] = {
        "at": _now(),
        "level": "error" if method == "exception" else method,
        "service": _SINK.service,
        "event": redact_text(str(name)),
        **(request.log_fields() if request else {}),
        **redact(event),
    }
    if error is not None:
        line["error"] = type(error).__name__
        line["traceback"] = redact_text(_describe(error))
    return (line,), {}


def _exception_of(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if isinstance(given[1], BaseException) else None
    return sys.exc_info()[1] if given else None


def _describe(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error, limit=-12))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _to_line(fields: MutableMapping[str, Any]) -> bytes:
    """One line of pure ASCII: no value can end it early, not even with U+2028."""
    try:
        line = orjson.dumps(fields, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a lone surrogate, an endless integer
        line = b"\xff"
    if line.isascii():
        return line
    return json.dumps(fields, default=str, separators=(",", ":")).encode("ascii") + b"\n"


if not structlog.is_configured():
    # structlog's own default prints local variables with every traceback; no process of ours may ever do that.
    _configure_events("info")
