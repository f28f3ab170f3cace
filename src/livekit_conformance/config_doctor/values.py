"""
Check values against the typed fields of the services, as Go's yaml.v3 decodes scalars.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from math import inf, isinf, isnan
from types import MappingProxyType

from livekit_conformance.wording import Phrase, phrase

HIGHEST_PORT = 65535

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60, "h": 3600}
# 63 bits of nanoseconds, 292 years.
_LONGEST_S = 2**63 / 1e9
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"[-+]?(?:{_PART.pattern})+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = {"0x": 16, "0o": 8, "0b": 2}
_NOT_FINITE = re.compile(r"\.(?:nan|NaN|NAN)|[-+]?\.(?:inf|Inf|INF)")
_MAY_BEGIN_A_NUMBER = tuple("0123456789+-.")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_OLD_OCTAL = re.compile(r"0[0-7]+")
_BOOLEANS = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})
# Not YAML 1.2, but accepted for a field of type bool, quoted or not.
_OLD_BOOLEANS = frozenset(
    {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO"}
    | {"off", "Off", "OFF"}
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """
    Value as written. A quoted value is text, not a number.
    """

    text: str
    quoted: bool = False


def seconds(text: str) -> float | None:
    """
    Return the length of a duration such as `1m30s`, in seconds; None if it is not a duration.
    """
    if not _DURATION.fullmatch(text):
        return None
    length = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if length > _LONGEST_S:
        return None
    return -length if text.startswith("-") else length


def number(text: str) -> float | int | None:
    """
    Return the number that yaml.v3 reads: `5`, `5.0`, `1_000`, `0x1F`, and `010`, which is 8.
    """
    if text[:1] not in _MAY_BEGIN_A_NUMBER:
        return None
    plain = _BETWEEN_DIGITS.sub("", text) if text[0] == "." else text.replace("_", "")
    sign, digits = (plain[0], plain[1:]) if plain[:1] in {"-", "+"} else ("", plain)
    base = 8 if _OLD_OCTAL.fullmatch(digits) else _BASES.get(digits[:2].lower())
    if base is not None:
        digits = digits if base == 8 and digits[1].isdecimal() else digits[2:]  # noqa: PLR2004
    try:
        whole = int(f"{sign}{digits}", base or 10) if digits.isalnum() else None
    except ValueError:
        whole = None
    if whole is not None and -(2**63) <= whole < 2**64:
        return whole
    # Go reads a number of more than 64 bits as a float.
    return _float_of(plain) if base is None else None


def _float_of(plain: str) -> float | None:
    if _NOT_FINITE.fullmatch(plain):
        return float(plain.replace(".", ""))
    value = float(plain) if _FLOAT.fullmatch(plain) else inf
    return None if isinf(value) else value


def integer(text: str) -> int | None:
    """
    Return the value that an integer field takes: the part before the decimal point, within 64 bits.
    """
    value = number(text)
    # Go refuses a number that is too large, and replaces one that is too small with the minimum.
    return None if value is None or isnan(value) or value == inf else int(max(value, -(2**63)))


def port_range(text: str) -> tuple[int, int] | None:
    """
    Return first and last port of `10000-20000`, or a single port twice; None if it is neither.

    Ports that do not exist raise nothing: the services do not check them either.
    """
    first, dash, last = text.partition("-")
    if not first.strip().isdecimal() or (dash and not last.strip().isdecimal()):
        return None
    return int(first), int(last) if dash else int(first)


def _text(_: Scalar) -> Phrase | None:
    return None


def _bool(value: Scalar) -> Phrase | None:
    is_boolean = value.text in _BOOLEANS
    if value.text in _OLD_BOOLEANS or (is_boolean and not value.quoted):
        return None
    return phrase("misfit.quoted-bool" if is_boolean else "misfit.bool")


def _whole(bits: int, *, signed: bool) -> Callable[[Scalar], Phrase | None]:
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - 1 if signed else bits) - 1

    def fits(value: Scalar) -> Phrase | None:
        whole = integer(value.text)
        if whole is None or value.quoted:
            return phrase("misfit.whole" if whole is None else "misfit.quoted-whole")
        if whole < low:
            return phrase("misfit.less", low=low) if low else phrase("misfit.negative")
        return phrase("misfit.more", high=high) if whole > high else None

    return fits


def _float(value: Scalar) -> Phrase | None:
    is_number = number(value.text) is not None
    if is_number and not value.quoted:
        return None
    return phrase("misfit.quoted-number" if is_number else "misfit.number")


def _port_range(value: Scalar) -> Phrase | None:
    ports = port_range(value.text)
    if ports is None:
        return phrase("misfit.port-range")
    if "-" in value.text and ports[1] <= ports[0]:
        return phrase("misfit.empty-range")
    return None


def _node_ip(value: Scalar) -> Phrase | None:
    families = []
    for part in value.text.split(",") if value.text else ():
        try:
            families.append(ip_address(part.strip(" ")).version)
        except ValueError:
            return phrase("misfit.node-ip")
    return phrase("misfit.one-family") if len(families) != len({*families}) else None


def _duration(value: Scalar) -> Phrase | None:
    if number(value.text) is not None:
        # Zero is the only duration that may lack its unit, and only as text.
        if value.quoted and value.text.lstrip("+-") == "0":
            return None
        return phrase("misfit.no-unit", text=value.text)
    if seconds(value.text) is None:
        return phrase("misfit.duration")
    return None


# For each kind in a key table: the reason why a scalar does not fit, or None.
FITS: Mapping[str, Callable[[Scalar], Phrase | None]] = MappingProxyType(
    {
        "text": _text,
        "bool": _bool,
        "int": _whole(64, signed=True),
        "int32": _whole(32, signed=True),
        **{f"uint{bits}": _whole(bits, signed=False) for bits in (8, 16, 32, 64)},
        "float": _float,
        "port-range": _port_range,
        "node-ip": _node_ip,
        "duration": _duration,
    }
)
