"""
Files of a run that cannot be written: which, why, and the remedy.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from livekit_conformance.errors import in_system_words

_ANOTHER: Final = "name another folder: --reports DIR"
_REMEDIES: Final = {
    errno.ENOSPC: f"Free space there, or {_ANOTHER}",
    errno.EDQUOT: f"Free space there, or {_ANOTHER}",
    errno.EFBIG: "Allow larger files: ulimit -f unlimited",
    errno.EMFILE: "Allow more open files: ulimit -n 1024",
    errno.ENFILE: "This machine has too many open files: end other programs",
}
_REFUSED: Final = "Name a folder that this account may write: --reports DIR"


def problem_with(reports: Path, error: OSError) -> str:
    """
    Return the sentence on the folder `reports` if nothing can be written there.
    """
    remedy = _REMEDIES.get(error.errno or 0, _REFUSED)
    return f"--reports {reports}: {in_system_words(error)}. {remedy}"


def problem_of(what: str, error: OSError) -> str:
    """
    Return the sentence on one report, with the remedy if the error has one of its own.
    """
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{what} could not be written: {error}" + (f". {remedy}" if remedy else "")


def problem_with_latest(reports: Path) -> str | None:
    """
    Return the sentence on an entry `latest` that is not the link to the last run; None without one.
    """
    latest = reports / "latest"
    if latest.is_symlink() or not latest.exists():
        return None
    what = "folder" if latest.is_dir() else "file"
    return f"{latest} is a {what}, not the link to the last run. Rename it, or {_ANOTHER}"
