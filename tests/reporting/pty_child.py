"""
A child process on its own terminal, and the screen of that terminal.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

from tests.reporting.conftest import QUIET

# For a child that hangs: no test here takes a tenth of it.
WITHIN_S = 30.0
_ESCAPE = re.compile(r"\x1b\[(\d*)([A-Za-z])")
_UNSET = ("CI", "BUILD_NUMBER", "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "COLUMNS", "LINES")


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
    kept |= {"TERM": "xterm", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
    return kept | more


def command(*arguments):
    return [sys.executable, "-m", "pytest", "suites", *QUIET, *arguments]


def on_terminal(folder, *arguments, columns=100, rows=30, when=(), **environ):
    """
    Return the full output of pytest on a terminal of this size.

    `when` pairs a text with a call made as soon as the child has written the text, in this order.
    """
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(**environ),
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    try:
        return read_all(parent, process, list(when))
    finally:
        os.close(parent)
        if process.poll() is None:
            process.kill()
        process.wait()


def read_all(descriptor, process, when):
    written = b""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if not select.select([descriptor], [], [], 0.5)[0]:
            continue
        try:
            piece = os.read(descriptor, 65536)
        except OSError:  # how Linux reports that the other end is closed
            piece = b""
        if not piece:
            return written.decode()
        written += piece
        while when and when[0][0] in written.decode(errors="replace"):
            when.pop(0)[1](process)
    raise AssertionError(f"not over after {WITHIN_S} s; last seen: {written[-500:]!r}")


class Screen:
    """Screen of a terminal with unlimited rows after `text`; knows the codes of pytest and us."""

    def __init__(self, text):
        self.lines = [""]
        self.row = self.column = 0
        position = 0
        while position < len(text):
            if match := _ESCAPE.match(text, position):
                self.escape(match[2], int(match[1] or 0))
                position = match.end()
            else:
                self.put(text[position])
                position += 1

    def put(self, character):
        match character:
            case "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
            case "\r":
                self.column = 0
            case _:
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
                self.column += 1

    def escape(self, kind, number):
        match kind, number:
            case "m", _:
                pass
            case "K", 2:
                self.lines[self.row] = ""
            case "J", 0:
                self.lines[self.row] = self.lines[self.row][: self.column]
                del self.lines[self.row + 1 :]
            case "A", _:
                self.row -= number
            case "G", _:
                self.column = number - 1
            case _:
                raise AssertionError(f"an escape that nobody should send: {number} {kind}")
