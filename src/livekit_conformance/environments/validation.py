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
from livekit_conformance.environments.yaml_document import KeyPath, dotted

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
            _located(lines, columns, details["loc"], _explain(details, model))
            for details in error.errors(include_url=False)
            if not _concerns(details["loc"], unknown)
        ]


def _concerns(location: KeyPath, unknown: frozenset[KeyPath] | set[KeyPath]) -> bool:
    return any(location[: len(place)] == place for place in unknown)


def _located(
    lines: Mapping[KeyPath, int], columns: Mapping[KeyPath, int], location: KeyPath, words: str
) -> str:
    """
    Prefix `words` with the line and the key of the innermost place that the file has.
    """
    place = ""
    for length in range(len(location), 0, -1):
        inner = tuple(location[:length])
        if (line := lines.get(inner)) is not None:
            column = columns.get(inner)
            place = f"line {line}, column {column}: " if column else f"line {line}: "
            break
    return f"{place}{dotted(tuple(location))}: {words}"


def _explain(details: ErrorDetails, model: type[BaseModel]) -> str:
    """
    Return the problem and its remedy, without the value: it may be a secret.
    """
    *above, key = details["loc"] or ("",)
    match details["type"]:
        case "extra_forbidden":
            allowed = _keys_at(tuple(above), model)
            return (
                f"unknown key {key!r} in section {dotted(tuple(above))}; allowed keys: "
                f"{', '.join(allowed)}{did_you_mean(str(key), allowed)}"
            )
        case "missing":
            return f"key {key!r} is missing in section {dotted(tuple(above))}"
        case "enum" | "literal_error":
            allowed = _values(details)
            return f"must be one of {', '.join(allowed)}{did_you_mean(_word(details), allowed)}"
        case "string_type":
            return "must be text: put the value in quotes"
        case "value_error":
            return str(details["ctx"]["error"])
        case _:
            return details["msg"][:1].lower() + details["msg"][1:]


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
