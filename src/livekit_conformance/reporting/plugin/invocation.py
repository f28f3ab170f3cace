"""
Command that started pytest, as words that start it once more for one check.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from livekit_conformance.environments.places import ENV_FILE
from livekit_conformance.reporting.plugin.options import Options
from livekit_conformance.reporting.text.rerun_command import NODE_ID

_PROGRAMS: Final = ("pytest", "py.test")
# Its `run` gives pytest a folder of config/ and reports/ that differs from that of the suites.
_COMMAND: Final = "livekit-conformance"


def template(options: Options, *, root: Path, start: Path) -> tuple[str, ...]:
    """
    Return the words of the command, for a run started in `start` with the rootdir `root`.

    Paths are relative to `start`: reports are passed on to others, and should name no more folders
    of a machine than the command does.
    """
    given = _given(options, start)
    if options.home != root:
        return (_usable(_our_command(), start), "run", NODE_ID, *given)
    folder = os.path.relpath(root, start)
    check = NODE_ID if folder == os.curdir else f"{folder}/{NODE_ID}"
    return (*program(sys.argv[0], sys.orig_argv, start), check, *given)


def program(called: str, typed: Sequence[str], start: Path) -> tuple[str, ...]:
    """
    Return the words that start pytest as before, from `sys.argv[0]` and `sys.orig_argv`.
    """
    name = Path(called).name
    if name in _PROGRAMS:
        return (_usable(called, start),)
    if name == "__main__.py" and "-m" in typed:
        interpreter, *arguments = typed[: typed.index("-m") + 2]
        return (_usable(interpreter, start), *arguments)
    # Another program runs pytest in its own process.
    return (_usable(sys.executable, start), "-m", "pytest")


def _our_command() -> str:
    """
    Return the command of the package: that of the running interpreter, or the one on PATH.
    """
    beside = Path(sys.executable).with_name(_COMMAND)
    return str(beside) if beside.is_file() else _COMMAND


def _given(options: Options, start: Path) -> Iterator[str]:
    """
    Yield the options that set the target, the allowed effects, and the folder of the reports.
    """
    yield f"--env={_relative(options.environment, start)}"
    if options.env_file not in (None, options.home / ENV_FILE):
        yield f"--env-file={_relative(str(options.env_file), start)}"
    yield from (f"--allow={effect}" for effect in sorted(options.allow))
    if options.reports != options.home / "reports":
        yield f"--reports={_relative(str(options.reports), start)}"


def _usable(path: str, start: Path) -> str:
    """
    Return the word that calls the program at `path`: its name alone if PATH leads to it.
    """
    name = Path(path).name
    if not Path(path).is_relative_to(start) and shutil.which(name) == path:
        return name
    return _relative(path, start)


def _relative(path: str, start: Path) -> str:
    return os.path.relpath(path, start) if Path(path).is_absolute() else path
