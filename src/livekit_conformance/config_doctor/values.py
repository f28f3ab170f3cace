"""
What fits into a typed field of the services: how yaml.v3 of Go decodes a scalar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

HIGHEST_PORT = 65535

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60, "h": 3600}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"[-+]?(?:{_PART.pattern})+")
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][0-9_]*|0)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BOOLEANS = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})
# Not of YAML 1.2, but read into a field of type bool, quoted or not.
_OLD_BOOLEANS = frozenset(
    {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO"}
    | {"off", "Off", "OFF"}
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """
    One value as it was written. In quotes it is text, and no number.
    """

    text: str
    quoted: bool = False


def seconds(text: str) -> float | None:
    """
    The length of a duration such as `1m30s`; None when it is none.
    """
    if not _DURATION.fullmatch(text):
        return None
    length = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return -length if text.startswith("-") else length


def port_range(text: str) -> tuple[int, int] | None:
    """
    First and last port of `10000-20000`, or the same port twice; None when it is neither.

    Raises nothing for ports that do not exist: the services do not look either.
    """
    first, dash, last = text.partition("-")
    if not first.strip().isdecimal() or (dash and not last.strip().isdecimal()):
        return None
    return int(first), int(last) if dash else int(first)


def _text(_: Scalar) -> str | None:
    return None


def _bool(value: Scalar) -> str | None:
    is_boolean = value.text in _BOOLEANS
    if value.text in _OLD_BOOLEANS or (is_boolean and not value.quoted):
        return None
    return "not true or false" + (" (without quotes)" if is_boolean else "")


def _integer(value: Scalar) -> str | None:
    if value.quoted or not (_INTEGER.fullmatch(value.text) or _is_whole(value.text)):
        return "not a whole number" + (" (without quotes)" if value.text.isdecimal() else "")
    return None


def _natural(value: Scalar) -> str | None:
    return _integer(value) or ("less than zero" if value.text.startswith("-") else None)


def _float(value: Scalar) -> str | None:
    if value.quoted or not (_FLOAT.fullmatch(value.text) or _INTEGER.fullmatch(value.text)):
        return "not a number"
    return None


def _port(value: Scalar) -> str | None:
    if (problem := _natural(value)) is not None:
        return problem
    port = float(value.text) if _is_whole(value.text) else int(value.text, 0)
    return f"not a port: above {HIGHEST_PORT}" if port > HIGHEST_PORT else None


def _port_range(value: Scalar) -> str | None:
    ports = port_range(value.text)
    if ports is None:
        return 'not a range of ports: write for example "10000-20000"'
    if "-" in value.text and ports[1] <= ports[0]:
        return "the last port of the range is not above the first"
    if ports[1] > HIGHEST_PORT:
        return f"not ports: above {HIGHEST_PORT}"
    return None


def _duration(value: Scalar) -> str | None:
    if _FLOAT.fullmatch(value.text):
        return f"a duration without its unit: write {value.text}s for seconds"
    if seconds(value.text) is None:
        return "not a duration: write a number and its unit, as 500ms, 30s or 1m30s"
    return None


def _is_whole(text: str) -> bool:
    return bool(_FLOAT.fullmatch(text)) and float(text).is_integer()


# For each kind of a key table: why a scalar does not fit, or None.
FITS: Mapping[str, Callable[[Scalar], str | None]] = MappingProxyType(
    {
        "text": _text,
        "bool": _bool,
        "int": _integer,
        "uint": _natural,
        "float": _float,
        "port": _port,
        "port-range": _port_range,
        "duration": _duration,
    }
)
