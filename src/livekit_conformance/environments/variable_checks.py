"""
Describe oddities in the value of a variable without revealing the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from urllib.parse import urlsplit

from livekit_conformance.environments.problem_words import WORDS
from livekit_conformance.findings import Finding, Json, Says
from livekit_conformance.judges.api_key import ODD_VALUE
from livekit_conformance.judges.settings import LOOKS_WRONG
from livekit_conformance.secrets.patterns import API_KEY
from livekit_conformance.wording import LANGUAGES, Phrase, phrase

# The nine variables of a deployment.
DEPLOYMENT_VARIABLES = (
    "LIVEKIT_URL",
    "LIVEKIT_API_KEY",
    "LIVEKIT_API_SECRET",
    "SIP_SERVER",
    "SIP_USERNAME",
    "SIP_PASSWORD",
    "SIP_NUMBER",
    "DOMAIN",
    "PORT",
)

_QUOTES = ("'", '"', "`", "\u201c", "\u201d", "\u2018", "\u2019")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PLACEHOLDER = re.compile(
    # Placeholders: <...>, ${...}, $NAME, {{...}}, APIxxxx, ***, ...
    r"<.*>|\$\{.*\}|(?-i:\$[A-Z_][A-Z0-9_]+)|\{\{.*\}\}|(?:API|SEC)?x{4,}|\*{3,}|\.{3}"
    r"|(?:change|replace)[-_ ]?(?:me|this|it)"
    r"|your[-_ ].*|.*[-_]here|todo|tbd|fixme|placeholder|example|none|null|nil|undefined",
    re.IGNORECASE,
)
# Reserved for examples by RFC 2606: no deployment can have such a name.
_EXAMPLE_HOST = re.compile(r"(?:.*\.)?(?:example\.(?:com|org|net)|example|invalid)", re.IGNORECASE)
_TELEPHONE = re.compile(r"\+?\d{7,15}")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?")
# For each scheme, the default port of its counterpart with or without TLS.
_MISFITS = MappingProxyType({"https": 80, "wss": 80, "http": 443, "ws": 443})


class Oddity(Enum):
    """
    Flaw that no value is meant to have; its words follow the name of the variable.
    """

    CONTROL = "oddity.control-characters"
    CARRIAGE_RETURN = "oddity.carriage-return"
    WHITE_SPACE = "oddity.white-space"
    QUOTES = "oddity.quotes"
    PLACEHOLDER = "oddity.placeholder"
    URL = "oddity.url"
    TELEPHONE = "oddity.telephone"
    ADDRESS = "oddity.address"
    NUMBER = "oddity.number"
    MORE_THAN_HOST = "oddity.more-than-host"
    NO_PORT = "oddity.no-port"
    LIKE_A_KEY = "oddity.like-a-key"
    UNLIKE_A_KEY = "oddity.unlike-a-key"
    SAME = "oddity.same"

    @property
    def what(self) -> Phrase:
        """
        The flaw, to put into words.
        """
        return phrase(self.value)

    def __str__(self) -> str:
        return self.what.say(WORDS, "en")


@dataclass(frozen=True, slots=True)
class SchemeMisfit:
    """
    Port of the URL at `key` of the profile that is the default of another scheme.
    """

    port: int
    scheme: str
    key: str

    @property
    def what(self) -> Phrase:
        """
        The flaw, to put into words.
        """
        return phrase("oddity.scheme", port=str(self.port), scheme=self.scheme, key=self.key)

    def __str__(self) -> str:
        return self.what.say(WORDS, "en")


def oddities(name: str, value: str) -> Iterator[Oddity]:
    """
    Yield what cannot be intended in `value`: for any variable, and for the variable `name`.
    """
    bare = value.strip()
    if any(not char.isprintable() for char in bare):
        yield Oddity.CONTROL
    if value.rstrip("\n").endswith("\r"):
        yield Oddity.CARRIAGE_RETURN
    elif value != bare:
        yield Oddity.WHITE_SPACE
    if len(bare) > 1 and bare.startswith(_QUOTES) and bare.endswith(_QUOTES):
        yield Oddity.QUOTES
        bare = bare[1:-1].strip()
    if is_placeholder(bare):
        yield Oddity.PLACEHOLDER
    elif (look := _LOOKS.get(name)) and (words := look(bare)):
        yield words


def swapped(values: Mapping[str, str]) -> Iterator[tuple[str, Oddity]]:
    """
    Yield each variable that seems to hold the value of another, with the reason.
    """
    key, secret = values.get("LIVEKIT_API_KEY", ""), values.get("LIVEKIT_API_SECRET", "")
    if API_KEY.fullmatch(secret.strip()) and not API_KEY.fullmatch(key.strip()):
        yield "LIVEKIT_API_SECRET", Oddity.LIKE_A_KEY
        yield "LIVEKIT_API_KEY", Oddity.UNLIKE_A_KEY
    elif key and key == secret:
        yield "LIVEKIT_API_SECRET", Oddity.SAME


def judge_key_pair(key: str, secret: str) -> Iterator[Finding]:
    """
    Yield what is odd about an API key and its secret; the pair may be accepted all the same.
    """
    values = {"LIVEKIT_API_KEY": key, "LIVEKIT_API_SECRET": secret}
    odd = [(name, oddity) for name, value in values.items() for oddity in oddities(name, value)]
    for name, oddity in (*odd, *swapped(values)):
        data: dict[str, Json] = {"variable": name, "oddity": oddity.value}
        yield Finding(ODD_VALUE, f"{name} {oddity}", "api-key", Says.SUSPICIOUS, data=data)


def judge_variable(name: str, origin: str, oddities: Iterable[Oddity | SchemeMisfit]) -> Finding:
    """
    Return that a variable, whose value was found at `origin`, cannot be meant so.
    """
    words = [oddity.what for oddity in oddities]
    seen = f"{name} ({origin}) {', '.join(what.say(WORDS, 'en') for what in words)}"
    said: list[Json] = [
        {language: what.say(WORDS, language) for language in LANGUAGES} for what in words
    ]
    return Finding(LOOKS_WRONG, seen, data={"variable": name, "oddities": said})


def scheme_misfit(key: str, url: str) -> SchemeMisfit | None:
    """
    Return the misfit if the port of the URL at `key` is the default of another scheme, else None.
    """
    parts = urlsplit(url)
    if _MISFITS.get(parts.scheme) != parts.port or parts.port is None:
        return None
    return SchemeMisfit(parts.port, parts.scheme, key)


def is_placeholder(value: str) -> bool:
    """
    Return whether `value` is only a placeholder, such as `<secret>`, `${SECRET}` or `changeme`.
    """
    scheme = _SCHEME.match(value)
    rest = value[scheme.end() :] if scheme else value
    host = re.split(r"[/:]", rest, maxsplit=1)[0]
    return bool(_PLACEHOLDER.fullmatch(rest) or _EXAMPLE_HOST.fullmatch(host))


def _name_or_secret(value: str) -> Oddity | None:
    return Oddity.URL if _SCHEME.match(value) else None


def _server(value: str) -> Oddity | None:
    if _TELEPHONE.fullmatch(value):
        return Oddity.TELEPHONE
    return _name_or_secret(value)


def _number(value: str) -> Oddity | None:
    if _SCHEME.match(value) or _IPV4.fullmatch(value):
        return Oddity.ADDRESS
    return None


def _domain(value: str) -> Oddity | None:
    if value.isdecimal():
        return Oddity.NUMBER
    if _SCHEME.match(value) or re.search(r"[/:@]", value):
        return Oddity.MORE_THAN_HOST
    return None


def _port(value: str) -> Oddity | None:
    return Oddity.NO_PORT if value and not value.isdecimal() else None


_LOOKS: Mapping[str, Callable[[str], Oddity | None]] = MappingProxyType(
    {
        "LIVEKIT_API_KEY": _name_or_secret,
        "LIVEKIT_API_SECRET": _name_or_secret,
        "SIP_USERNAME": _name_or_secret,
        "SIP_PASSWORD": _name_or_secret,
        "SIP_SERVER": _server,
        "SIP_NUMBER": _number,
        "DOMAIN": _domain,
        "PORT": _port,
    }
)
