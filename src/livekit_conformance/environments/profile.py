"""
Typed profile of an environment: a closed set of keys, frozen, with secrets that never print.

Absent text is the empty string, an absent feature is None. The provisioner fills in whatever a
`mock` or `local` profile leaves out (`profile.model_copy`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    WithJsonSchema,
    model_validator,
)

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.catalogue.hosting import Hosting
from livekit_conformance.environments.problems import Unfit, hint
from livekit_conformance.environments.section import Duration, ProfileSection, in_schema
from livekit_conformance.judges.quality import QualityLimits
from livekit_conformance.protocol.sip.address import DEFAULT_PORT
from livekit_conformance.secrets.patterns import looks_like_key, looks_like_secret
from livekit_conformance.secrets.urls import url_secrets

Kind = Literal["mock", "local", "live"]

_URL = re.compile(r"https?://[^\s<>\"'();,]+")
_HOST_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+)(?::(?P<port>\d{1,5}))?")
_HIGHEST_PORT = 65535
# A character of the user part of a SIP URI; excludes those that end it or change the callee.
_USER_PART = r"""[^\s"<>@:;?,]"""
_HTTP = ("http", "https")
_LIVEKIT = (*_HTTP, "ws", "wss")
_REDIS = ("redis", "rediss")


def _host_port(value: str) -> str:
    match = _HOST_PORT.fullmatch(value)
    if value and (match is None or not 0 <= int(match["port"] or 0) <= _HIGHEST_PORT):
        raise Unfit("address.invalid")
    return value


def _with_port(value: str) -> str:
    if not value.rpartition(":")[2].isdecimal():
        raise Unfit("address.no-port")
    return value


def _url(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        problem = Unfit("url.invalid", schemes=", ".join(f"{scheme}://" for scheme in schemes))
        if not value:
            return value
        try:
            parts = urlsplit(value)
            fits = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError as error:
            raise problem from error
        # urlsplit drops line breaks and leading blanks, but the client would still send them.
        if not fits or any(map(str.isspace, value)):
            raise problem
        return value

    return AfterValidator(check)


def _url_in_schema(*schemes: str) -> WithJsonSchema:
    return in_schema(rf"(({'|'.join(schemes)})://\S+)?", "null")


def _room_pattern(value: str) -> str:
    if value.count("{call_id}") != 1:
        raise Unfit("room-pattern.no-call-id")
    return value


_CALL_IDS = ("any", "sip-call-id", "caller", "dialled")


def _call_id(value: str) -> str:
    keyword, colon, pattern = value.partition(":")
    if keyword == "regex" and colon:
        try:
            re.compile(pattern)
        except re.error as error:
            raise Unfit("call-id.no-pattern", reason=str(error)) from error
    elif value not in _CALL_IDS:
        near = hint(value, _CALL_IDS)
        raise Unfit("call-id.unknown", allowed=", ".join(_CALL_IDS), hint=near)
    return value


def _known_clause(value: str) -> str:
    if value not in BY_ID:
        raise Unfit("clause.unknown", hint=hint(value, BY_ID))
    return value


def _or_empty(value: Any) -> Any:
    return "" if value is None else value


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise Unfit("text.control-characters")
    return value


def _user_part(value: str) -> str:
    if not re.fullmatch(f"{_USER_PART}*", value):
        raise Unfit("number.invalid")
    return value


Text = Annotated[
    str, BeforeValidator(_or_empty), AfterValidator(_one_line), in_schema(".*", "null")
]
Number = Annotated[Text, AfterValidator(_user_part), in_schema(f"{_USER_PART}*", "null")]
Secret = Annotated[SecretStr, BeforeValidator(_or_empty), in_schema(".*", "null")]
Address = Annotated[Text, AfterValidator(_host_port), in_schema(f"({_HOST_PORT.pattern})?", "null")]
ListenAddress = Annotated[
    str, AfterValidator(_host_port), AfterValidator(_with_port), in_schema(r"\S+:\d{1,5}")
]
LivekitUrl = Annotated[Text, _url(*_LIVEKIT), _url_in_schema(*_LIVEKIT)]
HttpUrl = Annotated[Text, _url(*_HTTP), _url_in_schema(*_HTTP)]
RedisUrl = Annotated[str, _url(*_REDIS), _url_in_schema(*_REDIS)]
Count = Annotated[int, Field(ge=1)]


class Livekit(ProfileSection):
    """
    URL of livekit-server, and an API key and secret that it accepts.
    """

    url: LivekitUrl = ""
    api_key: Text = ""
    api_secret: Secret = SecretStr("")


class Outbound(ProfileSection):
    """
    Destination of outbound calls; the suite answers them there.

    `listen` is the address at which calls of the trunk arrive, `caller` the number that they must
    show. `username` and `password` are the trunk's account, with which the suite challenges these
    calls. Without a user name, the suite challenges only in checks of authentication.
    """

    trunk_id: str | None = None
    number: str | None = None
    listen: ListenAddress | None = None
    caller: Number = ""
    username: Text = ""
    password: Secret = SecretStr("")


class Sip(ProfileSection):
    """
    Account that places the probe call, and the address the call is sent to.

    With `provider`, that address is a provider (a SIP proxy or B2BUA) in front of livekit-sip: the
    account belongs to the provider, and the provider's own answers prove nothing about livekit-sip.
    """

    server: Address = ""
    provider: bool = False
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: Text = ""
    password: Secret = SecretStr("")
    number: Number = ""
    caller: Number = "+15550100"
    outbound: Outbound = Outbound()

    @property
    def address(self) -> tuple[str, int]:
        """
        Return the host and port of `server`; an IPv6 address is without brackets.
        """
        parts = urlsplit(f"//{self.server}")
        return parts.hostname or "", parts.port or DEFAULT_PORT


class Rooms(ProfileSection):
    """
    Naming of the room of a call.

    `call_id` defines the value of `{call_id}`: `any`, `sip-call-id`, `caller`, `dialled`, or
    `regex:PATTERN`.
    """

    name_pattern: Annotated[str, AfterValidator(_room_pattern), in_schema(r".*\{call_id\}.*")] = (
        "voice-ai-call-{call_id}"
    )
    call_id: Annotated[
        str, AfterValidator(_call_id), in_schema(rf"{'|'.join(_CALL_IDS)}|regex:.*")
    ] = "any"


class Webhook(ProfileSection):
    """
    Webhook endpoint to test, and our own receiver if the deployment delivers to it. Timeout in
    seconds.
    """

    url: HttpUrl = ""
    listen: ListenAddress | None = None
    timeout: Duration = 5.0


class LogSource(ProfileSection):
    """
    Source of the log of one service: a file or the output of a command.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["path"], "properties": {"path": {"type": "string"}}},
                {"required": ["command"], "properties": {"command": {"minItems": 1}}},
            ]
        }
    )

    service: Literal["livekit-server", "livekit-sip", "application"]
    path: Path | None = None
    command: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> LogSource:
        if (self.path is None) == (not self.command):
            raise Unfit("log.no-single-source")
        return self


class DeploymentFiles(ProfileSection):
    """
    Configuration files of the deployment that are linted together.
    """

    livekit_server_config: Path | None = None
    livekit_sip_config: Path | None = None

    def texts(self) -> dict[str, str]:
        """
        Return the texts of the files that can be read, by service.
        """
        found = {}
        for service, path in (
            ("livekit-server", self.livekit_server_config),
            ("livekit-sip", self.livekit_sip_config),
        ):
            with suppress(OSError, UnicodeDecodeError):
                if path is not None:
                    found[service] = path.read_text(encoding="utf-8")
        return found


class KnownIssue(ProfileSection):
    """
    Violation that its owner accepts until a date.
    """

    clause: Annotated[str, AfterValidator(_known_clause), WithJsonSchema({"enum": [*BY_ID]})]
    reason: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(min_length=1)]
    expires: date

    @property
    def links(self) -> tuple[str, ...]:
        """
        Return the URLs in the reason, which lead to its tickets.
        """
        return tuple(_URL.findall(self.reason))


class Quality(ProfileSection):
    """
    Limits on the quality of what the caller hears: least MOS, most loss in percent, most jitter.

    Defaults: ITU-T G.107 annex B (below R 70, MOS 3.6, many users are dissatisfied), ITU-T G.1010
    (less than 3 % of loss in conversations), and the 30 ms of jitter that carriers allow.
    """

    mos: Annotated[float, Field(ge=1, le=4.5)] = 3.6
    loss: Annotated[float, Field(ge=0, le=100)] = 3.0
    jitter: Duration = 0.03

    @property
    def limits(self) -> QualityLimits:
        """
        Return the limits as the judge takes them.
        """
        return QualityLimits(self.mos, self.loss, 1000 * self.jitter)


class Limits(ProfileSection):
    """
    Limits on what one run may use; `run` is in seconds.
    """

    requests_per_minute: Count = 60
    rooms: Count = 2
    calls: Count = 1
    run: Duration = 180.0


class Profile(ProfileSection):
    """
    Settings of one environment.
    """

    kind: Kind
    allow: frozenset[Effect]
    may_raise: frozenset[Effect] = frozenset()
    livekit: Livekit = Livekit()
    sip: Sip = Sip()
    rooms: Rooms = Rooms()
    webhook: Webhook = Webhook()
    agent: Literal["deployed", "stand-in", "none"] = "deployed"
    # Whether the deployed agent greets the caller, or waits until the caller speaks.
    agent_speaks_first: bool = True
    logs: tuple[LogSource, ...] = ()
    # May hold a password, so it stays out of the representation.
    redis: RedisUrl | None = Field(default=None, repr=False)
    deployment: DeploymentFiles = DeploymentFiles()
    known_issues: tuple[KnownIssue, ...] = ()
    limits: Limits = Limits()
    quality: Quality = Quality()
    # Where the services run; if absent, what the profile shows.
    hosting: Hosting | None = None
    # Whether reports and terminal mask phone numbers that are not fictional.
    phone_numbers: Literal["masked", "shown"] = "masked"
    # Whether only the account that runs the suite may read the reports.
    report_files: Literal["private", "shared"] = "private"

    def numbers(self) -> list[str]:
        """
        Return the phone numbers of the deployment.
        """
        outbound = self.sip.outbound
        numbers = (self.sip.number, self.sip.caller, outbound.number, outbound.caller)
        return [number for number in numbers if number]

    def secrets(self) -> list[str]:
        """
        Return the values that must not appear in any output.
        """
        return [*dict.fromkeys(secret for _, secret in self.secrets_by_key())]

    def secrets_by_key(self) -> Iterator[tuple[str, str]]:
        """
        Yield each secret with the key that holds it: as it is, and without the white space and
        quotes that may surround it.
        """
        for key, value in self._written_secrets():
            bare = value.strip()
            is_quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'"
            for form in dict.fromkeys((value, bare, bare[1:-1] if is_quoted else bare)):
                if form:
                    yield key, form

    def _written_secrets(self) -> Iterator[tuple[str, str]]:
        api_secret = self.livekit.api_secret.get_secret_value()
        yield "livekit.api_secret", api_secret
        # livekit-server quotes an unknown key in its error: the secret, if the two are swapped.
        if looks_like_secret(self.livekit.api_key) or looks_like_key(api_secret):
            yield "livekit.api_key", self.livekit.api_key
        yield "sip.password", self.sip.password.get_secret_value()
        yield "sip.outbound.password", self.sip.outbound.password.get_secret_value()
        for key, url in (
            ("livekit.url", self.livekit.url),
            ("webhook.url", self.webhook.url),
            ("redis", self.redis),
        ):
            for secret in url_secrets(url or ""):
                yield key, secret

    def may(self, effect: Effect) -> bool:
        """
        Return whether a check with this effect may run.
        """
        return effect in self.allow
