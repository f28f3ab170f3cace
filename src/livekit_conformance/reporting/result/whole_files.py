"""
Files that are written as a whole or not at all.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """
    Write a file; if it cannot be written, leave none: half a report could be read as a whole one.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
