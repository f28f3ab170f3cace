"""
Validate a mapping against a model; each problem names its place and its remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from livekit_conformance.environments.spelling import did_you_mean
from livekit_conformance.environments.yaml_document import KeyPath, is_name, shown

M = TypeVar("M", bound=BaseModel)


def validated(
    model: type[M],
    data: Mapping[str, Any],
    lines: Mapping[KeyPath, int],
    unknown: frozenset[KeyPath] | set[KeyPath] = frozenset(),
    columns: Mapping[KeyPath, int] = MappingProxyType({}),
) -> tuple[M | None, list[str]]:
    """
    Return the model made of `data`, or None, and the problems with the lines of their keys.

    Problems at places in `unknown`, whose values could not be determined, are left out. A problem
    names its column if `columns` has it, for files with many keys on one line.
    """
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [
            f"{_place(lines, columns, details['loc'])}{_explain(details, model)}"
            for details in error.errors(include_url=False)
            if not _concerns(details["loc"], unknown)
        ]


def _concerns(location: KeyPath, unknown: frozenset[KeyPath] | set[KeyPath]) -> bool:
    return any(location[: len(place)] == place for place in unknown)


def _place(lines: Mapping[KeyPath, int], columns: Mapping[KeyPath, int], location: KeyPath) -> str:
    """
    Return the line of the innermost part of `location` that the file has; empty without one.
    """
    for length in range(len(location), 0, -1):
        inner = tuple(location[:length])
        if (line := lines.get(inner)) is not None:
            column = columns.get(inner)
            return f"line {line}, column {column}: " if column else f"line {line}: "
    return ""


def _explain(details: ErrorDetails, model: type[BaseModel]) -> str:
    """
    Return the key, the problem and its remedy, without the value: it may be a secret.
    """
    location = tuple(details["loc"])
    *above, key = location or ("",)
    match details["type"]:
        case "extra_forbidden":
            return _unknown_key(details, model)
        case "missing":
            problem = f"key {key!r} is missing in section {shown(tuple(above))}"
        case "enum" | "literal_error":
            allowed = _values(details)
            hint = did_you_mean(_word(details), allowed)
            problem = f"must be one of {', '.join(allowed)}{hint}"
        case "string_type":
            problem = "must be text: put the value in quotes"
        case "value_error":
            problem = str(details["ctx"]["error"])
        case _:
            problem = details["msg"][:1].lower() + details["msg"][1:]
    return f"{shown(location)}: {problem}"


def _unknown_key(details: ErrorDetails, model: type[BaseModel]) -> str:
    section, key = tuple(details["loc"][:-1]), str(details["loc"][-1])
    allowed = _keys_at(section, model)
    hint = did_you_mean(key, allowed)
    rest = f"in section {shown(section)}; allowed keys: {', '.join(allowed)}{hint}"
    # Where a colon or a blank is missing, a secret stands in the place of the key.
    if is_name(key) and (hint or details["input"] is not None):
        return f"{shown((*section, key))}: unknown key {key!r} {rest}"
    return f"{shown(section)}: unknown key {rest}"


def _values(details: ErrorDetails) -> list[str]:
    return [word.strip(" '") for word in details["ctx"]["expected"].replace(" or ", ",").split(",")]


def _word(details: ErrorDetails) -> str:
    return details["input"] if isinstance(details["input"], str) else ""


def _keys_at(path: KeyPath, model: type[BaseModel]) -> list[str]:
    """
    Return the keys that the section at `path` may have.
    """
    for part in path:
        # The items of a list, or of a mapping with free keys, all have the same model.
        if part in model.model_fields:
            model = _section_in(model.model_fields[str(part)].annotation)
    return list(model.model_fields)


def _section_in(annotation: Any) -> type[BaseModel]:
    candidates = [annotation, *get_args(annotation)]
    return next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
