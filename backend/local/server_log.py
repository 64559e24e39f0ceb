"""The server's log: one JSON object a line, rotated; callers put no secret in it."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 5 << 20
KEPT_FILES = 3
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
LEVEL = "YOSOKU_LOCAL_LOG_LEVEL"


class JsonLines(logging.Formatter):
    """A record with its `extra` fields as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in STANDARD},
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str, ensure_ascii=False)


def open_log(path: Path) -> None:
    """Send the logs of this process to `path`; DEBUG (YOSOKU_LOCAL_LOG_LEVEL) has a line for each request."""
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=MOST_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
    )
    path.chmod(0o600)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    level = os.environ.get(LEVEL, "INFO").upper()
    logging.getLogger("backend").setLevel(level if level in logging.getLevelNamesMapping() else "INFO")
