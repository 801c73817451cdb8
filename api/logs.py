"""Structured logs: one JSON object a line, with what is safe to keep and nothing else.

No query string, no body, no header, no message of an exception nobody foresaw: any of them may
hold somebody's number.
"""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, TextIO

ROOT = "certlib"
"""Every logger of this service hangs below it."""

_EXTRA = "fields"
_INNERMOST_FRAMES = 20


def logger(name: str) -> logging.Logger:
    """The logger of one part."""
    return logging.getLogger(f"{ROOT}.{name}")


def event(log: logging.Logger, level: int, message: str, **fields: Any) -> None:
    """Logs `message`, a fixed phrase, with its values beside it."""
    log.log(level, message, extra={_EXTRA: fields})


def faults(error: BaseException) -> list[str]:
    """Where `error` came from, through all its causes: classes and places, without messages."""
    found: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        found.append(type(seen).__qualname__)
        frames = traceback.extract_tb(seen.__traceback__)[-_INNERMOST_FRAMES:]
        found += [f"{_place(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return found


def configure(level: str, stream: TextIO | None = None) -> None:
    """Sends this service's and the server's log to `stream` (standard error) as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    for name in (ROOT, "uvicorn"):
        target = logging.getLogger(name)
        target.handlers = [handler]
        target.propagate = False
        target.setLevel(level.upper())
    logging.getLogger("uvicorn.access").disabled = True
    # Libraries log what they choke on, which may be part of an upload: that they did is enough.
    others = logging.StreamHandler(stream or sys.stderr)
    others.setFormatter(JsonLines(foreign=True))
    root = logging.getLogger()
    root.handlers = [others]
    root.setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    """One JSON object a line; of a `foreign` logger no message, only that there was one."""

    def __init__(self, *, foreign: bool = False) -> None:
        super().__init__()
        self._foreign = foreign

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`; a traceback loses its messages."""
        fields: Mapping[str, Any] = getattr(record, _EXTRA, {})
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": "library message" if self._foreign else record.getMessage(),
            **fields,
        }
        if record.exc_info is not None and record.exc_info[1] is not None:
            line["fault"] = faults(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _place(filename: str) -> str:
    """The last two parts of a path: enough to find the line, nothing of the machine."""
    return "/".join(PurePath(filename).parts[-2:])
