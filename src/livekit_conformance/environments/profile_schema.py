"""
JSON Schema of profiles for editors: config/profile.schema.json, generated from the model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from livekit_conformance.environments.loader import LIVE_KEYS
from livekit_conformance.environments.profile import Profile

_VARIABLE: Final = {"type": "string", "pattern": r"\$\{"}


class _OfProfiles(GenerateJsonSchema):
    """
    Schema generator for profile files, in which a variable may replace any single value.
    """

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        written = super().default_schema(schema)
        # A number that is written as text is a duration, with its unit.
        if written.get("type") == "string" and isinstance(written["default"], float):
            written["default"] = f"{written['default']:g}s"
        return written

    def float_schema(self, schema: Any) -> JsonSchemaValue:
        return _or_variable(super().float_schema, schema)

    def int_schema(self, schema: Any) -> JsonSchemaValue:
        return _or_variable(super().int_schema, schema)

    def bool_schema(self, schema: Any) -> JsonSchemaValue:
        return _or_variable(super().bool_schema, schema)

    def date_schema(self, schema: Any) -> JsonSchemaValue:
        return _or_variable(super().date_schema, schema)

    def literal_schema(self, schema: Any) -> JsonSchemaValue:
        return _or_variable(super().literal_schema, schema)

    def enum_schema(self, schema: Any) -> JsonSchemaValue:
        return _or_variable(super().enum_schema, schema)


def _or_variable(of: Callable[[Any], JsonSchemaValue], schema: Any) -> JsonSchemaValue:
    return {"anyOf": [of(schema), _VARIABLE]}


def profile_schema() -> dict[str, Any]:
    """
    Return the schema: the keys a live profile requires, and every key with its values.
    """
    sections = {name: {"required": [*keys]} for name, keys in LIVE_KEYS.items()}
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **Profile.model_json_schema(schema_generator=_OfProfiles),
        "if": {"properties": {"kind": {"const": "live"}}},
        "then": {"required": [*sections], "properties": sections},
    }
