"""
Replace a file so that it is complete at every moment: either the old one or the new one.

The new content goes into a separate file in the same folder, readable by nobody else until it has
the owner, the access list and the mode of the original. It is on the disk (fsync) before it takes
the name (rename), and the name is on the disk (fsync of the folder) before success is reported.
This order survives a crash; see Pillai and others, "All File Systems Are Not Created Equal",
OSDI'14. Nothing here falls back to writing in place.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from livekit_conformance.config_fixer.target import (
    FileRefused,
    Original,
    Unconfirmed,
    attributes,
)
from livekit_conformance.errors import in_system_words
from livekit_conformance.waiting import wait_until

_OTHER_RUN_S = 10.0
_PRIVATE = 0o600


@contextmanager
def locked(folder: Path, within: float = _OTHER_RUN_S) -> Iterator[None]:
    """
    Lock a folder, so that no other run that uses this lock changes files in it meanwhile.

    The folder itself is locked (flock), because a lock on the file would stay with the old file.
    Raises FileRefused if another run holds the lock for longer than `within` seconds.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise FileRefused(f"{folder}: cannot be locked: {in_system_words(error)}") from error
    try:
        waited = asyncio.run(wait_until(partial(_why_not_locked, descriptor), within=within))
        if not waited.came_true:
            raise FileRefused(f"{folder}: {waited}. Run this again when the other run has ended")
        yield
    finally:
        os.close(descriptor)


def replace(path: Path, content: bytes, like: Original, *, before: Original | None) -> None:
    """
    Put `content` at `path`, with the owner, mode and attributes of `like`.

    `before` is the file that was read there, or None if there was none. Raises FileRefused, with
    the old file in place, if the file has changed since or anything else fails; raises Unconfirmed
    after the replacement.
    """
    temporary = new_file(path.parent, path.name, content, like)
    try:
        if _is_still(path, before):
            temporary.rename(path)
        else:
            temporary.unlink()
            raise FileRefused(f"{path}: another process changed it meanwhile: run this again")
    except OSError as error:
        temporary.unlink()
        if error.errno == errno.EBUSY:
            raise FileRefused(
                f"{path}: something is mounted on it, so it cannot be replaced from inside: change "
                "the file on the host, or mount its folder instead"
            ) from error
        raise FileRefused(f"{path}: not replaced: {in_system_words(error)}") from error
    try:
        flush_folder(path.parent)
    except OSError as error:
        text = f"{path}: replaced, but the disk did not confirm it: {in_system_words(error)}"
        raise Unconfirmed(text) from error


def new_file(folder: Path, name: str, content: bytes, like: Original) -> Path:
    """
    Write a complete file under a hidden name, on the disk and no more readable than `like`; return
    its path.

    Raises FileRefused, and leaves nothing behind, if the file cannot be made exactly so.
    """
    path = folder / f".{name}.{secrets.token_hex(4)}.unfinished"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file = os.open(path, flags, _PRIVATE)
        try:
            _fill(file, content, like)
        except OSError:
            path.unlink()
            raise
        finally:
            os.close(file)
    except OSError as error:
        what = f"{folder}: no file can be made there like {like.path.name}"
        raise FileRefused(f"{what}: {in_system_words(error)}") from error
    return path


def flush_folder(folder: Path) -> None:
    """
    Flush the names in a folder to the disk.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_unfinished(folder: Path, name: str) -> list[Path]:
    """
    Delete unfinished files of killed runs, and return their paths. Call this only under the lock.
    """
    pattern = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{8}}\.unfinished")
    left = [
        folder / entry.name
        for entry in os.scandir(folder)
        if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
    ]
    for path in left:
        path.unlink()
    return left


def _fill(file: int, content: bytes, like: Original) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
    _give_access(file, like)
    os.fsync(file)


def _give_access(file: int, like: Original) -> None:
    """
    Give an open file the owner, attributes and mode of `like`.

    The owner comes first, because changing it clears bits of the mode; the mode comes last, because
    until then only the owner can read the file.
    """
    status = os.fstat(file)
    if (status.st_uid, status.st_gid) != (like.status.st_uid, like.status.st_gid):
        os.fchown(file, like.status.st_uid, like.status.st_gid)
    given = attributes(file)
    # A folder may have a default access list that is wider than that of the original.
    for name in given.keys() - like.attributes.keys():
        os.removexattr(file, name)
    for name, value in like.attributes.items():
        if given.get(name) != value:
            os.setxattr(file, name, value)
    os.fchmod(file, like.mode)


def _is_still(path: Path, before: Original | None) -> bool:
    if before is not None:
        return before.is_as_read()
    return not os.path.lexists(path)


async def _why_not_locked(descriptor: int) -> str | None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return "another run is changing files in this folder"
    except OSError as error:
        raise FileRefused(f"the folder cannot be locked: {in_system_words(error)}") from error
    return None
