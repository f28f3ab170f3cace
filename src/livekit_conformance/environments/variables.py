"""
Expand `${NAME}` in a profile from the process environment, else the env file, with provenance.

`${NAME:-}` is a variable that may be unset or empty, as in a shell; its key is then left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from livekit_conformance.environments.env_file import EnvFile
from livekit_conformance.environments.problems import Problem
from livekit_conformance.environments.spelling import lookalike
from livekit_conformance.environments.variable_checks import (
    DEPLOYMENT_VARIABLES,
    Oddity,
    oddities,
    swapped,
)
from livekit_conformance.wording import Phrase, phrase

Origin = Literal["environment", ".env", "missing"]

# Code of the problem that a required variable is not set.
MISSING = "variable.missing"

_REFERENCE = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<optional>:-)?")


class Absent(Enum):
    """
    Reason why a text has no value: a variable is missing, or an optional one is not set.
    """

    MISSING = auto()
    LEFT_OUT = auto()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """
    Variables of a key that is left out: the optional ones that are not set, and those that are set.
    """

    unset: tuple[str, ...]
    given: tuple[str, ...]


@dataclass
class Variables:
    """
    Look up variables and record where each value came from; `problems` never contains values.
    """

    environ: Mapping[str, str] = field(repr=False)
    file: EnvFile | None
    origins: dict[str, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    # The keys of the profile in which each variable is used.
    uses: dict[str, list[str]] = field(default_factory=dict)
    # The keys of the profile that are left out because an optional variable is not set.
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    _values: dict[str, str] = field(default_factory=dict, repr=False)

    def expand(self, text: str, key: str) -> str | Absent:
        """
        Return `text` with every variable replaced, or the reason why that is impossible.

        `key` is the place in the profile, for the message about a missing variable.
        """
        values: dict[str, str | None] = {}
        optional = set()
        for reference in _REFERENCE.finditer(text):
            parts = _NAME.fullmatch(reference[1])
            if parts is None or not reference[0].endswith("}"):
                self.problems.append(Problem(phrase("variable.no-reference"), key))
                return Absent.MISSING
            name = parts["name"]
            values[reference[1]] = self._look_up(name, key, required=not parts["optional"])
            if parts["optional"]:
                optional.add(reference[1])
        if any(value is None and name not in optional for name, value in values.items()):
            return Absent.MISSING
        if unset := [name for name in values if name in optional and not values[name]]:
            given = [name for name, value in values.items() if value]
            self.left_out[key] = LeftOut(_bare(unset), _bare(given))
            return Absent.LEFT_OUT
        return _REFERENCE.sub(lambda reference: values[reference[1]] or "", text)

    def empty(self) -> dict[str, tuple[str, ...]]:
        """
        Return the required variables that are set to an empty value, with the keys that use them.
        """
        empty = [name for name, value in self._values.items() if not value]
        asking = {
            name: tuple(key for key in self.uses[name] if key not in self.left_out)
            for name in empty
        }
        return {name: keys for name, keys in asking.items() if keys}

    def unset(self) -> tuple[str, ...]:
        """
        Return the optional variables that are not set, in the order of the profile.
        """
        return tuple(dict.fromkeys(n for absent in self.left_out.values() for n in absent.unset))

    def odd(self) -> dict[str, tuple[Oddity, ...]]:
        """
        Return the oddities in the values of variables; a variable without any is left out.
        """
        found = {name: list(oddities(name, value)) for name, value in self._values.items()}
        for name, words in swapped(self._values):
            found[name].append(words)
        return {name: tuple(words) for name, words in found.items() if words}

    def origin(self, name: str) -> Origin:
        """
        Return where a variable is set.
        """
        if name in self.environ:
            return "environment"
        return ".env" if name in self._in_file else "missing"

    def differing(self) -> tuple[str, ...]:
        """
        Return the variables whose value in the env file differs from that in the environment, which
        wins.

        Variables with an odd value are left out: the oddity is the difference.
        """
        odd = self.odd()
        return tuple(
            name
            for name, value in self._values.items()
            if name not in odd and self._in_file.get(name, value) != value
        )

    def misspelt(self) -> dict[str, str]:
        """
        Return the unused names in the env file, each with the variable that is probably meant.
        """
        wanted = [name for name in self.origins if name not in self._in_file]
        pairs = ((name, lookalike(name, wanted)) for name in self._unasked(self._in_file))
        return {name: meant for name, meant in pairs if meant}

    def _unasked(self, names: Iterable[str]) -> list[str]:
        return [
            name for name in names if name not in DEPLOYMENT_VARIABLES and name not in self.origins
        ]

    def _look_up(self, name: str, key: str, *, required: bool) -> str | None:
        self.origins[name] = self.origin(name)
        value = self.environ.get(name, self._in_file.get(name))
        if value is None:
            if required:
                missing = phrase(
                    MISSING, name=name, file=self._file_words(), remedy=self._remedy(name)
                )
                self.problems.append(Problem(missing, key))
            return None
        self._values[name] = value
        self.uses.setdefault(name, []).append(key)
        return value

    @property
    def _in_file(self) -> Mapping[str, str]:
        return self.file.values if self.file else {}

    def misspelling_of(self, name: str) -> tuple[str, Origin] | None:
        """
        Return the unused name that is probably meant for the missing variable `name`, and where it
        is set.
        """
        if near := lookalike(name, self._unasked(self._in_file)):
            return near, ".env"
        if near := lookalike(name, self._unasked(self.environ)):
            return near, "environment"
        return None

    def _remedy(self, name: str) -> Phrase:
        if found := self.misspelling_of(name):
            near, origin = found
            in_file = origin != "environment"
            place = self._file_words() if in_file else phrase("env-file.environment")
            return phrase("variable.meant", place=place, near=near)
        file = self.file.path if self.file else ".env"
        return phrase("variable.set-it", name=name, file=str(file))

    def _file_words(self) -> Phrase | str:
        return phrase("env-file.none") if self.file is None else str(self.file.path)


def _bare(references: Iterable[str]) -> tuple[str, ...]:
    return tuple(reference.removesuffix(":-") for reference in references)
