"""
The command `livekit-conformance diagnose`: find causes in log files, without a network.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.cli.options import add_json, add_language
from livekit_conformance.errors import in_system_words
from livekit_conformance.layout import folded, width_of
from livekit_conformance.log_diagnosis import words
from livekit_conformance.log_diagnosis.findings import Findings
from livekit_conformance.log_diagnosis.reading import LogReader, UnknownCompression
from livekit_conformance.log_diagnosis.report import WIDTH, Report
from livekit_conformance.log_diagnosis.scan import Scanned, Scanner
from livekit_conformance.wording import Language

_NOTHING, _FOUND, _USAGE = 0, 1, 4
_STDIN = "-"
_EVERY_S = 0.2
_MEGABYTE = 1_000_000
# Return to the start of the line and clear it.
_START_OF_LINE = "\r\x1b[K"


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command and its options.
    """
    parser = commands.add_parser(
        "diagnose",
        help=summary,
        epilog="Exit status: 0 no known cause is in the logs, 1 one is, 4 a log cannot be read.",
    )
    parser.add_argument(
        "logs",
        nargs="*",
        metavar="LOG",
        help="log files, compressed or not; - (default when something is piped in) is the "
        "standard input",
    )
    add_language(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Read the logs and report the causes in them: 0 no known cause, 1 some, 4 a log cannot be read.

    An unreadable log does not affect the others: if they show a cause, the status is 1.
    """
    language: Language = options.lang
    piped = sys.stdin is not None and not sys.stdin.isatty()
    names: Sequence[str] = options.logs or ([_STDIN] if piped else [])
    if not names:
        sys.stderr.write(f"{words.NO_LOG.say(language)}\n")
        return _USAGE
    findings = Findings(CAUSES)
    report = _read(names, Scanner(findings), language)
    report.causes = findings.found()
    report.ours = findings.made_by_the_suite()
    if options.json:
        sys.stdout.write(f"{report.as_json(language)}\n")
    else:
        width = width_of(sys.stdout)
        lines = report.lines(language, min(width or WIDTH, WIDTH))
        sys.stdout.writelines(f"{row}\n" for line in lines for row in folded(line, width))
    for name, reason in report.unread:
        sys.stderr.write(f"{name}: {reason}\n")
    return _FOUND if report.causes else _USAGE if report.unread else _NOTHING


def _read(names: Sequence[str], scanner: Scanner, language: Language) -> Report:
    report = Report([], scanner.unexplained, [])
    read: dict[tuple[int, int], Scanned] = {}
    try:
        for name in names:
            called = words.STANDARD_INPUT.say(language) if name == _STDIN else name
            try:
                with _opened(name) as raw:
                    status = os.fstat(raw.fileno())
                    scanned = Scanned(called)
                    same = read.setdefault((status.st_dev, status.st_ino), scanned)
                    if same is scanned or not stat.S_ISREG(status.st_mode):
                        reader = LogReader(raw)
                        report.logs.append(scanned)
                        with _progress(called, language) as on_block:
                            scanner.scan(reader, scanned, on_block)
                    else:
                        same.notes.append(partial(words.SAME_FILE.say, name=called))
            except UnknownCompression as error:
                unpack = words.COMPRESSED_OTHERWISE.say(language, command=error.command)
                report.unread.append((called, unpack))
            except IsADirectoryError:
                report.unread.append((called, words.IS_A_DIRECTORY.say(language, path=name)))
            except OSError as error:
                reason = words.NOT_OPENED.say(language, error=in_system_words(error))
                report.unread.append((called, reason))
    except KeyboardInterrupt:
        # A user who interrupts an endless pipe wants the findings so far.
        for scanned in report.logs[-1:]:
            scanned.notes.append(words.INTERRUPTED.say)
    return report


def _opened(name: str) -> BufferedReader:
    return (
        open(sys.stdin.fileno(), "rb", closefd=False) if name == _STDIN else Path(name).open("rb")
    )


@contextmanager
def _progress(name: str, language: Language) -> Iterator[Callable[[int], None]]:
    """
    Show on a terminal how much has been read, and clear the line at the end.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    done, shown_at = 0, time.monotonic()

    def on_block(size: int) -> None:
        nonlocal done, shown_at
        done += size
        if time.monotonic() - shown_at >= _EVERY_S:
            shown_at = time.monotonic()
            shown = words.PROGRESS.say(language, name=name, done=f"{done // _MEGABYTE:,}")
            sys.stderr.write(f"{_START_OF_LINE}{shown}")
            sys.stderr.flush()

    try:
        yield on_block
    finally:
        sys.stderr.write(_START_OF_LINE)
