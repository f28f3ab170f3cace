"""
What a clause needs and a profile does not provide, in terms of the profile's own keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.clause import Clause, Need
from livekit_conformance.environments.profile import Profile

# The line of the profile that provides each of them.
LINES: Mapping[Need, str] = MappingProxyType(
    {
        Need.REDIS: "redis: redis://HOST:6379/0",
        Need.SERVER_LOG: "logs: [{service: livekit-server, path: /var/log/livekit.log}]",
        Need.SIP_LOG: "logs: [{service: livekit-sip, path: /var/log/livekit-sip.log}]",
        Need.APPLICATION_LOG: "logs: [{service: application, path: /var/log/application.log}]",
        Need.ANY_LOG: "logs: [{service: livekit-sip, path: /var/log/livekit-sip.log}]",
        Need.RECEIVER: "webhook.listen: HOST:PORT",
        Need.ENDPOINT: "webhook.url: https://...",
        Need.SIP: "sip.server: HOST:5060",
        Need.SIP_CREDENTIALS: "sip.username: NAME and sip.password: ${SIP_PASSWORD}",
        Need.DIRECT_SIP: "sip.provider: false, with sip.server the address of livekit-sip itself",
        Need.AGENT: "agent: deployed (or stand-in)",
        Need.OUTBOUND: 'sip.outbound: {trunk_id: ST_..., number: "+15550123", listen: HOST:PORT}',
        Need.SERVER_CONFIG: "deployment.livekit_server_config: /etc/livekit.yaml",
        Need.SIP_CONFIG: "deployment.livekit_sip_config: /etc/livekit-sip.yaml",
        Need.STACK: "kind: local",
    }
)
# Choices of any profile; the rest comes with the provisioner of a `mock` or `local` one.
_CHOSEN = frozenset({Need.AGENT, Need.DIRECT_SIP})


def needs_missing(clause: Clause, profile: Profile) -> str | None:
    """
    The one-line change of the profile that would make `clause` testable; None when it is.
    """
    for need in _needed(clause, profile):
        is_provided = profile.kind != "live" and need not in _CHOSEN
        if not is_provided and not _has(profile, need):
            return LINES[need]
    return None


def _needed(clause: Clause, profile: Profile) -> tuple[Need, ...]:
    if Need.AGENT in clause.needs and profile.agent == "stand-in":
        # It is called by webhooks.
        return (*clause.needs, Need.RECEIVER, Need.ENDPOINT)
    return clause.needs


def _has(profile: Profile, need: Need) -> bool:
    services = {source.service for source in profile.logs}
    outbound, files = profile.sip.outbound, profile.deployment
    return bool(
        {
            Need.REDIS: profile.redis,
            Need.SERVER_LOG: "livekit-server" in services,
            Need.SIP_LOG: "livekit-sip" in services,
            Need.APPLICATION_LOG: "application" in services,
            Need.ANY_LOG: services,
            Need.RECEIVER: profile.webhook.listen,
            Need.ENDPOINT: profile.webhook.url,
            Need.SIP: profile.sip.server,
            Need.SIP_CREDENTIALS: profile.sip.username,
            Need.DIRECT_SIP: not profile.sip.provider,
            Need.AGENT: profile.agent != "none",
            Need.OUTBOUND: all((outbound.trunk_id, outbound.number, outbound.listen)),
            Need.SERVER_CONFIG: files.livekit_server_config,
            Need.SIP_CONFIG: files.livekit_sip_config,
            Need.STACK: profile.kind == "local",
        }[need]
    )
