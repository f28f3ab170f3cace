"""
Service of a log line: by its logger, else its caller, fields, or the names around it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from livekit_conformance.log_diagnosis.wrapping import Unwrapped

# Neither of the two LiveKit services; causes may concern applications, too.
OTHER = "application"


@dataclass(frozen=True, slots=True)
class LogService:
    """
    Patterns that identify a service in its lines.

    `logger` and `caller` match fields of its lines, `fields` occur only in its lines, and `name`
    matches the names of its files, containers and units.
    """

    id: str
    logger: re.Pattern[str]
    caller: re.Pattern[str]
    fields: frozenset[str]
    name: re.Pattern[str]


# Log formats of livekit-server 1.8.4 to 1.13.5, livekit-sip 1.7.0 and 1.8.0.
SERVICES = (
    LogService(
        "livekit-sip",
        logger=re.compile(r"^sip(\.|$)"),
        caller=re.compile(r"^(sip|signalling)/|^service/(service|psrpc)\.go"),
        fields=frozenset({"sipTag", "jitterBuf", "inviteStateSipCallID"}),
        name=re.compile(r"livekit[-_]?sip|^sip\b", re.IGNORECASE),
    ),
    LogService(
        "livekit-server",
        logger=re.compile(r"^livekit(\.|$)"),
        caller=re.compile(
            r"^(rtc|routing|telemetry|webhook|agent|clientconfiguration)/"
            r"|^service/(twirp|utils|sip|server|room|rtc|auth|agent|io)\w*\.go"
        ),
        fields=frozenset({"roomID", "selectedNodeID", "participantInit"}),
        name=re.compile(
            r"livekit[-_]?server|^livekit\b(?![-_](sip|egress|ingress))", re.IGNORECASE
        ),
    ),
)


@dataclass(slots=True)
class Attribution:
    """
    Attribute the lines of one file, which may hold lines of several services.

    `file_name` decides where nothing else does.
    """

    file_name: str
    seen: Counter[str] = field(default_factory=Counter)

    def of(self, unwrapped: Unwrapped) -> str | None:
        """
        Return the service of a line; None where it cannot be determined.
        """
        named = _by_content(unwrapped)
        if named is not None:
            self.seen[named] += 1
            return named
        if unwrapped.line.dialect != "text":
            # Lines of LiveKit name their logger, so in such a file this line belongs to something
            # else.
            return OTHER if self.seen else _by_name(unwrapped.around) or _by_name(self.file_name)
        return _by_name(unwrapped.around) or self._of_file()

    def services(self) -> tuple[str, ...]:
        """
        Return the services whose lines were recognised, most lines first.
        """
        recognised = [service for service, _ in self.seen.most_common() if service != OTHER]
        if not recognised and (by_name := _by_name(self.file_name)):
            return (by_name,)
        return tuple(recognised)

    def _of_file(self) -> str | None:
        services = self.services()
        return services[0] if len(services) == 1 else None


def _by_content(unwrapped: Unwrapped) -> str | None:
    fields = unwrapped.line.fields
    if not fields:
        return None
    logger, caller = fields.get("logger"), fields.get("caller")
    if isinstance(logger, str):
        return next((s.id for s in SERVICES if s.logger.search(logger)), OTHER)
    for service in SERVICES:
        if isinstance(caller, str) and service.caller.search(caller):
            return service.id
    return next((s.id for s in SERVICES if not s.fields.isdisjoint(fields)), None)


def _by_name(name: str) -> str | None:
    return next((service.id for service in SERVICES if service.name.search(name)), None)
