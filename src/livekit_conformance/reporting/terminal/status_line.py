"""
Show the running check: one line that is redrawn or, where that is impossible, a line now and then.

Both write to a descriptor of their own, because pytest captures the standard ones while a check
runs. They write from a thread of their own, because a check may not give up control for seconds.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol, TextIO

# Often enough to see that something moves.
REDRAW_S: Final = 0.2
# A job log without output for longer looks dead.
SAY_EVERY_S: Final = 30.0
_NARROWEST: Final = 20
_UP = "\x1b[1A"
_ERASE_LINE = "\r\x1b[2K"
_ERASE_BELOW = "\x1b[J"


class Terminal:
    """
    Stream that pytest writes to, outside of pytest's capture.

    Raises OSError if there is no descriptor behind it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._descriptor = os.dup(stream.fileno())
        self._encoding = stream.encoding or "utf-8"

    def write(self, text: str) -> None:
        """
        Write at once; raise OSError if the reader is gone.
        """
        os.write(self._descriptor, text.encode(self._encoding, "replace"))

    @property
    def width(self) -> int:
        """
        Columns of the terminal at this moment; raises OSError if it has none.
        """
        return max(os.get_terminal_size(self._descriptor).columns, _NARROWEST)

    def close(self) -> None:
        """
        Close the descriptor.
        """
        os.close(self._descriptor)


class Shown(Protocol):
    """
    Display that `Ticker` keeps up to date.
    """

    def tick(self) -> None:
        """
        Show the present state; raise OSError if the reader is gone.
        """

    def hide(self) -> None:
        """
        Make way for other output that is about to be written.
        """


class StatusLine:
    """
    Line at the cursor, or below it if pytest has begun a line.

    `column` returns the column of the cursor. `line(width)` returns the text in at most that many
    columns; None if there is nothing to show.
    """

    def __init__(
        self,
        terminal: Terminal,
        line: Callable[[int | None], str | None],
        column: Callable[[], int],
    ) -> None:
        self._terminal = terminal
        self._line = line
        self._column = column
        self._erase = ""

    def tick(self) -> None:
        """
        Draw the line again.
        """
        width = self._terminal.width
        # Some terminals begin a new line in the last column.
        if (text := self._line(width - 1)) is None:
            return
        if (column := self._column() % width) == 0:
            self._erase = _ERASE_LINE
            self._terminal.write(f"{_ERASE_LINE}{text}\r")
        else:
            self._erase = _ERASE_BELOW
            back = f"{_UP}\x1b[{column + 1}G"
            self._terminal.write(f"{_ERASE_BELOW}\n\r{text}{back}")

    def hide(self) -> None:
        """
        Erase the line; the cursor stays where pytest left it.
        """
        if self._erase:
            self._terminal.write(self._erase)
            self._erase = ""


class OccasionalLine:
    """
    Line written when nothing else was written for `every` seconds.
    """

    def __init__(
        self,
        terminal: Terminal,
        line: Callable[[int | None], str | None],
        column: Callable[[], int],
        *,
        every: float,
    ) -> None:
        self._terminal = terminal
        self._line = line
        self._column = column
        self._every = every
        self._last = time.monotonic()

    def tick(self) -> None:
        """
        Write the line if it is due.
        """
        if time.monotonic() - self._last >= self._every and (text := self._line(None)) is not None:
            self._last = time.monotonic()
            begin = "\n" if self._column() else ""
            self._terminal.write(f"{begin}{text}\n")

    def hide(self) -> None:
        """
        Restart the interval: other output appears, and no line has to be erased.
        """
        self._last = time.monotonic()


class Ticker:
    """
    Thread that keeps `shown` up to date, but not between `pause` and `go_on`.
    """

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._lock = threading.Lock()
        self._paused = True
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="status line", daemon=True)
        self._thread.start()

    def go_on(self) -> None:
        """
        Resume the updates: nobody else writes until `pause`.
        """
        with self._lock:
            self._paused = False

    def pause(self) -> None:
        """
        Hide the display: somebody else is about to write.
        """
        with self._lock:
            if not self._paused:
                self._paused = True
                self._attempt(self._shown.hide)

    def stop(self) -> None:
        """
        Hide the display and end the thread.
        """
        self.pause()
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(REDRAW_S):
            with self._lock:
                if not self._paused:
                    self._attempt(self._shown.tick)

    def _attempt(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError:
            # The reader is gone. pytest will notice by itself; a status line decides nothing.
            self._over.set()
