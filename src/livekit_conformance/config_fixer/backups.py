"""
Backups of a configuration file, and the way back. They hold secrets, so they are never wider open
than the original, and nothing deletes one of them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from livekit_conformance.config_fixer.target import FileRefused, Original, read
from livekit_conformance.config_fixer.writing import (
    clear_unfinished,
    flush_folder,
    new_file,
    replace,
)
from livekit_conformance.errors import in_system_words

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_STAMP_PATTERN = r"(\d{8}T\d{6}\.\d{6}Z)"
# What a restoration puts aside is not what the next one would go back to.
_BACKUP, _PUT_ASIDE = "bak", "replaced"


@dataclass(frozen=True, slots=True)
class Shelf:
    """
    Where the backups of one file are: beside it, or in a folder of their own.

    There they bear the whole path, `%` for `/`, since many a livekit.yaml may come together.
    """

    file: Path
    folder: Path
    name: str

    @classmethod
    def of(cls, file: Path, folder: Path | None) -> Shelf:
        """
        The shelf of a file. Raises Refused when the folder is not there.
        """
        if folder is None:
            return cls(file, file.parent, file.name)
        if not folder.is_dir():
            raise FileRefused(f"{folder}: is no folder: make it first, readable by nobody else")
        return cls(file, folder.resolve(), str(file).strip("/").replace("/", "%"))

    def clear(self) -> list[Path]:
        """
        Delete what killed runs have left unfinished; answers with the paths.
        """
        left = clear_unfinished(self.file.parent, self.file.name)
        if (self.folder, self.name) != (self.file.parent, self.file.name):
            left += clear_unfinished(self.folder, self.name)
        return left

    def save(self, original: Original, kind: str = _BACKUP) -> Path:
        """
        A backup, complete and on the disk when this returns. Raises Refused when it cannot be.
        """
        temporary = new_file(self.folder, self.name, original.content, original)
        path = self.folder / f"{self.name}.{self._next_stamp()}.{kind}"
        try:
            temporary.rename(path)
            flush_folder(self.folder)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise FileRefused(f"{path}: no backup was made: {in_system_words(error)}") from error
        return path

    def newest(self) -> Path | None:
        """
        The backup that was made last.
        """
        pattern = self._pattern(_BACKUP)
        return max(
            (path for path in self.folder.iterdir() if pattern.fullmatch(path.name)), default=None
        )

    def _next_stamp(self) -> str:
        """
        Now, but later than all that there are: a clock that was set back must not hide the newest.
        """
        now = datetime.now(UTC)
        pattern = self._pattern(f"(?:{_BACKUP}|{_PUT_ASIDE})")
        stamps = [m[1] for path in self.folder.iterdir() if (m := pattern.fullmatch(path.name))]
        if stamps and now.strftime(_STAMP) <= max(stamps):
            last = datetime.strptime(max(stamps), _STAMP).replace(tzinfo=UTC)
            now = last + timedelta(microseconds=1)
        return now.strftime(_STAMP)

    def _pattern(self, kind: str) -> re.Pattern[str]:
        return re.compile(rf"{re.escape(self.name)}\.{_STAMP_PATTERN}\.{kind}")


@dataclass(frozen=True, slots=True)
class Restored:
    """
    Which backup was put back, and where the file that stood there is now, if one did.
    """

    backup: Path
    put_aside: Path | None


def change(original: Original, content: bytes, shelf: Shelf) -> Path:
    """
    Save a backup, then replace the file; answers with the backup's path.

    Raises Refused when anything hinders it; then the file is the old one, and no backup is left.
    """
    backup = shelf.save(original)
    try:
        replace(original.path, content, original, before=original)
    except FileRefused:
        backup.unlink()
        raise
    return backup


def restore(shelf: Shelf, current: Original | None) -> Restored | None:
    """
    Put the newest backup back, with its owner and mode; None when the file is equal to it already.

    Raises Refused when there is no backup, it is not to be trusted, or cannot be put back.
    """
    newest = shelf.newest()
    if newest is None:
        raise FileRefused(f"{shelf.file}: there is no backup of it in {shelf.folder}")
    backup = read(newest)
    trusted = {0, os.geteuid(), *([current.status.st_uid] if current else ())}
    if backup.status.st_uid not in trusted:
        raise FileRefused(
            f"{newest}: belongs to somebody else, who may have written it: look at it"
        )
    if current is not None and _looks_like(current, backup):
        return None
    put_aside = shelf.save(current, _PUT_ASIDE) if current else None
    try:
        replace(shelf.file, backup.content, backup, before=current)
    except FileRefused:
        if put_aside is not None:
            put_aside.unlink()
        raise
    return Restored(newest, put_aside)


def _looks_like(one: Original, other: Original) -> bool:
    return (one.content, one.mode, one.attributes) == (other.content, other.mode, other.attributes)
