"""
Make the scrubber for a profile: it masks the profile's secrets, and phone numbers where asked to.
"""

from __future__ import annotations

from livekit_conformance.environments.profile import Profile
from livekit_conformance.protocol.phone_numbers import NumberMask
from livekit_conformance.secrets.scrubber import Scrubber


def scrubber_of(profile: Profile) -> Scrubber:
    """
    Return the scrubber that a run with this profile needs.
    """
    masks_numbers = profile.phone_numbers == "masked"
    return Scrubber(
        profile.secrets(), also=NumberMask(profile.numbers()) if masks_numbers else None
    )
