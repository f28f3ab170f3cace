"""
Check that the service has every key and that every value fits its key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.services import BOTH, ConfiguredService, Table
from livekit_conformance.config_doctor.settings import Settings, entries, is_merge, is_null
from livekit_conformance.config_doctor.values import FITS, Scalar
from livekit_conformance.config_doctor.words import PARTS
from livekit_conformance.environments.spelling import close_match
from livekit_conformance.environments.yaml_document import KeyPath, dotted
from livekit_conformance.secrets.patterns import masked
from livekit_conformance.wording import Phrase, phrase

_GIVEN: Mapping[type[yaml.Node], str] = {
    yaml.MappingNode: "form.mapping",
    yaml.SequenceNode: "form.list",
    yaml.ScalarNode: "form.value",
}
_WANTED: Mapping[type, str] = {dict: "form.mapping", list: "form.list", str: "form.value"}
# Stands for any name, as in `keys`, whose names are API keys chosen by the operator.
_ANY_NAME = "*"
# These kinds have their own decoder, which reads only the text; a mapping or list has none.
_LOOK_AT_TEXT = ("port-range", "node-ip")
# Matches every key of the tables and their misspellings (`apiSecret`, `log-level`, `RTP-Port`), but
# hardly a secret in the place of a key.
_LIKE_A_KEY = re.compile(
    r"(?:[A-Z]{2,5}|[A-Z]?[a-z]{2,14})"
    r"(?:[_.-]?[A-Z][a-z]{1,14}|[_.-](?:[A-Z]{2,5}|[a-z]{1,14}|\d{1,3}(?=[_-])))*"
    r"(?:[_.-]?\d{1,3})?"
)


def check_structure(settings: Settings, service: ConfiguredService) -> Iterator[ConfigFinding]:
    """
    Yield findings for unknown keys, repeated keys, and values of the wrong type.
    """
    yield from _section(settings.root, service.keys, (), settings.file, service)


def _section(
    node: yaml.MappingNode, table: Table, path: KeyPath, file: str, service: ConfiguredService
) -> Iterator[ConfigFinding]:
    yield from _keys(node, path, file, service)
    for key, value in entries(node):
        if is_null(key):
            continue  # As Go does: it is not text.
        inner = (*path, _name(key, path))
        kind = table.get(key.value, table.get(_ANY_NAME))
        if kind is None:
            yield _unknown(key, inner, table, file, service)
        elif not is_null(value):
            yield from _value(value, kind, inner, file, service)


def _keys(
    node: yaml.MappingNode, path: KeyPath, file: str, service: ConfiguredService
) -> Iterator[ConfigFinding]:
    """
    Yield findings about the keys of one mapping, regardless of their meaning.
    """
    first: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        what: Phrase | None = None
        before: int | None = None
        if not isinstance(key, yaml.ScalarNode):
            what = phrase("key.not-text", service=service.name)
        elif key.value in first:
            before = first[key.value]
            what = phrase("key.twice", service=service.name, first=str(before))
        elif is_merge(key) and not _can_be_merged(value, node):
            what = phrase("key.bad-merge", service=service.name)
        if isinstance(key, yaml.ScalarNode):
            first.setdefault(key.value, line)
        if what is not None:
            name = _name(key, path) if isinstance(key, yaml.ScalarNode) else "?"
            column = key.start_mark.column + 1
            place = dotted((*path, name))
            yield ConfigFinding(Severity.ERROR, file, line, column, place, what, before)


def _name(key: yaml.ScalarNode, path: KeyPath) -> str:
    """
    Return a key as a finding may show it.
    """
    name = str(key.value)
    return name if path != ("keys",) and _LIKE_A_KEY.fullmatch(name) else masked(name)


def _can_be_merged(value: yaml.Node, node: yaml.MappingNode) -> bool:
    sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
    return all(isinstance(source, yaml.MappingNode) and source is not node for source in sources)


def _value(
    node: yaml.Node, kind: Any, path: KeyPath, file: str, service: ConfiguredService
) -> Iterator[ConfigFinding]:
    code = "value.misfit"
    problem: Phrase | None = None
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
            given, wanted = phrase(_GIVEN[type(node)]), phrase(_WANTED[type(kind)])
            problem = phrase("misfit.form", given=given, wanted=wanted)
            if kind in _LOOK_AT_TEXT:
                code = "value.ignored"
    if problem is not None:
        what = phrase(code, service=service.name, problem=problem, advice=_advice(kind))
        mark = node.start_mark
        place = dotted(path)
        yield ConfigFinding(Severity.ERROR, file, mark.line + 1, mark.column + 1, place, what)


def _advice(kind: Any) -> Phrase:
    match kind:
        case dict() if _ANY_NAME in kind:
            return phrase("advice.pairs")
        case dict():
            return phrase("advice.keys-below", keys=", ".join(kind))
        case list():
            return phrase("advice.list")
        case _:
            # Kinds without advice of their own are whole numbers.
            own = f"advice.{kind}"
            return phrase(own if own in PARTS else "advice.whole")


def _unknown(
    key: yaml.ScalarNode, path: KeyPath, table: Table, file: str, service: ConfiguredService
) -> ConfigFinding:
    name = str(key.value)
    other = next(other for other in BOTH if other is not service)
    elsewhere = list(_homes(service.keys, name, ()))
    section = dotted(path[:-1])
    if len(path) == 1 and name in service.instead:
        advice = service.instead[name]
    elif elsewhere:
        advice = phrase("advice.elsewhere", places=", ".join(elsewhere))
    elif len(path) == 1 and (others := list(_homes(other.keys, name, ()))):
        places = " / ".join(others)
        advice = phrase("advice.other-file", other=other.name, file=other.file, places=places)
    elif close := close_match(name, table):
        advice = phrase("advice.spelling", close=close)
    elif table:
        advice = phrase("advice.delete", section=section, keys=", ".join(table))
    else:
        advice = phrase("advice.no-keys", section=section)
    reaction = phrase(service.unknown_key, service=service.name)
    what = phrase("key.unknown", service=service.name, reaction=reaction, advice=advice)
    mark = key.start_mark
    place = dotted(path)
    return ConfigFinding(Severity.ERROR, file, mark.line + 1, mark.column + 1, place, what)


def _homes(table: Table, name: str, path: KeyPath) -> Iterator[str]:
    """
    Yield all places in the table where a key of this name exists.
    """
    for key, kind in table.items():
        if key == name:
            yield dotted((*path, key))
        if isinstance(kind, dict):
            yield from _homes(kind, name, (*path, key))
