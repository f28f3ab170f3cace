"""
Log lines of livekit-sip.

From the sources of livekit-sip 1.8.0 (pkg/sip, pkg/service, cmd/livekit-sip; sipgo), and from
calls.
"""

from __future__ import annotations

import re
from functools import partial
from types import MappingProxyType
from typing import Final

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines.line import (
    SIP,
    Form,
    KnownLine,
    Lane,
    Means,
    Telling,
)
from livekit_conformance.catalogue.milestones import Milestone

_line = partial(KnownLine, SIP)
_last_words = partial(KnownLine, SIP, means=Means.LAST_WORDS, level="")

# Reasons of a hang-up (Q.850 cause, SIP status): normal clearing, and a call that was answered
# elsewhere.
_BYE_FOR_A_REASON = Telling("reason-raw", re.compile(r"cause=(?!(16|200|26)\b)\d"))

# pkg/sip/inbound.go, outbound.go: ends of a call that are no hang-up, by their reason.
_ENDS = MappingProxyType(
    {
        "flood": Link.TRUNK,
        "wrong-pin": Link.DISPATCH,
        "no-common-codec": Link.OFFER,
        "no-common-crypto": Link.OFFER,
        "encryption-required": Link.OFFER,
        "sdp-error": Link.OFFER,
        "media-failed": Link.OFFER,
        "join-failed": Link.JOIN,
        "publish-failed": Link.JOIN,
        "cannot-subscribe": Link.AGENT,
        "accept-failed": Link.ANSWER,
        "no-ack": Link.ANSWER,
        "media-timeout": Link.MEDIA,
    }
)

# -- of the process
STARTS: Final = _line("server starting", Means.START)
VERSION: Final = _line("starting service", Means.START, level="debug", fields=("version",))
LISTENS: Final = _line("sip signaling listening on", Means.NOISE, fields=("port", "proto"))

# -- of an inbound call, in their order
INVITE_CAME: Final = _line("processing invite", fields=("callID", "fromIP"))
CHALLENGES: Final = _line(
    "Starting SIP invite authentication",
    fields=("sipTrunk",),
    source=Lane.BUS,
    target=Lane.SIP,
    reached=Milestone.TRUNK,
)
CHALLENGED: Final = _line(
    "No Proxy header found. Sending 407 Unauthorized response with Proxy-Authenticate header",
    Means.NOISE,
)
AUTHENTICATED: Final = _line("SIP invite authentication successful", reached=Milestone.CREDENTIALS)
CODECS: Final = _line(
    "using codecs",
    fields=("sipRule",),
    source=Lane.BUS,
    target=Lane.SIP,
    reached=Milestone.DISPATCHED,
)
JOINING: Final = _line(
    "Joining room",
    fields=("room", "participant"),
    source=Lane.SIP,
    target=Lane.SERVER,
    reached=Milestone.DISPATCHED,
)
JOINED: Final = _line(
    "SIP participant joined room",
    fields=("participantID",),
    source=Lane.SERVER,
    target=Lane.SIP,
    reached=Milestone.JOINED,
)
AWAITS_AGENT: Final = _line("Waiting for track subscription(s)", reached=Milestone.JOINED)
AGENT_HEARD: Final = _line(
    "track subscribed",
    fields=("participant",),
    source=Lane.SERVER,
    target=Lane.SIP,
    reached=Milestone.AGENT,
)
BAD_MEDIA_SETTINGS: Final = _line(
    "Cannot create media config", Means.FAILURE, level="error", link=Link.OFFER
)
ACCEPTS: Final = _line("Accepting the call", reached=Milestone.AGENT)
ACK_CAME: Final = _line("ACK from remote", Means.CLOCK)
REINVITED: Final = _line("reinvite", fields=("cseq",))
BYE_CAME: Final = _line(
    "BYE from remote", Means.CLOCK, telling=_BYE_FOR_A_REASON, link=Link.HANG_UP
)
CLOSES: Final = _line("Closing inbound call", fields=("result",))
CLOSES_WITH_ERROR: Final = _line(
    "Closing inbound call with error",
    Means.OUTCOME,
    level="warn",
    fields=("status", "result", "reason"),
)
CLOSED: Final = _line("Inbound call closed", Means.NOISE)
STATISTICS: Final = _line("call statistics", Means.NOISE)
# The result that the other side of an outbound call led to: pkg/sip/signaling_timestamps.go.
TIMESTAMPS: Final = _line(
    "signaling timestamps", Means.NOISE, telling=Telling("result", re.compile(r"^(?!success$)."))
)
ENDED: Final = _line(
    "SIP call ended",
    Means.NOISE,
    telling=Telling("reason", re.compile(f"^({'|'.join(_ENDS)})$"), _ENDS),
)

# -- failures of an inbound call
NO_AUTH_RESULT: Final = _line(
    "Rejecting inbound, auth check failed",
    Means.FAILURE,
    level="warn",
    fields=("error",),
    source=Lane.SIP,
    target=Lane.BUS,
    link=Link.BUS,
)
NO_TRUNK_MATCHES: Final = _line(
    "Rejecting inbound, doesn't match any Trunks", Means.FAILURE, level="warn", link=Link.TRUNK
)
NO_TRUNK_FOUND: Final = _line(
    "Rejecting inbound, no trunk found", Means.FAILURE, level="warn", link=Link.TRUNK
)
QUOTA: Final = _line(
    "Rejecting inbound, quota exceeded", Means.FAILURE, level="warn", link=Link.TRUNK
)
OTHER_USER: Final = _line(
    "Authentication failed - username mismatch",
    Means.FAILURE,
    level="warn",
    link=Link.CREDENTIALS,
)
OTHER_PASSWORD: Final = _line(
    "Authentication failed - response mismatch",
    Means.FAILURE,
    level="warn",
    link=Link.CREDENTIALS,
)
NO_CHALLENGE: Final = _line(
    "No challenge state found for authentication attempt",
    Means.FAILURE,
    level="warn",
    link=Link.CREDENTIALS,
)
BAD_CREDENTIALS: Final = _line(
    "Failed to parse Proxy-Authorization credentials",
    Means.FAILURE,
    level="warn",
    link=Link.CREDENTIALS,
)
CHALLENGE_UNANSWERED: Final = _line(
    "auth challenge timed out without authenticated retry; finalizing call as error",
    Means.FAILURE,
    link=Link.CREDENTIALS,
)
NO_DISPATCH_RESULT: Final = _line(
    "Rejecting inbound call, dispatch evaluation failed",
    Means.FAILURE,
    level="warn",
    fields=("error",),
    source=Lane.SIP,
    target=Lane.BUS,
    link=Link.BUS,
)
DISPATCH_ERROR: Final = _line(
    "SIP handle dispatch rule error",
    Means.FAILURE,
    level="warn",
    fields=("error",),
    source=Lane.SIP,
    target=Lane.BUS,
    link=Link.BUS,
)
NO_RULE_MATCHES: Final = _line(
    "Rejecting inbound call, doesn't match any Dispatch Rules", Means.FAILURE, link=Link.DISPATCH
)
NO_OFFER: Final = _line("no offer type specified", Means.FAILURE, link=Link.OFFER)
OTHER_OFFER: Final = _line("unsupported offer type", Means.FAILURE, link=Link.OFFER)
NO_MEDIA: Final = _line("Cannot start media", Means.FAILURE, level="warn", link=Link.OFFER)
# Requests that livekit-sip repeats by plain HTTP after its WebSocket was refused.
NO_SIGNALLING: Final = _line(
    "error establishing signal connection",
    Means.FAILURE,
    level="warn",
    fields=("status", "error"),
    source=Lane.SIP,
    target=Lane.SERVER,
    link=Link.JOIN,
)
NO_VALIDATION: Final = _line(
    "error getting validation",
    Means.FAILURE,
    level="error",
    fields=("error",),
    source=Lane.SIP,
    target=Lane.SERVER,
    link=Link.JOIN,
)
NOT_VALID: Final = _line(
    "validation error",
    Means.FAILURE,
    level="warn",
    fields=("error",),
    source=Lane.SIP,
    target=Lane.SERVER,
    link=Link.JOIN,
)
# Each failed join ends with this line; the reason is in its error.
NOT_JOINED: Final = _line(
    "Cannot create LiveKit participant",
    Means.FAILURE,
    level="error",
    fields=("error",),
    source=Lane.SIP,
    target=Lane.SERVER,
    link=Link.JOIN,
)
NO_ACK: Final = _line(
    "Call accepted, but no ACK received", Means.FAILURE, level="error", link=Link.ANSWER
)
NO_ACK_NO_MEDIA: Final = _line(
    "Media timeout after missing ACK", Means.FAILURE, level="warn", link=Link.ANSWER
)
NO_BYE: Final = _line(
    "cannot send BYE", Means.FAILURE, fields=("error",), link=Link.HANG_UP, since="1.8.0"
)
BYE_UNANSWERED: Final = _line(
    "no response to BYE", Means.FAILURE, fields=("error",), link=Link.HANG_UP, since="1.8.0"
)
REINVITE_UNREADABLE: Final = _line(
    "failed to parse re-INVITE SDP, RTP destination not updated",
    Means.FAILURE,
    level="warn",
    fields=("error",),
    link=Link.MEDIA,
)
INBOUND_NOT_TRANSFERRED: Final = _line(
    "inbound call failed to transfer",
    Means.FAILURE,
    fields=("error", "transferTo"),
    link=Link.HANG_UP,
)

# -- of an outbound call
DIALS: Final = _line(
    "Creating SIP participant",
    fields=("callID", "room"),
    source=Lane.BUS,
    target=Lane.SIP,
    reached=Milestone.TAKEN,
)
ESTABLISHED: Final = _line("Outbound SIP call established")
OUTBOUND_CLOSES: Final = _line("Closing outbound call")
OUTBOUND_CLOSES_WITH_ERROR: Final = _line(
    "Closing outbound call with error", Means.OUTCOME, level="warn", fields=("error",)
)
INVITE_FAILED: Final = _line(
    "SIP invite failed", Means.FAILURE, fields=("error",), link=Link.OUTBOUND
)
# Repeats the line before.
CALL_FAILED: Final = _line("SIP call failed", Means.NOISE)
AUTH_REQUESTED: Final = _line("auth requested", Means.NOISE)
OUTBOUND_NOT_TRANSFERRED: Final = _line(
    "outbound call failed to transfer",
    Means.FAILURE,
    fields=("error", "transferTo"),
    link=Link.HANG_UP,
)

# -- of a connection that the other side has just closed, and of repetitions
_parting = partial(
    KnownLine, SIP, means=Means.PARTING, level="warn", fields=("participant", "error")
)
NO_CANDIDATE_SENT: Final = _parting("could not send ICE candidate")
NO_OFFER_SENT: Final = _parting("could not send offer for publisher pc")
NO_ANSWER_SENT: Final = _parting("could not send answer for subscriber pc")
REPEATED: Final = _line(
    "remote appears to be retrying an invite", Means.HARMLESS, level="warn", form=Form.BEGINNING
)

# -- of no call that it knows
NOT_HANDLED: Final = _line("Inbound SIP request not handled", fields=("method",))
# sipgo transport/udp.go, tcp.go: the message is in `data`.
UNREADABLE: Final = _line("failed to parse", Means.FAILURE, fields=("err",), link=Link.SIP_SOCKET)

# -- of the media and the room, in every healthy call
DISCARDED: Final = _line("Stopped discarding packets", Means.NOISE)
RTP_CAME: Final = _line("accepting RTP stream", Means.NOISE)
WATCH_STOPPED: Final = _line("media timeout loop stopped", Means.NOISE)
PUBLISHED: Final = _line("published track", Means.NOISE)
MEDIA_TO: Final = _line("setting media destination", Means.NOISE)
MEDIA_FROM: Final = _line("setting media source", Means.NOISE)
ROOM_LEFT: Final = _line("server initiated leave", Means.NOISE)
TRACK_CLOSED: Final = _line("track closed", Means.NOISE)
VALIDATED: Final = _line("validate succeeded", Means.NOISE)

# -- last words, in plain text; it exits with status 0
NO_CONFIG: Final = _last_words("missing config")
UNREADABLE_CONFIG: Final = _last_words("could not parse config: ", form=Form.BEGINNING)
NO_REDIS: Final = _last_words("redis configuration is required")
TWO_ADDRESSES: Final = _last_words("use_external_ip and nat_1_to_1_ip can not both be set")
TWO_MEDIA_ADDRESSES: Final = _last_words(
    "media_use_external_ip and media_nat_1_to_1_ip can not both be set"
)
NO_CERTIFICATE: Final = _last_words("TLS certificate required")
NO_NETWORK: Final = _last_words("server not connected to any network")
