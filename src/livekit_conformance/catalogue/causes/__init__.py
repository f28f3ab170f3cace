"""
Causes of broken calls, as data, one file for each part of the chain.

Order is rank: of two causes that are equally certain, the earlier one is reported first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.cause import Cause
from livekit_conformance.catalogue.causes import (
    agent,
    agent_sound,
    api_key,
    bus,
    clock_jumps,
    configuration,
    join,
    join_refused,
    line,
    line_conflicts,
    load,
    load_balancing,
    logged,
    media,
    outages,
    outbound,
    redis,
    redis_state,
    resolver,
    server,
    sip,
    trunk_account,
    webhooks,
)

CAUSES: tuple[Cause, ...] = (
    *outages.CAUSES,
    *load.CAUSES,
    *clock_jumps.CAUSES,
    *resolver.CAUSES,
    *configuration.STOPPED,
    *redis_state.CAUSES,
    *logged.ENDED,
    *redis.CAUSES,
    *bus.CAUSES,
    *join_refused.CAUSES,
    *join.CAUSES,
    *server.CAUSES,
    *load_balancing.CAUSES,
    *api_key.CAUSES,
    *sip.CAUSES,
    *line_conflicts.CAUSES,
    *line.CAUSES,
    *trunk_account.CAUSES,
    *webhooks.CAUSES,
    *media.CAUSES,
    *agent.CAUSES,
    *agent_sound.CAUSES,
    *outbound.CAUSES,
    *logged.CAUSES,
    *configuration.CAUSES,
)
BY_ID: Mapping[str, Cause] = MappingProxyType({cause.id: cause for cause in CAUSES})
