"""
Profile: complete for the selected checks, with a strong secret.
"""

import pytest

from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.environments.completeness import gaps
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import require, violated
from livekit_conformance.judges.secrecy import judge_secret
from livekit_conformance.judges.settings import INCOMPLETE
from livekit_conformance.reporting.run.session import RunState


@pytest.mark.clause("1.1-profile-is-complete")
async def test_the_profile_gives_what_it_promises(
    run: RunState, profile: Profile, selected: list[Clause]
) -> None:
    """
    No variable that a selected check needs is empty, no group of keys is given in part.
    """
    missing = gaps(profile, run.loaded, selected)

    if missing:
        variables = dict.fromkeys(name for gap in missing for name in gap.variables)
        raise violated(
            INCOMPLETE,
            "; ".join(map(str, missing)),
            keys=[gap.key for gap in missing],
            variables=[*variables],
        )


@pytest.mark.clause("1.1-secret-is-strong")
async def test_the_secret_is_strong(profile: Profile) -> None:
    """
    The API secret is as long as the hash that it keys.
    """
    require(judge_secret(profile.livekit.api_secret.get_secret_value()))
