"""
Is every key one that the service has, and does every value fit into it?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from livekit_conformance.config_doctor.findings import Finding, Severity
from livekit_conformance.config_doctor.services import Service, Table
from livekit_conformance.config_doctor.settings import Settings, entries, is_null
from livekit_conformance.config_doctor.values import FITS, Scalar
from livekit_conformance.environments.hints import did_you_mean
from livekit_conformance.environments.yaml_document import KeyPath, dotted

_GIVEN: Mapping[type[yaml.Node], str] = {
    yaml.MappingNode: "a mapping",
    yaml.SequenceNode: "a list",
    yaml.ScalarNode: "a value",
}
_WANTED: Mapping[type, str] = {dict: "a mapping", list: "a list", str: "a value"}
_PORTS = ("port", "port-range")
# Names under these keys are API keys, chosen by the operator.
_ANY_NAME = "*"


def check_structure(settings: Settings, service: Service) -> Iterator[Finding]:
    """
    Unknown keys and values of the wrong type.
    """
    yield from _section(settings.root, service.keys, (), settings.file, service)


def _section(
    node: yaml.MappingNode, table: Table, path: KeyPath, file: str, service: Service
) -> Iterator[Finding]:
    for key, value in entries(node):
        inner = (*path, key.value)
        kind = table.get(key.value, table.get(_ANY_NAME))
        if kind is None:
            yield _unknown(key, inner, table, file, service)
        elif not is_null(value):
            yield from _value(value, kind, inner, file, service)


def _value(
    node: yaml.Node, kind: Any, path: KeyPath, file: str, service: Service
) -> Iterator[Finding]:
    problem: str | None = None
    match kind, node:
        case "any", _:
            return
        case dict(), yaml.MappingNode():
            yield from _section(node, kind, path, file, service)
            return
        case [item_kind], yaml.SequenceNode():
            for index, item in enumerate(node.value):
                if not is_null(item):
                    yield from _value(item, item_kind, (*path, index), file, service)
            return
        case str(), yaml.ScalarNode():
            problem = FITS[kind](Scalar(node.value, quoted=node.style is not None))
        case _:
            problem = f"{_GIVEN[type(node)]} where {_WANTED[type(kind)]} belongs"
    if problem is not None:
        mark = node.start_mark
        yield Finding(
            Severity.ERROR,
            file,
            mark.line + 1,
            mark.column + 1,
            dotted(path),
            problem,
            # The parsers do not look whether a port exists; then the listener fails.
            service.refuses + (", or cannot listen there" if kind in _PORTS else ""),
            _remedy(kind),
        )


def _remedy(kind: Any) -> str:
    match kind:
        case dict() if _ANY_NAME in kind:
            return "Write lines of the form `name: value` below the key"
        case dict():
            return f"Write keys below it: {', '.join(kind)}"
        case list():
            return "Write a list: [..., ...]"
        case "duration":
            return "Put the unit behind the number"
        case "text":
            return "Write one value"
        case _:
            return f"Write a value of type {kind}"


def _unknown(
    key: yaml.ScalarNode, path: KeyPath, table: Table, file: str, service: Service
) -> Finding:
    name = str(key.value)
    elsewhere = list(_homes(service.keys, name, ()))
    if len(path) == 1 and name in service.instead:
        remedy = service.instead[name]
    elif elsewhere:
        remedy = f"The key belongs elsewhere: {', '.join(elsewhere)}"
    elif hint := did_you_mean(name, table):
        remedy = hint.removeprefix("; ").capitalize()
    elif table:
        remedy = f"Delete it; keys of {dotted(path[:-1])}: {', '.join(table)}"
    else:
        remedy = f"Delete it: {dotted(path[:-1])} has no keys"
    mark = key.start_mark
    return Finding(
        Severity.ERROR,
        file,
        mark.line + 1,
        mark.column + 1,
        dotted(path),
        f"{service.name} has no such key",
        service.unknown_key,
        remedy,
    )


def _homes(table: Table, name: str, path: KeyPath) -> Iterator[str]:
    """
    Where in the whole table a key of this name is at home.
    """
    for key, kind in table.items():
        if key == name:
            yield dotted((*path, key))
        if isinstance(kind, dict):
            yield from _homes(kind, name, (*path, key))
