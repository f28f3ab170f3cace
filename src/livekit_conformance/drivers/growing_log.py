"""
Read what a log gains during the run, each byte once: from a file or a pipe.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from weakref import finalize

_CHUNK = 1 << 20
# A longer line is no log line of a service; it is left out.
LONGEST_LINE = 1 << 20
# Amount that one look at a pipe may read: a command that floods must not keep us from the checks.
_AT_ONCE = 1 << 18
# Number of bytes before the current place by which a rewritten file is recognised.
_REMEMBERED = 64
# Number of bytes from before the run that may hold the last words of a service.
BEFORE_THE_RUN = 1 << 16


class NotAFileError(OSError):
    """
    The path names a FIFO, a device or a directory.
    """

    def __init__(self) -> None:
        super().__init__("it is not a regular file, so reading it could take its lines from others")


class GrowingLog(Protocol):
    """
    A growing log. `losses` are sentences about lines that were lost before they could be read.

    `earlier` is the end of what it held when it was opened.
    """

    losses: list[str]
    earlier: bytes

    def chunks(self) -> Iterator[bytes]:
        """
        Yield what is new; an empty chunk shows that the lines begin anew. May raise OSError.
        """

    def stop(self) -> None:
        """
        Yield no more.
        """


class LogFile:
    """
    A file that may be renamed and created anew, or truncated, while it is read.

    It is read from its end on, except `from_start`; from its beginning if it does not exist yet. A
    renamed file is read to its end before the new one is begun. It is closed with this object.
    """

    def __init__(self, path: Path, *, from_start: bool = False) -> None:
        self.losses: list[str] = []
        self.earlier = b""
        self._path = path
        self._file: int | None = None
        self._close: Callable[[], object] = bool
        self._place, self._before = 0, b""
        self._is_over = False
        if not from_start:
            # `chunks` raises the error again.
            with suppress(OSError):
                file = self._open()
                self._place = os.fstat(file).st_size
                length = min(self._place, BEFORE_THE_RUN)
                self.earlier = os.pread(file, length, self._place - length)
                self._before = self.earlier[-_REMEMBERED:]

    def chunks(self) -> Iterator[bytes]:
        """
        Yield what is new; raise OSError.
        """
        if self._is_over:
            return
        file = self._open() if self._file is None else self._file
        if self._is_rewritten(file):
            self.losses.append("it was truncated, so lines from just before may be missing")
            self._place, self._before = 0, b""
            yield b""
        yield from self._rest_of(file)
        if self._is_replaced(file):
            file = self._open()
            self._place, self._before = 0, b""
            yield b""
            yield from self._rest_of(file)

    def stop(self) -> None:
        """
        Yield no more.
        """
        self._is_over = True

    def _open(self) -> int:
        # Opening a FIFO would wait for its writer.
        file = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise NotAFileError
        self._close()
        self._file, self._close = file, finalize(self, os.close, file)
        return file

    def _rest_of(self, file: int) -> Iterator[bytes]:
        while not self._is_over and (chunk := os.pread(file, _CHUNK, self._place)):
            self._place += len(chunk)
            self._before = (self._before + chunk[-_REMEMBERED:])[-_REMEMBERED:]
            yield chunk

    def _is_rewritten(self, file: int) -> bool:
        length = len(self._before)
        return os.pread(file, length, self._place - length) != self._before

    def _is_replaced(self, file: int) -> bool:
        """
        Return True if the path names another file; False while it names none.
        """
        try:
            return not os.path.samestat(self._path.stat(), os.fstat(file))
        except FileNotFoundError:
            return False


class LogPipe:
    """
    The reading end of a pipe.
    """

    def __init__(self, descriptor: int) -> None:
        self.losses: list[str] = []
        self.earlier = b""
        self.is_over = False
        self._descriptor = descriptor
        os.set_blocking(descriptor, False)

    def chunks(self) -> Iterator[bytes]:
        """
        Yield what is new, and leave it to a later look if it is much.
        """
        read = 0
        while not self.is_over and read < _AT_ONCE:
            try:
                chunk = os.read(self._descriptor, _AT_ONCE)
            except BlockingIOError:
                return
            if not chunk:
                self.losses.append("its command ended during the run")
                self.is_over = True
                return
            read += len(chunk)
            yield chunk

    def stop(self) -> None:
        """
        Yield no more.
        """
        self.is_over = True


class LineSplitter:
    """
    Split chunks into lines, and count those that are too long to be kept.
    """

    def __init__(self) -> None:
        self.too_long = 0
        self._rest = b""
        self._is_inside = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """
        Return the lines that end in `chunk`; an empty one drops a line that has not ended.
        """
        if not chunk:
            self._rest, self._is_inside = b"", False
            return []
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        if self._is_inside and whole:
            # The end of a line that was already counted.
            del whole[0]
            self._is_inside = False
        if len(self._rest) > LONGEST_LINE or self._is_inside:
            self.too_long += not self._is_inside
            self._rest, self._is_inside = b"", True
        lines = [line for line in whole if line and len(line) <= LONGEST_LINE]
        self.too_long += sum(len(line) > LONGEST_LINE for line in whole)
        return lines
