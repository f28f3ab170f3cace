"""
Outlets of a run under way: terminal, log records and, with `-s`, the standard streams.

pytest cleans none of these, so each passes through a scrubber where it leaves the process.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

import pytest

Clean = Callable[[str], str]

_LOG_HANDLERS = ("caplog_handler", "report_handler", "log_cli_handler", "log_file_handler")
_STREAMS = (1, 2)
# An unfinished line, perhaps a prompt, is passed on after this many seconds.
_LINE_WITHIN: Final = 0.05
# A child that outlives the run may keep the stream open.
_LAST_WORDS_WITHIN: Final = 1.0


def lead_through(config: pytest.Config, clean: Clean) -> ExitStack:
    """
    Pass all output through `clean` until the returned stack is closed.

    The session must have started: before that, the plugins of pytest are not there.
    """
    outlets = ExitStack()
    if config.pluginmanager.hasplugin("terminalreporter"):
        _lead_terminal(config.get_terminal_writer(), clean, outlets)
    logs = config.pluginmanager.getplugin("logging-plugin")
    for name in _LOG_HANDLERS:
        _lead_log(getattr(logs, name, None), clean, outlets)
    # With `fd`, pytest captures what is written to the descriptors and puts it into reports.
    if config.getoption("capture") != "fd":
        for descriptor in _STREAMS:
            outlets.callback(Relay(descriptor, clean).close)
    return outlets


class CleanStream:
    """
    Text stream that cleans all text written to it.
    """

    def __init__(self, stream: Any, clean: Clean) -> None:
        self._stream = stream
        self._clean = clean

    def write(self, text: str) -> int:
        """
        Write the text without secrets.
        """
        self._stream.write(self._clean(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class CleanFormatter(logging.Formatter):
    """
    Formatter that cleans the output of another one, with its arguments and tracebacks.
    """

    def __init__(self, inner: logging.Formatter, clean: Clean) -> None:
        super().__init__()
        self._inner = inner
        self._clean = clean

    def format(self, record: logging.LogRecord) -> str:
        """
        Return the record as text without secrets.
        """
        return self._clean(self._inner.format(record))


class Relay:
    """
    Relay that passes output to a file descriptor through `clean` line by line.

    This includes output of child processes.
    """

    def __init__(self, descriptor: int, clean: Clean) -> None:
        self._descriptor = descriptor
        self._clean = clean
        # Two copies, because the thread closes its own when it ends.
        self._target, self._given_back = os.dup(descriptor), os.dup(descriptor)
        source, sink = os.pipe()
        os.dup2(sink, descriptor)
        os.close(sink)
        self._thread = threading.Thread(
            target=self._run, args=(source,), name=f"relay of descriptor {descriptor}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """
        Restore the descriptor once all that was written so far has passed.
        """
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            if stream is not None:
                stream.flush()
        os.dup2(self._given_back, self._descriptor)
        os.close(self._given_back)
        self._thread.join(_LAST_WORDS_WITHIN)

    def _run(self, source: int) -> None:
        try:
            self._relay(source)
        except BrokenPipeError:
            # The reader is gone. With the source closed, writers get an error too.
            return
        finally:
            os.close(source)
            os.close(self._target)

    def _relay(self, source: int) -> None:
        pending = b""
        while True:
            if pending and not select.select([source], [], [], _LINE_WITHIN)[0]:
                pending = self._pass_on(pending)
            elif chunk := os.read(source, 65536):
                lines, newline, pending = (pending + chunk).rpartition(b"\n")
                self._pass_on(lines + newline)
            else:
                self._pass_on(pending)
                return

    def _pass_on(self, content: bytes) -> bytes:
        left = self._clean(content.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
        while left:
            left = left[os.write(self._target, left) :]
        return b""


def _lead_terminal(writer: Any, clean: Clean, outlets: ExitStack) -> None:
    # Below the writer, so that output of plugins is cleaned too: they hold the writer itself.
    stream = writer._file  # noqa: SLF001 - it has no public way to change its stream
    writer._file = CleanStream(stream, clean)  # noqa: SLF001
    outlets.callback(setattr, writer, "_file", stream)


def _lead_log(handler: logging.Handler | None, clean: Clean, outlets: ExitStack) -> None:
    if handler is not None and handler.formatter is not None:
        outlets.callback(handler.setFormatter, handler.formatter)
        handler.setFormatter(CleanFormatter(handler.formatter, clean))
