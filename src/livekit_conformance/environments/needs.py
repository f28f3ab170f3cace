"""
What a clause needs and a profile does not provide, in terms of the profile's own keys.
"""

from __future__ import annotations

from livekit_conformance.catalogue.clauses import Clause, Need
from livekit_conformance.environments.profile import Profile


def needs_missing(clause: Clause, profile: Profile) -> str | None:
    """
    The one-line change of the profile that would make `clause` testable; None when it is.

    Only the agent is a choice of a `mock` or `local` profile, the rest comes with its provisioner.
    """
    provided = profile.kind != "live"
    for need in clause.needs:
        if (change := _change(need, profile, provided=provided)) is not None:
            return change
    return None


def _change(need: Need, profile: Profile, *, provided: bool) -> str | None:
    services = {source.service for source in profile.logs}
    missing, change = {
        Need.REDIS: (not provided and not profile.redis, "redis: redis://HOST:6379/0"),
        Need.SERVER_LOG: (
            not provided and "livekit-server" not in services,
            "logs: [{service: livekit-server, path: /var/log/livekit.log}]",
        ),
        Need.ANY_LOG: (
            not provided and not services,
            "logs: [{service: livekit-sip, path: /var/log/livekit-sip.log}]",
        ),
        Need.RECEIVER: (not provided and not profile.webhook.listen, "webhook.listen: HOST:PORT"),
        Need.ENDPOINT: (not provided and not profile.webhook.url, "webhook.url: https://..."),
        Need.SIP: (not provided and not profile.sip.server, "sip.server: HOST:5060"),
        Need.SIP_CREDENTIALS: (
            not provided and not profile.sip.username,
            "sip.username: NAME and sip.password: ${SIP_PASSWORD}",
        ),
        Need.AGENT: (profile.agent == "none", "agent: deployed (or stand-in)"),
    }[need]
    return change if missing else None
