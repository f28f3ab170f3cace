"""
Name the settings of a configuration file whose values its service quotes in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml

from livekit_conformance.config_doctor.services import SERVER, SIP
from livekit_conformance.config_doctor.settings import entries, parse

_WORD = re.compile(r"[^\s\"'`=,;()\[\]]+")
# A shorter value, such as `0` or `no`, is in many sentences by chance.
_SHORTEST = 3


def settings_quoted_in(sentence: str, service: str, texts: Mapping[str, str]) -> str:
    """
    Return the keys of the service's file whose value is a word of `sentence`, or a port in it.

    Each comes with its line; the values may be secrets and are not returned. `texts` are those of
    the files by service. Empty if there is no such file or key.
    """
    known = next((known for known in (SERVER, SIP) if known.name == service), None)
    if known is None or service not in texts:
        return ""
    words = {word.rstrip(":") for word in _WORD.findall(sentence)}
    words |= {word.rpartition(":")[2] for word in words}
    settings, _ = parse(texts[service], known.file, known)
    quoted = [
        f"{key} (line {value.start_mark.line + 1})"
        for key, value in _scalars(settings.root)
        if len(value.value) >= _SHORTEST and value.value in words
    ]
    return f"{known.file} has this at {', '.join(quoted)}" if quoted else ""


def _scalars(node: yaml.Node, *path: str) -> Iterator[tuple[str, yaml.ScalarNode]]:
    match node:
        case yaml.ScalarNode():
            # Where key and secret are swapped, the name below `keys` is the secret.
            yield ".".join(path[:1] if path[:1] == ("keys",) else path), node
        case yaml.SequenceNode():
            for item in node.value:
                yield from _scalars(item, *path)
        case yaml.MappingNode():
            for key, value in entries(node):
                yield from _scalars(value, *path, key.value)
