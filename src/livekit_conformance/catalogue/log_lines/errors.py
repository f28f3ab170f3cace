"""
Texts of errors that LiveKit, its libraries and Go write into the fields of log lines.
"""

from __future__ import annotations

from typing import Final

# livekit/psrpc errors.go, pkg/client: nobody claimed the request, or the claimant did not answer.
NO_RESPONSE: Final = "no response from servers"
REQUEST_TIMED_OUT: Final = "request timed out"
# The same: others answered, and none of them wants the request.
NO_CAPACITY: Final = "no servers available"
# livekit pkg/routing/selector.
NO_NODE: Final = "could not find any available nodes"
# livekit pkg/service/sip.go.
NO_REDIS: Final = "sip not connected (redis required)"
UNKNOWN_TRUNK: Final = "requested sip trunk does not exist"
# livekit pkg/service/auth.go.
NO_ROOM: Final = "requested room does not exist"
# livekit/sip pkg/sip/inbound.go handleInviteAuth.
OTHER_USER: Final = "username mismatch"
OTHER_DIGEST: Final = "response mismatch"
# livekit/sip pkg/sip/errors.go, media_port.go, room.go; media-sdk.
NO_CODEC: Final = "common audio codec not found"
NO_CRYPTO: Final = "no common encryption profiles"
NO_RTP_PORT: Final = "failed to listen on udp port"
NO_ICE: Final = "could not connect after timeout"
# server-sdk-go.
NO_URL: Final = "URL was not provided"
# livekit/sip pkg/sip/outbound.go, errors.go; sipgo.
NO_ACCOUNT: Final = "sip server required auth, but no username"
WRONG_ACCOUNT: Final = "max auth retry attempts reached for SIP invite"
SIP_TIMED_OUT: Final = "sip request timed out"
NO_HOST: Final = "fail to resolve target for"
NO_CPU: Final = "cpu exhausted"
# livekit pkg/service/errors.go and pkg/rtc/errors.go: each of its limits.
OVER_A_LIMIT: Final = "exceeds limits"
UNKNOWN_PRESET: Final = "unknown room configuration"
ROOM_IS_FULL: Final = "exceeded its max participants"
# pion: no codec of the room is Opus.
NO_OPUS: Final = "codec is not supported by remote"
