"""
Build the scrubber of a profile: it masks secrets and, if so configured, phone numbers.
"""

from __future__ import annotations

from livekit_conformance.environments.profile import Profile
from livekit_conformance.protocol.phone_numbers import NumberMask
from livekit_conformance.secrets.scrubber import Scrubber


def scrubber_of(profile: Profile) -> Scrubber:
    """
    Return the scrubber for a run with this profile.
    """
    masks_numbers = profile.phone_numbers == "masked"
    return Scrubber(
        profile.secrets(), also=NumberMask(profile.numbers()) if masks_numbers else None
    )
