"""
The caller listens: until it hears something, and once more if what it hears is poor.
"""

from __future__ import annotations

from dataclasses import replace

from livekit_conformance.drivers.calls.observations import record_quality
from livekit_conformance.drivers.sip.caller import OutgoingCall
from livekit_conformance.drivers.sip.rtp_session import Heard, RtpSession
from livekit_conformance.environments.profile import Profile
from livekit_conformance.judges.quality import judge_quality
from livekit_conformance.observations import CallQuality, Recorder

_LISTEN_S = 1.0
# An agent that greets needs a second or two for its first words.
_SPEAKS_WITHIN_S = 6.0
# A second proves little: one pause of any process between us spoils it.
_SECOND_LISTEN_S = 3.0


async def listen(
    call: OutgoingCall, media: RtpSession, profile: Profile, recorder: Recorder
) -> tuple[Heard, CallQuality | None]:
    """
    Listen to an answered call; return what was heard, and its quality if that was anything.

    A poor quality is that of the second, longer time.
    """
    heard = await _until_sound(media, is_deployed=profile.agent == "deployed")
    quality = record_quality(call, heard, recorder)
    if quality is not None and any(judge_quality(quality, profile.quality.limits)):
        again = await media.listen(_SECOND_LISTEN_S)
        quality = record_quality(call, again, recorder) or quality
    return heard, quality


async def _until_sound(media: RtpSession, *, is_deployed: bool) -> Heard:
    """
    Listen; where the agent is the deployment's own, until it says something or is silent.
    """
    heard = await media.listen(_LISTEN_S)
    if not is_deployed:
        return heard
    silent_s = heard.seconds
    while heard.is_silent and heard.seconds >= _LISTEN_S and silent_s < _SPEAKS_WITHIN_S:
        heard = await media.listen(_LISTEN_S)
        silent_s += heard.seconds
    return replace(heard, silent_s=silent_s if heard.is_silent else 0.0)
