"""
The sub-command `run`: run pytest on the suites of the package, from any folder.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from livekit_conformance.shipped import ROOT

SUITES = "suites"


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command; every argument after it goes to pytest.
    """
    # No argument begins with this character, so argparse takes none as an option of ours.
    parser = commands.add_parser(
        "run",
        help=summary,
        prefix_chars="\0",
        add_help=False,
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Replace this process with pytest; profiles, reports and cache are in the current folder.
    """
    line = [sys.executable, *interpreter_arguments(options.arguments, Path.cwd())]
    sys.stdout.flush()
    os.execv(sys.executable, line)  # noqa: S606  # there is no shell to start


def interpreter_arguments(arguments: Sequence[str], home: Path) -> list[str]:
    """
    Return the arguments for the interpreter: pytest as configured at the root of the suites.

    `home` is the folder of config/, .env, reports/ and .pytest_cache/. Arguments `suites/...` name
    files of the package; without any, all suites are run.
    """
    selected = [*map(_located, arguments)]
    if selected == [*arguments]:
        selected.append(str(ROOT / SUITES))
    settings = [*_settings(home)]
    # Without the cache plugin, pytest does not know this setting.
    if not any(argument.endswith("no:cacheprovider") for argument in arguments):
        settings += ["-o", f"cache_dir={home / '.pytest_cache'}"]
    return [*settings, *selected]


def _settings(home: Path) -> Iterator[str]:
    # -P: modules of the current folder must not hide those of the suites.
    yield from ("-P", "-m", "pytest")
    yield from ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT))
    yield from ("-o", f"livekit_home={home}")


def _located(argument: str) -> str:
    is_check = Path(argument.partition("::")[0]).parts[:1] == (SUITES,)
    return str(ROOT / argument) if is_check else argument
