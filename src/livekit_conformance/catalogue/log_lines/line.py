"""
Known line of a service's log: when it is written, and its meaning.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.milestones import Milestone

SERVER: Final = "livekit-server"
SIP: Final = "livekit-sip"


class Lane(StrEnum):
    """
    Participants of a call, in order from the caller's side.
    """

    CALLER = "caller"
    SIP = "livekit-sip"
    BUS = "bus"
    SERVER = "livekit-server"
    ENDPOINT = "webhook-endpoint"
    AGENT = "agent"


class Means(StrEnum):
    """
    Meaning of a line beside its place in a call.
    """

    STEP = "step"  # of a call: drawn, and no failure unless it is a warning
    NOISE = "noise"  # of every healthy call, or better observed elsewhere
    CLOCK = "clock"  # reports a message that is seen on the wire: compares clocks, is not drawn
    # After BYE both sides close their connection while one of them may still be writing: in about
    # one healthy call in ten. Before BYE it means a broken connection.
    PARTING = "parting"
    HARMLESS = "harmless"  # contains the words of a failure, and healthy calls have it
    ANSWER = "answer"  # to an API request, whose caller has seen it
    FAILURE = "failure"  # of a call, at any level
    OUTCOME = "outcome"  # repeats how a call ended, at any level: other lines say why
    START = "start"  # of the process
    LAST_WORDS = "last-words"  # of a process that ends at its start


class Form(StrEnum):
    """
    Part of the message of a line that is always the same.
    """

    WHOLE = "whole"
    BEGINNING = "beginning"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Telling:
    """
    Field whose value, when it matches, makes an ordinary line the report of a failure.

    `links` are the links that some values tell of.
    """

    field: str
    value: re.Pattern[str]
    links: Mapping[str, Link] = dataclasses.field(default_factory=dict, hash=False)

    def matches(self, value: object) -> bool:
        """
        Return whether the value of the field reports a failure.
        """
        return self.value.search(str(value or "")) is not None


@dataclass(frozen=True, slots=True)
class KnownLine:
    """
    Line of a service: its message, or a part of it. No `service` means that both write it.

    `level` is that at which it is written. `source` and `target` are the sender and the receiver of
    what it reports (None: within the service), `fields` those worth showing, and `reached` is the
    step that the call has completed when it is written. `link` is the link that it tells of when it
    reports a failure, None where logger and fields decide. `since` is the first version of the
    service that writes it; empty for all that were looked at (livekit-server from 1.8.4,
    livekit-sip from 1.7.0).
    """

    service: str
    message: str
    means: Means = Means.STEP
    level: str = "info"
    form: Form = Form.WHOLE
    fields: tuple[str, ...] = ()
    source: Lane | None = None
    target: Lane | None = None
    reached: Milestone | None = None
    telling: Telling | None = None
    link: Link | None = None
    since: str = ""

    @property
    def pattern(self) -> str | re.Pattern[str]:
        """
        Message as a condition: equality, or a pattern of its part.
        """
        match self.form:
            case Form.WHOLE:
                return self.message
            case Form.BEGINNING:
                return re.compile(f"^{re.escape(self.message)}")
            case Form.PART:
                return re.compile(re.escape(self.message))

    def is_in(self, message: str) -> bool:
        """
        Return whether `message` is that of this line.
        """
        match self.form:
            case Form.WHOLE:
                return message == self.message
            case Form.BEGINNING:
                return message.startswith(self.message)
            case Form.PART:
                return self.message in message
