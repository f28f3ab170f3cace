"""
Validate a mapping against a model; each problem names its place and its remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from livekit_conformance.environments.problems import Problem, Unfit, hint
from livekit_conformance.environments.spelling import close_match
from livekit_conformance.environments.yaml_document import KeyPath, is_name, shown
from livekit_conformance.wording import Phrase, phrase

M = TypeVar("M", bound=BaseModel)

# For each type of error of pydantic, the code of its words; others are quoted.
_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "float_type": "value.no-number",
        "float_parsing": "value.no-number",
        "int_type": "value.no-whole-number",
        "int_parsing": "value.no-whole-number",
        "int_from_float": "value.no-whole-number",
        "bool_type": "value.no-truth",
        "bool_parsing": "value.no-truth",
        "list_type": "value.no-list",
        "tuple_type": "value.no-list",
        "frozen_set_type": "value.no-list",
        "model_type": "value.no-section",
        "date_type": "value.no-date",
        "date_parsing": "value.no-date",
        "date_from_datetime_parsing": "value.no-date",
        "string_too_short": "value.empty",
    }
)


def validated(
    model: type[M],
    data: Mapping[str, Any],
    lines: Mapping[KeyPath, int],
    unknown: frozenset[KeyPath] | set[KeyPath] = frozenset(),
    columns: Mapping[KeyPath, int] = MappingProxyType({}),
) -> tuple[M | None, list[Problem]]:
    """
    Return the model made of `data`, or None, and the problems with the lines of their keys.

    Problems at places in `unknown`, whose values could not be determined, are left out. A problem
    names its column if `columns` has it, for files with many keys on one line.
    """
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [
            replace(_explain(details, model), line=line, column=column)
            for details in error.errors(include_url=False)
            if not _concerns(details["loc"], unknown)
            for line, column in [_place(lines, columns, details["loc"])]
        ]


def _concerns(location: KeyPath, unknown: frozenset[KeyPath] | set[KeyPath]) -> bool:
    return any(location[: len(place)] == place for place in unknown)


def _place(
    lines: Mapping[KeyPath, int], columns: Mapping[KeyPath, int], location: KeyPath
) -> tuple[int, int]:
    """
    Return line and column of the innermost part of `location` that the file has; zeros without one.
    """
    for length in range(len(location), 0, -1):
        inner = tuple(location[:length])
        if (line := lines.get(inner)) is not None:
            return line, columns.get(inner, 0)
    return 0, 0


def _explain(details: ErrorDetails, model: type[BaseModel]) -> Problem:
    """
    Return the key, the problem and its remedy, without the value: it may be a secret.
    """
    location = tuple(details["loc"])
    *above, key = location or ("",)
    match details["type"]:
        case "extra_forbidden":
            return _unknown_key(details, model)
        case "missing":
            what = phrase("key.missing", name=str(key), section=_section(tuple(above)))
        case "enum" | "literal_error":
            allowed = _values(details)
            near = hint(_word(details), allowed)
            what = phrase("value.not-one-of", allowed=", ".join(allowed), hint=near)
        case "greater_than_equal":
            what = phrase("value.too-small", least=f"{details['ctx']['ge']:g}")
        case "less_than_equal":
            what = phrase("value.too-large", most=f"{details['ctx']['le']:g}")
        case "string_type":
            what = phrase("value.no-text")
        case "value_error":
            error: Unfit = details["ctx"]["error"]
            what = error.what
        case refusal:
            reason = details["msg"][:1].lower() + details["msg"][1:]
            what = (
                phrase(_REFUSALS[refusal])
                if refusal in _REFUSALS
                else phrase("value.refused", reason=reason)
            )
    return Problem(what, shown(location))


def _section(path: KeyPath) -> Phrase:
    return phrase("section.named", name=shown(path)) if shown(path) else phrase("section.top")


def _unknown_key(details: ErrorDetails, model: type[BaseModel]) -> Problem:
    section, key = tuple(details["loc"][:-1]), str(details["loc"][-1])
    allowed = _keys_at(section, model)
    rest = {
        "section": _section(section),
        "allowed": ", ".join(allowed),
        "hint": hint(key, allowed),
    }
    # Where a colon or a blank is missing, a secret stands in the place of the key.
    if is_name(key) and (close_match(key, allowed) or details["input"] is not None):
        return Problem(phrase("key.unknown", name=key, **rest), shown((*section, key)))
    return Problem(phrase("key.unknown-unnamed", **rest), shown(section))


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
