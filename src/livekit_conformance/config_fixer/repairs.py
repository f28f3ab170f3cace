"""
Mechanical remedies for findings of the doctor.

The remedies are data as far as possible. Each is only a candidate: `fixing` applies it if the
doctor then finds less and nothing new. Ambiguous values have no remedy: a number above 999 without
a unit may be milliseconds, and a name between two keys may mean either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

import yaml

from livekit_conformance.config_doctor import ConfigFinding
from livekit_conformance.config_doctor.services import BOTH, SERVER, SIP, ConfiguredService
from livekit_conformance.config_fixer import edits
from livekit_conformance.config_fixer.edits import CannotEdit, Edit
from livekit_conformance.config_fixer.source import Place, YamlSource
from livekit_conformance.config_fixer.wishes import HEALTH_PORT, wish_of
from livekit_conformance.environments.yaml_document import KeyPath, dotted


@dataclass(frozen=True, slots=True)
class Repair:
    """
    Change: its description and its splices.
    """

    does: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """
    Place of a finding, and whether keys that are ignored without harm may be deleted.
    """

    source: YamlSource
    service: ConfiguredService
    place: Place
    removes: bool

    @property
    def path(self) -> str:
        return dotted(self.place.path)

    @property
    def is_at_top(self) -> bool:
        return len(self.place.path) == 1

    @property
    def kind(self) -> Any:
        """
        The kind of value that the service accepts here; None if it has no such key.
        """
        return _kind_at(self.service, self.place.path)

    @property
    def raw(self) -> str:
        return self.source.raw(self.place.value)

    def scalar(self, kinds: re.Pattern[str]) -> str:
        """
        Return the text of a scalar if its key expects one of these kinds, else the empty string.
        """
        value = self.place.value
        is_one = isinstance(value, yaml.ScalarNode) and isinstance(self.kind, str)
        return str(value.value) if is_one and kinds.fullmatch(self.kind) else ""


# Names that people use for existing keys, with the real paths of these keys.
NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        SIP.name: {
            "log_level": ("logging", "level"),
            "port": ("sip_port",),
            "bind_address": ("listen_ip",),
            "bind_addresses": ("listen_ip",),
            "health_check_port": ("health_port",),
            "livekit_url": ("ws_url",),
            "rtp_port_range": ("rtp_port",),
        },
        SERVER.name: {
            "bind_address": ("bind_addresses",),
            "debug_handler_port": ("debug_handler", "port"),
            "webhooks": ("webhook",),
        },
    }
)
# Sections whose keys are often misplaced. Keys of others (psrpc.timeout) have too common names.
_SECTIONS = frozenset({"experimental", "logging", "room", "rtc", "tcp", "tls"})
# The key that is meant if a section is given as a single value.
_ONE_VALUE: Mapping[str, str] = MappingProxyType(
    {"debug_handler": "port", "logging": "level", "prometheus": "port", "redis": "address"}
)
# Durations that are whole numbers, with the unit of each in milliseconds.
_COUNTED_MS: Mapping[str, int] = MappingProxyType(
    {
        "room.empty_timeout": 1000,
        "room.departure_timeout": 1000,
        "turn.ttl_seconds": 1000,
        "redis.dial_timeout": 1,
        "redis.read_timeout": 1,
        "redis.write_timeout": 1,
    }
)
# Spellings of units that Go accepts only as `ms`, `s`, `m` and `h`.
_UNITS = (
    (re.compile(r"ms|msecs?|millis|milliseconds?", re.IGNORECASE), "ms", 1),
    (re.compile(r"s|secs?|seconds?", re.IGNORECASE), "s", 1000),
    (re.compile(r"m|mins?|minutes?", re.IGNORECASE), "m", 60_000),
    (re.compile(r"h|hrs?|hours?", re.IGNORECASE), "h", 3_600_000),
)
_LENGTH = re.compile(r"(\d{1,9})[ \t]*([A-Za-z]*)")
# A bare number above this may well mean milliseconds.
_SURELY_SECONDS = 999
_RANGE = re.compile(r"(\d{1,5})\s*(?::|\.\.\.?|,|/|–|—|to)\s*(\d{1,5})")
_WHOLE = re.compile(r"port|u?int\d*")
_TYPED = re.compile(rf"bool|float|port-range|{_WHOLE.pattern}")
_DURATION = re.compile("duration")
_RANGE_OF_PORTS = re.compile("port-range")
_TEXT = re.compile("text")
_QUOTES = ("'", '"')
_REDIS_PORT = 6379
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]")
_PLAIN_ITEM = re.compile(r"[A-Za-z0-9][^\s,\[\]{}#'\"]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]+")
_NEAR = 0.8
# In a shorter name, one letter is too large a part.
_SHORTEST = 4
_ON = frozenset({"true", "yes", "on"})


def candidates(
    source: YamlSource, service: ConfiguredService, finding: ConfigFinding, *, removes: bool
) -> Iterator[Repair]:
    """
    Yield possible remedies for a finding, the most likely first.

    `removes` permits deleting keys that livekit-sip ignores.
    """
    place = source.found(finding.key, finding.line, finding.column)
    if place is None:
        yield from _only_key(source, service, finding)
        return
    case = _Case(source, service, place, removes)
    for remedy in _REMEDIES:
        try:
            yield from remedy(case)
        except CannotEdit:
            continue


def _second_of_two_alike(case: _Case) -> Iterator[Repair]:
    for other in case.source.siblings(case.place):
        if other is case.place:
            return
        if other.path == case.place.path and case.source.raw(other.value) == case.raw:
            yield _without(case, "is deleted, because it repeats an earlier line")


def _known_by_another_name(case: _Case) -> Iterator[Repair]:
    if case.kind is None and case.is_at_top:
        home = NAMES[case.service.name].get(case.place.name)
        if home is not None:
            yield _to(case, home)


def _strayed(case: _Case) -> Iterator[Repair]:
    name = case.place.name
    if case.kind is not None or not case.is_at_top or "_" not in name or wish_of(case.place.path):
        return
    homes = [
        (section, name)
        for section, keys in case.service.keys.items()
        if section in _SECTIONS and isinstance(keys, dict) and name in keys
    ]
    if len(homes) == 1:
        yield _to(case, homes[0])


def _misspelt(case: _Case) -> Iterator[Repair]:
    *section, _ = case.place.path
    table = _kind_at(case.service, tuple(section))
    if case.kind is not None or not isinstance(table, dict) or wish_of(case.place.path):
        return
    name = case.place.name
    # A key of the other service is in the wrong file, not misspelt.
    if case.is_at_top and any(name in service.keys for service in BOTH):
        return
    same = [key for key in table if _plain(key) == _plain(name)]
    slips = [key for key in table if _is_one_slip(name, key)]
    near = same or slips or get_close_matches(name, list(table), n=2, cutoff=_NEAR)
    if len(near) == 1:
        yield _to(case, (*section, near[0]))


def _health_check(case: _Case) -> Iterator[Repair]:
    wish = wish_of(case.place.path)
    value = case.place.value
    if case.service is not SIP or wish is None or wish.name != "health-check":
        return
    if not isinstance(value, yaml.ScalarNode):
        return
    _require_free(case, ("health_port",))
    splices = edits.renamed(case.source, case.place, "health_port")
    if value.value.lower() in _ON:
        splices += edits.replaced(case.source, case.place, str(HEALTH_PORT))
    elif not value.value.isdecimal():
        return
    yield Repair(f"{case.path} becomes health_port, the existing key", tuple(splices))


def _meaningless(case: _Case) -> Iterator[Repair]:
    """
    Yield the deletion of a key for a wish that nothing can fulfil. livekit-sip ignores such a key,
    so there it is deleted only on request.
    """
    is_harmless = case.service is SIP
    if case.kind is None and wish_of(case.place.path) and (case.removes or not is_harmless):
        yield _without(case, "is deleted, because it sets nothing")


def _unit(case: _Case) -> Iterator[Repair]:
    value = case.scalar(_DURATION)
    match = _LENGTH.fullmatch(value)
    if match is None:
        return
    number, written = match.groups()
    unit = next((unit for pattern, unit, _ in _UNITS if pattern.fullmatch(written)), None)
    if not written and int(number) <= _SURELY_SECONDS:
        unit = "s"
    if unit is not None:
        yield _with(case, f"{number}{unit}")


def _counted(case: _Case) -> Iterator[Repair]:
    match = _LENGTH.fullmatch(case.scalar(_WHOLE))
    one = _COUNTED_MS.get(case.path)
    if match is None or one is None:
        return
    number, written = match.groups()
    for pattern, _, length in _UNITS:
        if pattern.fullmatch(written) and int(number) * length % one == 0:
            yield _with(case, str(int(number) * length // one), quoted=False)


def _unquoted(case: _Case) -> Iterator[Repair]:
    value = case.scalar(_TYPED).strip()
    if value and case.raw[0] in _QUOTES:
        yield _with(case, value, quoted=False)


def _range(case: _Case) -> Iterator[Repair]:
    match = _RANGE.fullmatch(case.scalar(_RANGE_OF_PORTS))
    if match is not None:
        yield _with(case, f"{match[1]}-{match[2]}")


def _made_a_list(case: _Case) -> Iterator[Repair]:
    if isinstance(case.kind, list) and _is_item(case.place.value, case.raw):
        splices = edits.wrapped(case.source, case.place, "[", "]")
        yield Repair(f"{case.path}: the value becomes a list of one", tuple(splices))


def _made_a_value(case: _Case) -> Iterator[Repair]:
    """
    Yield the replacement of a list of one by its item, if a single value is expected.
    """
    value = case.place.value
    if case.kind != "text" or not isinstance(value, yaml.SequenceNode) or len(value.value) != 1:
        return
    if value.flow_style and isinstance(value.value[0], yaml.ScalarNode):
        raw = case.source.raw(value.value[0])
        splices = edits.replaced(case.source, case.place, raw)
        yield Repair(f"{case.path}: the list of one becomes a value", tuple(splices))


def _made_a_section(case: _Case) -> Iterator[Repair]:
    inner = _ONE_VALUE.get(case.path)
    if inner and isinstance(case.kind, dict) and _is_item(case.place.value, case.raw):
        splices = edits.wrapped(case.source, case.place, f"{{{inner}: ", "}")
        yield Repair(f"the value of {case.path} becomes {case.path}.{inner}", tuple(splices))


def _redis_address(case: _Case) -> Iterator[Repair]:
    if case.path != "redis.address":
        return
    value = case.scalar(_TEXT)
    address = value.removeprefix("redis://").removesuffix("/")
    if _HOST.fullmatch(address):
        address = f"{address}:{_REDIS_PORT}"
    host, _, port = address.rpartition(":")
    if address != value and _HOST.fullmatch(host) and port.isdecimal():
        yield _with(case, address)


_REMEDIES: tuple[Callable[[_Case], Iterator[Repair]], ...] = (
    _second_of_two_alike,
    _known_by_another_name,
    _health_check,
    _strayed,
    _misspelt,
    _meaningless,
    _unit,
    _counted,
    _unquoted,
    _range,
    _made_a_list,
    _made_a_value,
    _made_a_section,
    _redis_address,
)


def _only_key(
    source: YamlSource, service: ConfiguredService, finding: ConfigFinding
) -> Iterator[Repair]:
    """
    Yield the missing key that signs webhooks, if there is only one candidate.
    """
    if service is not SERVER or finding.key != "webhook.api_key":
        return
    webhook, keys = source.at(("webhook",)), source.at(("keys",))
    if webhook is None or keys is None or not isinstance(webhook.value, yaml.MappingNode):
        return
    names = [place.name for place in source.children(keys.value)]
    if len(names) == len(keys.value.value) == 1 and _NAME.fullmatch(names[0]):
        splices = edits.inserted(source, webhook.value, f"api_key: {names[0]}")
        yield Repair("webhook.api_key becomes the only key of `keys`", tuple(splices))


def _to(case: _Case, home: KeyPath) -> Repair:
    """
    Return the repair that moves a key with its value to `home`.
    """
    _require_free(case, home)
    if len(home) == len(case.place.path):
        splices = edits.renamed(case.source, case.place, str(home[-1]))
    else:
        section, name = home
        splices = edits.moved(case.source, case.place, str(section), str(name))
    return Repair(f"{case.path} becomes {dotted(home)}, the existing key", tuple(splices))


def _with(case: _Case, text: str, *, quoted: bool = True) -> Repair:
    """
    Return the repair that gives a scalar another text, with its quotes unless `quoted` is false.
    """
    quote = case.raw[0] if quoted and case.raw[:1] in _QUOTES else ""
    splices = edits.replaced(case.source, case.place, f"{quote}{text}{quote}")
    return Repair(f"{case.path}: {case.raw} becomes {quote}{text}{quote}", tuple(splices))


def _without(case: _Case, why: str) -> Repair:
    return Repair(f"{case.path} {why}", tuple(edits.deleted(case.source, case.place)))


def _require_free(case: _Case, home: KeyPath) -> None:
    """
    Raise CannotEdit if `home` is taken. If an alias takes it, the doctor reports it afterwards.
    """
    if case.source.at(home) is not None:
        raise CannotEdit(f"{dotted(home)} already exists")


def _kind_at(service: ConfiguredService, path: KeyPath) -> Any:
    """
    Return the kind of the value at a path of a service's key table; None if there is no such key.
    """
    kind: Any = service.keys
    for part in path:
        match kind, part:
            case dict(), str():
                kind = kind.get(part, kind.get("*"))
            case [inner], int():
                kind = inner
            case _:
                return None
    return kind


def _is_item(value: yaml.Node, raw: str) -> bool:
    """
    Return whether a value is a scalar that can stand in brackets as it is written.
    """
    is_scalar = isinstance(value, yaml.ScalarNode)
    return is_scalar and bool(_PLAIN_ITEM.fullmatch(raw) or (raw and raw[0] in _QUOTES))


def _is_one_slip(written: str, meant: str) -> bool:
    """
    Return whether one letter is missing, wrong or extra, or two neighbouring letters are swapped.
    """
    if min(len(written), len(meant)) < _SHORTEST:
        return False
    while written and meant and written[0] == meant[0]:
        written, meant = written[1:], meant[1:]
    while written and meant and written[-1] == meant[-1]:
        written, meant = written[:-1], meant[:-1]
    return max(len(written), len(meant)) == 1 or (
        len(written) == len(meant) == 2 and written == meant[::-1]  # noqa: PLR2004 - a pair
    )


def _plain(name: str) -> str:
    return re.sub(r"[_.-]", "", name).lower()
