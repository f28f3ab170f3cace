"""
Processes: whether one is alive, and limits of our own.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def is_alive(pid: int) -> bool:
    """
    Return whether the process runs; a zombie that its parent has not reaped does not.
    """
    try:
        # The name of the program, in parentheses, may hold blanks.
        _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return rest.split()[0] != "Z"


@contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    """
    Change a limit of this process, such as resource.RLIMIT_FSIZE, while the context is open.
    """
    former = resource.getrlimit(what)
    resource.setrlimit(what, (most, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, former)
