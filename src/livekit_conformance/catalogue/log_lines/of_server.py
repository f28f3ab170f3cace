"""
Log lines of livekit-server.

From the sources of livekit-server 1.13.5 (pkg/service, pkg/rtc, pkg/agent, pkg/config; livekit/
protocol webhook), and from calls.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import errors
from livekit_conformance.catalogue.log_lines.line import (
    SERVER,
    Form,
    KnownLine,
    Lane,
    Means,
    Telling,
)

_line = partial(KnownLine, SERVER)
_last_words = partial(KnownLine, SERVER, means=Means.LAST_WORDS, level="")

# -- of the process
STARTS: Final = _line("starting LiveKit server", Means.START, fields=("version",))

# -- of a room and its participants
SESSION: Final = _line("starting RTC session", fields=("participant",))
ACTIVE: Final = _line("participant active", fields=("participant",))
CLOSING: Final = _line("participant closing", fields=("participant", "reason"))
TRACK: Final = _line("mediaTrack published", fields=("participant",))
NOT_IN_ROOM: Final = _line(
    "could not join room", Means.FAILURE, level="error", fields=("participant", "error")
)
# Another participant has joined with the identity of this one.
DUPLICATE: Final = _line(
    "removing duplicate participant",
    fields=("participant",),
    telling=Telling("participant", re.compile("^sip_")),
    link=Link.JOIN,
)
IDLE: Final = _line("closing idle room", Means.NOISE)
CLOSES_ROOM: Final = _line("closing room", Means.NOISE)
ROOM_CLOSED: Final = _line("room closed", Means.NOISE)
DELETES_ROOM: Final = _line("deleting room", Means.NOISE)
DELETES_STATE: Final = _line("deleting room state", Means.NOISE)
NODE_CHOSEN: Final = _line("selected node for room", Means.NOISE)
NO_CANDIDATE: Final = _line("could not match local candidate", Means.NOISE, level="error")
NO_DATA: Final = _line("error reading data channel", Means.NOISE, level="warn")
STATISTICS: Final = _line("stats worker active", Means.NOISE, since="1.9.12")
PATH_CHANGED: Final = _line("ice reconnected or switched pair", Means.NOISE)
_parting = partial(
    KnownLine, SERVER, means=Means.PARTING, level="warn", fields=("participant", "error")
)
PARTED: Final = _parting("error writing to websocket", level="error")
NO_RECEIVER: Final = _parting("cannot set up receiver on a track not open")
NEVER_CONNECTED: Final = _parting("removing participant without connection", level="info")
# Of a machine that is busy for a moment: packets come late, and are sent again or left out.
_late = partial(KnownLine, SERVER, means=Means.HARMLESS, level="warn", fields=("participant",))
EARLY_PACKET: Final = _late("dropping packet, pre-start timestamp", since="1.9.9")
MANY_PACKETS: Final = _late("too much ext packets")
NO_PACKET: Final = _late("could not get packet from bucket")
LATE_PACKET: Final = _late("could not add packet to bucket")

# -- of a request
# Of /rtc: the join attempt of livekit-sip or of an agent.
REFUSED: Final = _line(
    "error handling request",
    Means.FAILURE,
    level="warn",
    fields=("status", "path", "error"),
    source=Lane.SIP,
    target=Lane.SERVER,
)
ANSWERED: Final = _line("API ", Means.ANSWER, form=Form.BEGINNING, fields=("participant", "error"))
LISTED_PARTICIPANTS: Final = _line("API RoomService.ListParticipants", Means.NOISE)
LISTED_ROOMS: Final = _line("API RoomService.ListRooms", Means.NOISE)

# -- of webhooks
SENT: Final = _line(
    "sent webhook",
    fields=("event", "participant", "status"),
    source=Lane.SERVER,
    target=Lane.ENDPOINT,
)
NOT_SENT: Final = _line(
    "failed to send webhook",
    Means.FAILURE,
    level="warn",
    fields=("event", "error"),
    source=Lane.SERVER,
    target=Lane.ENDPOINT,
    link=Link.DELIVERY,
)
DROPPED: Final = _line(
    "dropped webhook",
    Means.FAILURE,
    level="warn",
    fields=("event", "reason"),
    source=Lane.SERVER,
    target=Lane.ENDPOINT,
    link=Link.DELIVERY,
)

# -- of agents
# The suite requests this agent for its own rooms: no worker is it.
NOBODY: Final = "nobody-of-the-suite"
SOMEBODY: Final = re.compile(rf"^(?!{NOBODY}$).")
# Each room requests an agent without a name, whether there are workers or not.
NO_WORKER: Final = _line(
    "not dispatching agent job since no worker is available",
    fields=("agentName",),
    source=Lane.SERVER,
    target=Lane.AGENT,
    telling=Telling("agentName", SOMEBODY),
    link=Link.AGENT,
)
JOB_REFUSED: Final = _line(
    "failed to assign job to worker", Means.FAILURE, level="error", link=Link.AGENT
)
# Workers of each kind of job are requested where there is one of any kind, and then none is found:
# pkg/agent/client.go. Healthy calls have this line where agents run. With this error there are
# workers, and the load that each of them has reported is too high: pkg/service/agentservice.go.
JOB_NOT_SENT: Final = _line(
    "failed to send job request",
    Means.HARMLESS,
    level="error",
    fields=("agentName", "error"),
    telling=Telling("error", re.compile(errors.NO_CAPACITY)),
    link=Link.AGENT,
)

# -- of outbound calls
DIALLED: Final = _line("API SIP.CreateSIPParticipant", fields=("callID", "status"))
NOT_DIALLED: Final = _line(
    "cannot create sip participant",
    Means.FAILURE,
    level="error",
    fields=("error",),
    source=Lane.BUS,
    target=Lane.SERVER,
    link=Link.OUTBOUND,
)
DIAL_REFUSED: Final = _line(
    "cannot create sip participant request",
    Means.FAILURE,
    level="error",
    fields=("error",),
    link=Link.OUTBOUND,
)

# -- last words, in plain text; it exits with status 0
UNREADABLE_CONFIG: Final = _last_words("could not parse config: ", form=Form.BEGINNING)
BAD_RTC: Final = _last_words("could not validate RTC config: ", form=Form.BEGINNING)
NO_KEYS: Final = _last_words("one of key-file or keys must be provided", form=Form.BEGINNING)
OPEN_KEY_FILE: Final = _last_words(
    "key file others permissions must be set to 0", form=Form.BEGINNING
)
# The file of `key_file` or of `secret_file`; Go names the path after the verb.
NO_FILE: Final = _last_words("stat ", form=Form.BEGINNING)
UNREADABLE_FILE: Final = _last_words("open ", form=Form.BEGINNING)
NO_WEBHOOK_KEY: Final = _last_words("api_key is required to use webhook", form=Form.BEGINNING)
UNKNOWN_WEBHOOK_KEY: Final = _last_words(
    "unknown api key in webhook", form=Form.BEGINNING, since="1.9.0"
)
NO_TURN_PORTS: Final = _last_words("invalid TURN ports")
NO_TURN_DOMAIN: Final = _last_words("TURN domain required")
BAD_TURN_DOMAIN: Final = _last_words("TURN domain is not correct")
