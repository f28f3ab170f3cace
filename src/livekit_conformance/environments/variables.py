"""
`${NAME}` in a profile: taken from the process environment, else from the env file, with provenance.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values

from livekit_conformance.environments.sanity import oddities, swapped
from livekit_conformance.errors import ProfileError

Origin = Literal["environment", ".env", "missing"]

_REFERENCE = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass
class Variables:
    """
    Looks variables up and keeps where each came from; values never leave through `problems`.
    """

    environ: Mapping[str, str]
    file: Path | None
    file_values: Mapping[str, str | None]
    origins: dict[str, Origin] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    # The keys of the profile that each variable stands in.
    uses: dict[str, list[str]] = field(default_factory=dict)
    _values: dict[str, str] = field(default_factory=dict, repr=False)

    def expand(self, text: str, key: str) -> str | None:
        """
        `text` with every `${NAME}` replaced; None (and a problem) when one cannot be.

        `key` is the place in the profile, for the message.
        """
        values: dict[str, str | None] = {}
        for reference in _REFERENCE.finditer(text):
            name = reference[1]
            if not _NAME.fullmatch(name) or not reference[0].endswith("}"):
                self.problems.append(
                    f"{key}: not a variable reference: write ${{NAME}} with letters, digits and _"
                )
                return None
            values[name] = self._look_up(name, key)
        if None in values.values():
            return None
        return _REFERENCE.sub(lambda reference: values[reference[1]] or "", text)

    def empty(self) -> dict[str, tuple[str, ...]]:
        """
        The variables that are set to nothing, with the keys that they stand in.
        """
        return {name: tuple(self.uses[name]) for name, value in self._values.items() if not value}

    def odd(self) -> dict[str, tuple[str, ...]]:
        """
        What is odd about the value of each variable, where something is.
        """
        found = {name: list(oddities(name, value)) for name, value in self._values.items()}
        for name, words in swapped(self._values):
            found[name].append(words)
        return {name: tuple(words) for name, words in found.items() if words}

    def _look_up(self, name: str, key: str) -> str | None:
        if (value := self.environ.get(name)) is not None:
            self.origins[name] = "environment"
        elif (value := self.file_values.get(name)) is not None:
            self.origins[name] = ".env"
        else:
            self.origins[name] = "missing"
            self.problems.append(
                f"{key}: variable {name} is missing: looked in the environment and in "
                f"{self._file_words()}; set it with `export {name}=...` or put a line "
                f"{name}=... into {self.file or '.env'}"
            )
            return None
        self._values[name] = value
        self.uses.setdefault(name, []).append(key)
        return value

    def _file_words(self) -> str:
        if self.file is None:
            return ".env (there is none)"
        return str(self.file)


def read_env_file(path: Path) -> Mapping[str, str | None]:
    """
    The variables of an env file, with values taken literally.

    Raises ProfileError with the line when a line cannot be understood or the file cannot be read.
    """
    if not path.is_file():
        raise ProfileError([f"{path}: there is no such env file"])
    with _parser_complaints() as complaints:
        try:
            values = dotenv_values(path, interpolate=False)
        except (OSError, UnicodeDecodeError) as error:
            raise ProfileError([f"{path}: cannot be read: {error}"]) from error
    if complaints:
        raise ProfileError(
            [f"{path}: line {line}: not of the form NAME=value" for line in complaints]
        )
    return values


@contextmanager
def _parser_complaints() -> Iterator[list[int]]:
    """
    The numbers of the lines that python-dotenv skips: it only logs them.
    """
    lines: list[int] = []
    logger = logging.getLogger("dotenv.main")

    def keep(record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and record.args and isinstance(record.args[0], int):
            lines.append(record.args[0])
            return False
        return True

    logger.addFilter(keep)
    try:
        yield lines
    finally:
        logger.removeFilter(keep)
