"""
Save and restore backups of a configuration file. Backups contain secrets, so their permissions are
never wider than those of the original; no backup is deleted once its change is made.
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
# The suffixes differ because a file that a restoration sets aside must not be restored next.
_BACKUP, _PUT_ASIDE = "bak", "replaced"


@dataclass(frozen=True, slots=True)
class Shelf:
    """
    Location of the backups of one file: beside it, or in a separate folder.

    In a separate folder, the name of a backup contains the file's whole path, with `%` for `/`,
    because several files called livekit.yaml may share the folder.
    """

    file: Path
    folder: Path
    name: str

    @classmethod
    def of(cls, file: Path, folder: Path | None) -> Shelf:
        """
        Return the shelf of a file. Raise FileRefused if the folder does not exist.
        """
        if folder is None:
            return cls(file, file.parent, file.name)
        if not folder.is_dir():
            raise FileRefused(f"{folder}: is not a folder: create it first, readable only by you")
        return cls(file, folder.resolve(), str(file).strip("/").replace("/", "%"))

    def clear(self) -> list[Path]:
        """
        Delete unfinished files of killed runs, and return their paths.
        """
        left = clear_unfinished(self.file.parent, self.file.name)
        if (self.folder, self.name) != (self.file.parent, self.file.name):
            left += clear_unfinished(self.folder, self.name)
        return left

    def save(self, original: Original, kind: str = _BACKUP) -> Path:
        """
        Save a backup and return its path; it is complete and on the disk by then. Raise FileRefused
        on failure.
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
        Return the newest backup, or None.
        """
        pattern = self._pattern(_BACKUP)
        return max(
            (path for path in self.folder.iterdir() if pattern.fullmatch(path.name)), default=None
        )

    def _next_stamp(self) -> str:
        """
        Return a stamp for now, but later than all existing ones: a clock that was set back must not
        hide the newest backup.
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
    Backup that was restored, and the new path of the file it replaced, if there was one.
    """

    backup: Path
    put_aside: Path | None


def change(original: Original, content: bytes, shelf: Shelf) -> Path:
    """
    Save a backup, then replace the file; return the path of the backup.

    Raises FileRefused if that fails; then the file is unchanged and no backup is left.
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
    Restore the newest backup, with its owner and mode; return None if the file equals it already.

    Raises FileRefused if there is no backup, or if it cannot be trusted or restored.
    """
    newest = shelf.newest()
    if newest is None:
        raise FileRefused(f"{shelf.file}: there is no backup of it in {shelf.folder}")
    backup = read(newest)
    trusted = {0, os.geteuid(), *([current.status.st_uid] if current else ())}
    if backup.status.st_uid not in trusted:
        raise FileRefused(
            f"{newest}: belongs to another user, who may have changed it: inspect it first"
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
