"""
Write the reports of runs that were killed before they could write them themselves.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.writers import write_all
from livekit_conformance.wording import Language

# Limits in runs examined, the newest first, and in seconds; the next run continues.
NEWEST: Final = 20
AT_MOST_S: Final = 5.0
# The first and the last file that are written: without both of them, reports are missing.
_REPORTS = ("results.json", "report.html")


@dataclass(frozen=True, slots=True)
class Repaired:
    """
    Run without reports: they were written from `result`, or could not be because of `problem`.
    """

    directory: Path
    result: Result | None
    problem: str = ""


def repair(
    reports: Path, *, language: Language = "en", at_most: float = AT_MOST_S
) -> Iterator[Repaired]:
    """
    Write the missing reports of the newest dead runs in `reports`, one by one.

    A run that lives, or that another process repairs at this moment, is left alone. So is a run
    that was killed before it had a plan, because nothing is known about it. `at_most` is in
    seconds.
    """
    deadline = time.monotonic() + at_most
    for path in islice(_newest_journals(reports), NEWEST):
        if _has_reports(path.parent):
            continue
        if time.monotonic() >= deadline:
            return
        if (repaired := _repair(path, language)) is not None:
            yield repaired


def _newest_journals(reports: Path) -> Iterator[Path]:
    # Folder names begin with the time. `latest` is a link to one of the folders.
    for path in sorted(reports.glob(f"*/{journal.NAME}"), reverse=True):
        if not path.parent.is_symlink():
            yield path


def _has_reports(directory: Path) -> bool:
    return all((directory / name).is_file() for name in _REPORTS)


def _repair(path: Path, language: Language) -> Repaired | None:
    directory = path.parent
    try:
        with _locked(path) as is_ours:
            # Another process may have been faster.
            if not is_ours or _has_reports(directory) or not _has_begun(path):
                return None
            result = replace(journal.read(path), language=language)
            write_all(result, directory)
    except (OSError, ValueError, TypeError, KeyError, journal.JournalError) as error:
        return Repaired(directory, None, f"{type(error).__name__}: {error}")
    return Repaired(directory, result)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """
    Take the lock that a living run has on its journal; yield False if another process has it.
    """
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _has_begun(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline().endswith(b"\n")
