"""
Find the needs of a clause that a profile does not meet, in terms of the profile's keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from livekit_conformance.catalogue.clause import Clause, Need
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.variables import LeftOut

# The line of the profile that provides each need.
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
# The account of a call: both keys, or neither if the trunk does not authenticate callers.
ACCOUNT = ("sip.username", "sip.password")
# The keys that provide a need, if there are more than the one the need is named after.
_KEYS: Mapping[Need, tuple[str, ...]] = MappingProxyType(
    {
        Need.SIP: ("sip.server", "sip.number"),
        Need.SIP_CREDENTIALS: ACCOUNT,
        Need.OUTBOUND: ("sip.outbound.trunk_id", "sip.outbound.number", "sip.outbound.listen"),
    }
)
# Needs that each profile chooses; a `mock` or `local` provisioner provides the others.
_CHOSEN = frozenset({Need.AGENT, Need.DIRECT_SIP})


def keys_of(need: Need) -> tuple[str, ...]:
    """
    Return the keys of a profile that provide `need`.
    """
    return _KEYS.get(need, (need.value,))


def is_given(profile: Profile, key: str) -> bool:
    """
    Return whether the profile has a value for the dotted key `key`.
    """
    value: Any = reduce(getattr, key.split("."), profile)
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def needs_missing(
    clause: Clause, profile: Profile, left_out: Mapping[str, LeftOut] = MappingProxyType({})
) -> str | None:
    """
    Return what to add so that `clause` can be tested, or None if nothing is missing.

    This is one line of the profile, or the variables to set for the keys that are `left_out`.
    """
    for need in _needed(clause, profile):
        is_provided = profile.kind != "live" and need not in _CHOSEN
        if not is_provided and not _has(profile, need):
            names = unset_for(need, profile, left_out)
            return _setting(names) if names else LINES[need]
    return None


def unset_for(need: Need, profile: Profile, left_out: Mapping[str, LeftOut]) -> tuple[str, ...]:
    """
    Return the unset variables that would provide `need`, if the profile has keys that refer to
    them.
    """
    absent = (left_out[key] for key in _keys_for(profile, need) if key in left_out)
    return tuple(dict.fromkeys(name for each in absent for name in each.unset))


def _setting(names: Iterable[str]) -> str:
    lines = (f"{name}=..." for name in names)
    return f"{' and '.join(lines)} to the environment or the env file"


def _needed(clause: Clause, profile: Profile) -> tuple[Need, ...]:
    if Need.AGENT in clause.needs and profile.agent == "stand-in":
        # The stand-in is started by webhooks.
        return (*clause.needs, Need.RECEIVER, Need.ENDPOINT)
    return clause.needs


def _keys_for(profile: Profile, need: Need) -> tuple[str, ...]:
    """
    Return the keys that provide `need` in this profile; a call with a user name needs its password
    too.
    """
    with_account = need is Need.SIP and is_given(profile, "sip.username")
    return (*keys_of(need), *(ACCOUNT if with_account else ()))


def _has(profile: Profile, need: Need) -> bool:
    services = {source.service for source in profile.logs}
    otherwise = {
        Need.SERVER_LOG: "livekit-server" in services,
        Need.SIP_LOG: "livekit-sip" in services,
        Need.APPLICATION_LOG: "application" in services,
        Need.ANY_LOG: bool(services),
        Need.DIRECT_SIP: not profile.sip.provider,
        Need.AGENT: profile.agent != "none",
        Need.STACK: profile.kind == "local",
    }
    if need in otherwise:
        return otherwise[need]
    return all(is_given(profile, key) for key in _keys_for(profile, need))
