"""
Wrong values of each type: the only table of values that the generator has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from tests.blind.fault import ABSENT

# Nobody listens there, and packets to it do not leave this machine. What is bound to all addresses
# is reached at each of loopback, so as an address to advertise it must be another one.
NOWHERE = "127.0.0.99"
NOBODY = "255.255.255.255"
OTHER_NUMBER = "+15550199"
_OTHER_WORD = "somebody-else"
_TAKEN = 6379
_FREE_FROM, _FREE = 20000, 900

Named = Iterator[tuple[str, Any]]

_INTEGERS: Mapping[str, Any] = {"zero": 0, "one": 1, "minus-one": -1, "huge": 100_000, "word": "x"}
_BY_KIND: Mapping[str, Mapping[str, Any]] = {
    "bool": {"on": True, "off": False, "word": "sometimes"},
    "float": {"zero": 0.0, "tiny": 0.001, "minus-one": -1.0, "huge": 100.0, "word": "x"},
    "duration": {
        "zero": "0s",
        "short": "1ms",
        "second": "1s",
        "minus-one": "-1s",
        "long": "24h",
        "no-unit": "10x",
    },
    "port-range": {"reversed": "20001-20000", "narrow": "20000-20001", "word": "x"},
    "node-ip": {"nowhere": NOWHERE, "nobody": NOBODY, "word": "not-an-address"},
    "any": {"word": _OTHER_WORD},
}


def wrong_values(kind: Any, path: str, old: Any) -> Named:
    """
    Yield wrong values of a kind, as the key tables write kinds, each with a word for it.
    """
    leaf = path.rpartition(".")[2]
    if old is not ABSENT:
        yield "absent", ABSENT
    match kind:
        case dict() if not kind:
            yield "word", _OTHER_WORD
        case dict():  # {"*": kind}: names of the operator's choice
            yield from _mappings(kind["*"], path, old)
        case list():
            yield from _lists(kind[0], path, old)
        case "text":
            yield from wrong_texts(leaf, old)
        case str() if kind.startswith(("int", "uint")):
            yield from _ports(path) if leaf.endswith("port") else _other(_INTEGERS, old)
        case _:
            yield from _other(_BY_KIND[kind], old)


def wrong_texts(leaf: str, old: Any) -> Named:
    """
    Yield texts that are nearly the old one, and others that fit the name of the field.
    """
    if isinstance(old, str) and old:
        yield "empty", ""
        yield "longer", f"{old}1"
        yield "padded", f" {old}"
        if not old.endswith("}"):
            yield "shorter", old[:-1]
    yield "another", other_text(leaf, old)


def other_text(leaf: str, old: Any) -> str:
    """
    Return a text that has the right form and is another one.
    """
    known = old if isinstance(old, str) else ""
    if "url" in leaf or "://" in known:
        scheme = known.partition("://")[0] if "://" in known else "ws"
        return f"{scheme}://{{address}}:7890"
    if "number" in leaf or known.startswith("+"):
        return OTHER_NUMBER
    if leaf.endswith("1_ip"):
        return NOBODY
    if leaf.endswith(("ip", "net")) or leaf.startswith("bind"):
        return NOWHERE
    if leaf.endswith(("address", "addresses", "host", "servers")):
        return f"{NOWHERE}:6390"
    return _OTHER_WORD


def wrong_numbers(old: int) -> Named:
    """
    Yield other numbers for a field without a sign.
    """
    yield from ((how, new) for how, new in (("one", 1), ("huge", 100_000)) if new != old)


def wrong_seconds() -> Named:
    """
    Yield durations in seconds.
    """
    yield from {"short": 0.001, "second": 1.0, "long": 86_400.0}.items()


def _lists(kind: Any, path: str, old: Any) -> Named:
    if isinstance(old, list):
        yield "none", []
        for how, text in wrong_texts(path, old[0]):
            yield how, [text]
        return
    yield "another", [_any_of(kind, path.rpartition(".")[2])]


def _mappings(kind: Any, path: str, old: Any) -> Named:
    if isinstance(old, dict):
        ((name, value),) = old.items()
        yield "empty", {}
        for how, text in wrong_texts(path, value):
            yield f"{how}-value", {name: text}
        yield "another-name", {f"{name}1": value}
        return
    yield "another", {_OTHER_WORD: _any_of(kind, _OTHER_WORD)}


def _any_of(kind: Any, name: str) -> Any:
    """
    Return the last wrong value of a kind; of a section, one with all its keys.
    """
    if isinstance(kind, dict) and "*" not in kind:
        return {key: _any_of(each, key) for key, each in kind.items()}
    *_, (_, value) = wrong_values(kind, name, ABSENT)
    return value


def _ports(path: str) -> Named:
    yield "taken", _TAKEN
    yield "other", _FREE_FROM + crc32(path.encode()) % _FREE
    yield "too-high", 65_536
    yield "zero", 0


def _other(values: Mapping[str, Any], old: Any) -> Named:
    yield from (
        (how, new) for how, new in values.items() if new != old or type(new) is not type(old)
    )


def misspelt(name: str) -> str:
    """
    Return the name with its last two different neighbours swapped.
    """
    for at in range(len(name) - 2, -1, -1):
        if name[at] != name[at + 1]:
            return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return f"{name}{name[-1]}"
