"""
Common parts of the models of all our files: closed groups of keys, durations with a unit.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from livekit_conformance.environments.problems import Unfit

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def seconds(value: Any) -> float:
    """
    Return the duration written as `5s`, `500ms`, `3m` or `1h`, in seconds.

    Raises Unfit with the remedy when the unit is missing.
    """
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number:
            raise Unfit("duration.no-unit", value=str(value))
        raise Unfit("duration.invalid")
    if not (length := float(match[1]) * _UNITS[match[2]]):
        raise Unfit("duration.zero")
    return length


def in_schema(pattern: str, *types: str) -> WithJsonSchema:
    """
    Return the JSON Schema of a text in a profile: the text matches `pattern` or contains a
    variable.

    `types` lists other types that the value may have. Named groups are removed: JSON Schema has
    none.
    """
    whole = re.sub(r"\?P<\w+>", "?:", pattern)
    return WithJsonSchema(
        {"type": ["string", *types] if types else "string", "pattern": rf"^(?:{whole})$|\$\{{"}
    )


Duration = Annotated[float, BeforeValidator(seconds), in_schema(_DURATION.pattern)]


class ProfileSection(BaseModel):
    """
    Closed, frozen group of keys.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
