"""
Env file: its permissions, and differences in how other programs would read it.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, warning
from livekit_conformance.environments.env_file import (
    EnvFile,
    is_taken_by_git,
    mode_for_others,
)
from livekit_conformance.wording import phrase


def judge_env_file(
    file: EnvFile, asked: Collection[str], misspelt: Mapping[str, str]
) -> Iterator[LinkFinding]:
    """
    Yield the findings about the file itself, for the variables in `asked`.
    """
    path = shlex.quote(str(file.path))
    yield from _seen_by_others(file.path, path)
    for quirk, all_names in file.quirks.items():
        names = tuple(name for name in all_names if name in asked)
        if names or not all_names:
            yield _warning(f"env-file.{quirk}", file=path, names=names)
    for name, meant in misspelt.items():
        yield _warning("env-file.unused-name", file=path, name=name, meant=meant)


def _seen_by_others(file: Path, path: str) -> Iterator[LinkFinding]:
    if mode := mode_for_others(file):
        yield _warning("env-file.read-by-others", file=path, mode=mode)
    if is_taken_by_git(file):
        yield _warning("env-file.in-git", file=path)


def _warning(code: str, /, **data: str | tuple[str, ...]) -> LinkFinding:
    return warning(Link.CONFIGURATION, phrase(code, **data))
