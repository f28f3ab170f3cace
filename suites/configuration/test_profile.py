"""
Profile: complete for the selected checks, with a strong secret.
"""

import pytest

from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.environments.completeness import gaps
from livekit_conformance.environments.profile import Profile
from livekit_conformance.reporting.run.session import RunState

# livekit-server warns about shorter secrets when it starts.
_STRONG_BYTES = 32


@pytest.mark.clause("1.1-profile-is-complete")
async def test_the_profile_gives_what_it_promises(
    run: RunState, profile: Profile, selected: list[Clause]
) -> None:
    """
    No variable that a selected check needs is empty, no group of keys is given in part.
    """
    missing = [str(gap) for gap in gaps(profile, run.loaded, selected)]

    assert not missing, "; ".join(missing)


@pytest.mark.clause("1.1-secret-is-strong")
async def test_the_secret_is_strong(profile: Profile) -> None:
    """
    The API secret is as long as the hash that it keys.
    """
    length = len(profile.livekit.api_secret.get_secret_value().encode())

    assert length >= _STRONG_BYTES, (
        f"it has {length} bytes: a short secret can be brute-forced from any token. Make a new "
        "pair: livekit-server generate-keys"
    )
