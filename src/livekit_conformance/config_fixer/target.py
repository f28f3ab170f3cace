"""
Inspect the file to change: its real path, its content, and obstacles to a change.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from livekit_conformance.errors import in_system_words

_LARGEST = 1 << 20
_MOUNTS = Path("/proc/self/mountinfo")
_MOUNT_POINT_FIELD = 4
_OCTAL = re.compile(r"\\([0-7]{3})")
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)
# Signatures of the content: if the content changes, they make the file unreadable.
_SIGNATURES = frozenset({"security.evm", "security.ima"})
_NO_ATTRIBUTES = (errno.ENOTSUP, errno.ENOSYS)


class FileRefused(Exception):
    """
    Nothing was changed; the text gives the reason and the remedy.
    """


class Unconfirmed(Exception):
    """
    The file was replaced and the backup exists, but the disk did not confirm the change.
    """


@dataclass(frozen=True, slots=True)
class Original:
    """
    File as read: its real path, its bytes, and everything that determines access to it.
    """

    path: Path
    content: bytes
    status: os.stat_result
    attributes: Mapping[str, bytes]

    @property
    def mode(self) -> int:
        """
        The permission bits.
        """
        return stat.S_IMODE(self.status.st_mode)

    def is_as_read(self) -> bool:
        """
        Return whether the file still has the same identity, content and permissions.
        """
        try:
            now = read(self.path)
        except FileRefused:
            return False
        return (now.content, _identity(now.status)) == (self.content, _identity(self.status))


def real_path(path: Path) -> Path:
    """
    Return the target of a path after following all links in it. The file itself need not exist.

    Raises FileRefused if links form a circle, or if a folder on the way does not exist.
    """
    try:
        real = path.resolve()
        real.parent.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise FileRefused(f"{path}: cannot be found: {in_system_words(error)}") from error
    return real


def read(path: Path) -> Original:
    """
    Read a regular file whose path contains no links.

    Raises FileRefused if it is not a regular file, is too large, or cannot be read.
    """
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        # Opening a socket or a device without a driver fails with an error that hides the cause.
        kind = _kind(path)
        reason = f"is {kind}, and not a file" if kind else f"not read: {in_system_words(error)}"
        raise FileRefused(f"{path}: {reason}") from error
    try:
        status = os.fstat(file)
        if kind := _kind_of(status):
            raise FileRefused(f"{path}: is {kind}, and not a file")
        if status.st_size > _LARGEST:
            raise FileRefused(
                f"{path}: is larger than {_LARGEST} bytes, too large for a configuration file"
            )
        content = b""
        while block := os.read(file, _LARGEST):
            content += block
        return Original(path, content, status, attributes(file))
    except OSError as error:
        raise FileRefused(f"{path}: not read: {in_system_words(error)}") from error
    finally:
        os.close(file)


def why_not_writable(original: Original) -> str | None:
    """
    Return the reason why a file must not be replaced, with the remedy; None if it may be replaced.
    """
    hindrance = next(_hindrances(original), None)
    return f"{original.path}: {hindrance}" if hindrance else None


def _hindrances(original: Original) -> Iterator[str]:
    path, status = original.path, original.status
    if is_mount_point(path):
        yield (
            "is a mount point (from `docker run -v FILE:FILE`), which cannot be replaced from "
            "inside: change the file on the host, or mount its folder instead"
        )
    if status.st_nlink > 1:
        yield (
            f"has {status.st_nlink} names (hard links); the others would keep the old content: "
            "copy the file to a name of its own first"
        )
    # Root could write it all the same, but a removed permission is a decision to respect.
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        yield f"is read-only (mode {original.mode:04o}): allow it first, chmod u+w {path}"
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        yield "is on a read-only file system: change it where it comes from"
    if not os.access(path, os.W_OK, effective_ids=True):
        yield "this user may not write it: run as its owner"
    if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=True):
        yield (
            "this user may not write into its folder, and the file is replaced as a whole: run "
            "as the owner of the folder"
        )
    if signed := _SIGNATURES & original.attributes.keys():
        yield f"is signed ({', '.join(sorted(signed))}): sign it anew after a change by hand"


def is_mount_point(path: Path) -> bool:
    """
    Return whether something is mounted on exactly this path; False without /proc, where the kernel
    answers a replacement with EBUSY.
    """
    try:
        lines = _MOUNTS.read_bytes().splitlines()
    except OSError:
        return False
    points = (line.split()[_MOUNT_POINT_FIELD].decode("utf-8", "surrogateescape") for line in lines)
    return str(path) in {_OCTAL.sub(lambda m: chr(int(m[1], 8)), point) for point in points}


def attributes(file: int) -> dict[str, bytes]:
    """
    Return the extended attributes of an open file, including access control lists.
    """
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)}
    except OSError as error:
        if error.errno in _NO_ATTRIBUTES:
            return {}
        raise


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (
        status.st_dev,
        status.st_ino,
        status.st_mode,
        status.st_uid,
        status.st_gid,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _kind(path: Path) -> str | None:
    try:
        return _kind_of(path.lstat())
    except OSError:
        return None


def _kind_of(status: os.stat_result) -> str | None:
    """
    Return the name of the kind of a file that is not regular; None for a regular file.
    """
    if stat.S_ISREG(status.st_mode):
        return None
    named = next((name for is_one, name in _KINDS if is_one(status.st_mode)), None)
    return named or "something special"
