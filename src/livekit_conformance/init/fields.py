"""
Parts of a new profile: its keys, the variables that may hold them, and found values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.validation import validated
from livekit_conformance.secrets.urls import url_secrets
from livekit_conformance.wording import Phrase, Text, phrase

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(:-)?\}")


@dataclass(frozen=True, slots=True)
class Field:
    """
    Key of a profile.

    `template` is its value if variables hold it, else empty. If `kept`, the value stays in the
    variables and is never written into the profile.
    """

    key: str
    template: str
    what: Text
    kept: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """
        The names of the variables in the template.
        """
        return variables_of(self.template)

    @property
    def required(self) -> bool:
        """
        True if every live profile needs it.
        """
        return self.key.startswith("livekit.")

    @property
    def asked(self) -> bool:
        """
        True if a person at a terminal is asked for it.
        """
        return bool(self.template) and not self.kept


@dataclass(frozen=True, slots=True)
class FoundValue:
    """
    Value for a key: its file or place, the line there, and its notation in the profile.
    """

    key: str
    value: str = field(repr=False)
    source: str
    line: int | None = None
    written: str = ""

    @property
    def place(self) -> str:
        """
        The source with its line.
        """
        return f"{self.source}:{self.line}" if self.line else self.source


FIELDS: tuple[Field, ...] = (
    Field(
        "livekit.url",
        "${LIVEKIT_URL}",
        Text(
            en="URL of livekit-server, for example wss://HOST or ws://HOST:7880",
            ru="URL livekit-server, например wss://HOST или ws://HOST:7880",
        ),
    ),
    Field(
        "livekit.api_key",
        "${LIVEKIT_API_KEY}",
        Text(en="API key of livekit-server", ru="API-ключ livekit-server"),
        kept=True,
    ),
    Field(
        "livekit.api_secret",
        "${LIVEKIT_API_SECRET}",
        Text(en="API secret of that key", ru="секрет этого API-ключа"),
        kept=True,
    ),
    Field(
        "sip.server",
        "${SIP_SERVER:-}",
        Text(
            en="host or host:port to call",
            ru="host или host:port, куда звонить",
        ),
    ),
    Field(
        "sip.username",
        "${SIP_USERNAME:-}",
        Text(
            en="user name for the trunk, empty if the trunk requires none",
            ru="имя пользователя для транка; пусто, если транк его не требует",
        ),
    ),
    Field(
        "sip.password",
        "${SIP_PASSWORD:-}",
        Text(en="password of that user", ru="пароль этого пользователя"),
        kept=True,
    ),
    Field(
        "sip.number",
        "${SIP_NUMBER:-}",
        Text(en="number to dial, for example +15550123", ru="набираемый номер, например +15550123"),
    ),
    Field(
        "webhook.url",
        "https://${DOMAIN:-}:${PORT:-}/webhooks/livekit",
        Text(
            en="URL of the application's webhook endpoint",
            ru="URL, на который приложение принимает вебхуки",
        ),
    ),
    Field(
        "redis",
        "${REDIS_URL:-}",
        Text(
            en="Redis of the deployment, for example redis://HOST:6379/0",
            ru="Redis этой системы, например redis://HOST:6379/0",
        ),
    ),
    Field(
        "deployment.livekit_server_config",
        "",
        Text(en="livekit.yaml", ru="livekit.yaml"),
    ),
    Field(
        "deployment.livekit_sip_config",
        "",
        Text(en="livekit-sip.yaml", ru="livekit-sip.yaml"),
    ),
)


def variables_of(text: str) -> tuple[str, ...]:
    """
    Return the names of the variables that a value of a profile refers to.
    """
    return tuple(reference[1] for reference in _VARIABLE.finditer(text))


def why_unusable(key: str, value: str) -> Phrase | None:
    """
    Return the reason why a key of a profile cannot have this value, or None.
    """
    if "${" in value:
        return phrase("value.refers-to-variable")
    data: object = value
    for part in reversed(key.split(".")):
        data = {part: data}
    assert isinstance(data, dict)
    _, problems = validated(Profile, {"kind": "live", "allow": ["read"], **data}, {})
    if problems:
        return problems[0].what
    return phrase("value.holds-secret") if any(url_secrets(value)) else None
