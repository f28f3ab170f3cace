"""
Log files in the JSON dialect of livekit-server and livekit-sip (zap): one object per line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

Level = Literal["debug", "info", "warn", "error"]


class ServiceLog:
    """
    Log of one service. A line is in the file when `write` returns.

    `as_text` renders the fields as a line; the fields in `always` are added to every line.
    """

    def __init__(
        self, path: Path, logger: str, *, as_text: Callable[[dict[str, Any]], str], **always: Any
    ) -> None:
        self.path = path
        self._logger = logger
        self._always = always
        self._as_text = as_text
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, level: Level, message: str, /, *, part: str = "", **fields: Any) -> None:
        """
        Append a line; `part` is the component of the service that logs it, such as `webhook`.
        """
        logger = f"{self._logger}.{part}" if part else self._logger
        line = {"level": level, "ts": time.time(), "logger": logger, "msg": message}
        line |= self._always | fields
        self._file.write(self._as_text(line) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
