"""
Let SIGINT and SIGTERM end a run, but never while something is created or cleaned up.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

_Handler = Callable[[int, FrameType | None], Any]
BY_SIGTERM = "terminated by SIGTERM"
BY_SIGINT = "interrupted from the keyboard"
INTERNAL_ERROR = "internal error of the suite"


class Interrupts:
    """
    Hooks that decide when a signal takes effect.

    While a check runs, a signal takes effect at once: asyncio cancels the check, and its fixtures
    clean up after it. Between checks, and while reports are written, it takes effect afterwards.
    Otherwise pytest would drop the remaining finalizers, so that rooms and calls stay, and a plugin
    interrupted in its work would turn the end of the run into an internal error. A second signal
    takes effect at once. `reason` is why the run did not come to its end; None if it did.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        self._signal: str | None = None
        self._waits = False
        self._pending = False
        # Handler of SIGINT while it takes effect at once; None if it is ignored.
        self._outside: _Handler | None = None
        self._former: Any = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """
        Let SIGTERM end the run like an interrupt, with clean-up and reports.
        """
        if threading.current_thread() is threading.main_thread():
            self._former = signal.signal(signal.SIGTERM, self._on_sigterm)

    def pytest_unconfigure(self) -> None:
        """
        Restore the handler of SIGTERM.
        """
        if self._former is not None:
            signal.signal(signal.SIGTERM, self._former)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """
        Keep the reason; count an interrupt that took effect at once as the first signal, too.
        """
        self.reason = self._signal or str(excinfo.value) or BY_SIGINT
        self._pending = True

    def pytest_internalerror(self) -> None:
        """
        Keep the reason.
        """
        self.reason = INTERNAL_ERROR

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """
        Let fixtures finish what they create or delete before the run ends.
        """
        with self._whole():
            done = yield
        self._catch_up()
        return done

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_pyfunc_call(self) -> Generator[None, object, object]:
        """
        Let a signal interrupt the check itself at once.
        """
        self._catch_up()
        self._let_signals(wait=False)
        try:
            return (yield)
        finally:
            self._let_signals(wait=True)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None]:
        """
        Let the end of the run delete everything and write the reports completely.
        """
        with self._whole():
            yield

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """
        Delay the first signal until the block is left.
        """
        self._outside = self._handler()
        self._let_signals(wait=True)
        try:
            yield
        finally:
            self._let_signals(wait=False)

    def _let_signals(self, *, wait: bool) -> None:
        self._waits = wait
        if self._outside is not None:
            signal.signal(signal.SIGINT, self._on_sigint if wait else self._outside)

    def _catch_up(self) -> None:
        if self._pending:
            raise KeyboardInterrupt

    def _handler(self) -> _Handler | None:
        """
        Return the handler of SIGINT; None if it is ignored, as in the background of a shell.
        """
        if threading.current_thread() is not threading.main_thread():
            return None
        handler = signal.getsignal(signal.SIGINT)
        return handler if callable(handler) else None

    def _on_sigint(self, _number: int, _frame: FrameType | None) -> None:
        if self._pending:
            raise KeyboardInterrupt
        self._pending = True

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        self._signal = BY_SIGTERM
        if self._waits:
            self._on_sigint(number, frame)
        elif (handler := self._handler()) is not None:
            # While a check runs, this is asyncio's handler, which cancels the check.
            handler(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt
