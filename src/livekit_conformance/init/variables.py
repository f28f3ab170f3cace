"""
Read the settings of a deployment from variables, wherever they are set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from livekit_conformance.init.fields import FIELDS, FoundValue


def of_variables(
    variables: Mapping[str, str], source: str, line: int | None = None, *, as_values: bool = False
) -> Iterator[FoundValue]:
    """
    Yield the keys of a profile that the variables of one place fill.

    The profile refers to the variables, or contains their values if the suite cannot see them.
    """
    for field in FIELDS:
        names = field.variables
        if names and all(variables.get(name) for name in names):
            value = field.template
            for name in names:
                value = value.replace(f"${{{name}}}", variables[name])
                value = value.replace(f"${{{name}:-}}", variables[name])
            written = value if as_values else field.template
            yield FoundValue(field.key, value, source, line, written)
