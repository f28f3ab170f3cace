"""
`${NAME}` in a profile: taken from the process environment, else from the env file, with provenance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from livekit_conformance.environments.env_file import EnvFile
from livekit_conformance.environments.hints import lookalike
from livekit_conformance.environments.sanity import NINE, oddities, swapped

Origin = Literal["environment", ".env", "missing"]

_REFERENCE = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass
class Variables:
    """
    Looks variables up and keeps where each came from; values never leave through `problems`.
    """

    environ: Mapping[str, str] = field(repr=False)
    file: EnvFile | None
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

    def origin(self, name: str) -> Origin:
        """
        Where a variable is found.
        """
        if name in self.environ:
            return "environment"
        return ".env" if name in self._in_file else "missing"

    def differing(self) -> tuple[str, ...]:
        """
        The variables that have another value in the env file, which the environment outdoes.

        Where a value is odd, that is the difference.
        """
        odd = self.odd()
        return tuple(
            name
            for name, value in self._values.items()
            if name not in odd and self._in_file.get(name, value) != value
        )

    def misspelt(self) -> dict[str, str]:
        """
        Names in the env file that nobody asks for, each with the one that it is likely to mean.
        """
        wanted = [name for name in self.origins if name not in self._in_file]
        pairs = ((name, lookalike(name, wanted)) for name in self._unasked(self._in_file))
        return {name: meant for name, meant in pairs if meant}

    def _unasked(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name not in NINE and name not in self.origins]

    def _look_up(self, name: str, key: str) -> str | None:
        self.origins[name] = self.origin(name)
        value = self.environ.get(name, self._in_file.get(name))
        if value is None:
            self.problems.append(
                f"{key}: variable {name} is missing: looked in the environment and in "
                f"{self._file_words()}; {self._remedy(name)}"
            )
            return None
        self._values[name] = value
        self.uses.setdefault(name, []).append(key)
        return value

    @property
    def _in_file(self) -> Mapping[str, str]:
        return self.file.values if self.file else {}

    def misspelling_of(self, name: str) -> tuple[str, Origin] | None:
        """
        What is likely to be meant for a variable that is missing, and where it is.
        """
        if near := lookalike(name, self._unasked(self._in_file)):
            return near, ".env"
        if near := lookalike(name, self._unasked(self.environ)):
            return near, "environment"
        return None

    def _remedy(self, name: str) -> str:
        if found := self.misspelling_of(name):
            near, origin = found
            place = "the environment" if origin == "environment" else self._file_words()
            return f"{place} has {near}: if that is it, correct its name"
        file = self.file.path if self.file else ".env"
        return f"set it with `export {name}=...` or put a line {name}=... into {file}"

    def _file_words(self) -> str:
        return str(self.file.path) if self.file else ".env (there is none)"
