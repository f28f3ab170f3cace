"""
Diagnose a run: from check records and observations to ranked causes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from livekit_conformance.catalogue.cause import Cause
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.hosting import Hosting
from livekit_conformance.clock_jumps import jumps_of
from livekit_conformance.diagnosis.explanation import explained
from livekit_conformance.diagnosis.interruptions import (
    Interruption,
    causes_of,
    of_interruption,
    split,
    undisturbed,
)
from livekit_conformance.diagnosis.matching import known_causes
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.nodes import sick_nodes
from livekit_conformance.observations import Observation
from livekit_conformance.outages import outages_of
from livekit_conformance.verdict import CheckRecord


def diagnose(
    records: Sequence[CheckRecord],
    observations: Sequence[Observation],
    causes: Sequence[Cause] = CAUSES,
    hosting: Hosting = Hosting.SELF,
) -> tuple[Diagnosis, ...]:
    """
    Return the causes that were seen and explain at least one unhappy check, most certain first.

    A broken link that none of them explains is included with an unknown cause, and the next step
    for this hosting.

    A service that stopped answering during the run, or a clock that was set, comes first: it
    explains what failed since. The other causes are searched for in the time before: afterwards,
    signs of both times would mix.
    """
    interruptions: list[Interruption] = [
        *outages_of(undisturbed(records, observations)),
        *jumps_of(observations),
    ]
    sudden_causes = causes_of(interruptions, causes)
    begin = min((each.until for each in sudden_causes), default=math.inf)
    before, since = split(records, begin)
    seen_before = [seen for seen in observations if seen.at <= begin]
    seen_before += sick_nodes(seen_before)
    known = known_causes(before, seen_before, causes)
    sudden = (of_interruption(each, cause, since) for each, cause in sudden_causes.items())
    came = [each for each in sudden if each.checks]
    return explained(before, seen_before, known, came, hosting)
