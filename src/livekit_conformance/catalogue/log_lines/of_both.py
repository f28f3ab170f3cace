"""
Log lines that livekit-server and livekit-sip write alike: of their libraries, and of Go.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines.line import Form, KnownLine, Means, Telling

_line = partial(KnownLine, "")
_last_words = partial(KnownLine, "", means=Means.LAST_WORDS, level="")

# At most once a minute: livekit/protocol utils/hwstats/cpu.go.
HIGH_CPU_LOAD: Final = _line(
    "high cpu load", telling=Telling("load", re.compile(".")), link=Link.SERVER
)
# Output of the Go runtime when a service dies. A crash ends the calls of everybody.
CRASH: Final = _line("panic: ", Means.FAILURE, form=Form.PART, level="")
FATAL: Final = _line("fatal error: ", Means.FAILURE, form=Form.PART, level="")
# go-redis while it tries to reconnect.
REDIS_LOST: Final = _line(
    "redis: connection pool: failed to dial",
    Means.FAILURE,
    form=Form.PART,
    level="",
    link=Link.BUS,
)

# -- last words, in plain text
NO_REDIS: Final = _last_words("unable to connect to redis", form=Form.PART)
PORT_TAKEN: Final = _last_words(": bind: address already in use", form=Form.PART)
NO_SUCH_ADDRESS: Final = _last_words("listen tcp: lookup ", form=Form.PART)
NOT_AN_ADDRESS_HERE: Final = _last_words(": bind: cannot assign requested address", form=Form.PART)
BAD_PORT: Final = _last_words("invalid port")
