"""
Judge findings about the services' files by the state of the links that they are about.

A file shows the settings of its service, not its surroundings: behind a relay, under a second name
of the same Redis, or beside a key that the service ignores, calls work all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from types import MappingProxyType

from livekit_conformance.catalogue.chain import CALL_PATH, Link
from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.server_rules import known_keys
from livekit_conformance.config_doctor.services import BOTH
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.findings import Finding, Level, Says
from livekit_conformance.judges.settings import KEYS_ELSEWHERE
from livekit_conformance.observations import Reaction

_CALL = frozenset(CALL_PATH)
_SERVICES = MappingProxyType({service.file: service for service in BOTH})


def judge_keys(server: Settings) -> Iterator[Finding]:
    """
    Yield an unseen finding if livekit.yaml does not list the keys of livekit-server.
    """
    if not known_keys(server):
        seen = "livekit.yaml has no `keys`: livekit-server takes them from key_file or LIVEKIT_KEYS"
        yield Finding(KEYS_ELSEWHERE, seen, says=Says.UNSEEN)


def link_of(found: ConfigFinding) -> Link:
    """
    Return the link that the finding is about; its file must have the usual name.
    """
    return _SERVICES[found.file].link_of(found.key)


def level_of(
    found: ConfigFinding, *, working: Collection[Link] = (), broken: Collection[Link] = ()
) -> Level | None:
    """
    Return the level of the violation, or None for a warning, which violates nothing.

    `working` and `broken` are links that were seen so. An error is a MUST, unless it was seen to
    hurt nobody: it is only presumed, and its link works; or its service ignores it, and no link of
    a call is broken. Any other error that hurts nobody yet does so at the service's next start.
    """
    if found.severity is Severity.WARNING:
        return None
    is_made_up_for = found.is_presumed and link_of(found) in working
    is_ignored = found.reaction is Reaction.IGNORES and _CALL.isdisjoint(broken)
    return "SHOULD" if is_made_up_for or is_ignored else "MUST"
