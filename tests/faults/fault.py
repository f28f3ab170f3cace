"""
Faults of a bad network, as data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """
    Effect of the network: on connections over TCP, on datagrams over UDP.
    """

    REFUSE = "refuse"  # nobody listens: RST, or ICMP port unreachable
    RESET = "reset"  # TCP: RST after the first words; UDP: nobody listens after the first answer
    BLACK_HOLE = "black-hole"  # everything is taken and nothing is passed on
    HANG_UP = "hang-up"  # TCP: accepted and closed; UDP: a blank line is the answer
    LATENCY = "latency"  # everything comes `seconds` later
    TRICKLE = "trickle"  # TCP: `size` bytes at a time; UDP: one datagram each `seconds`
    CUT = "cut"  # TCP: closed after `size` bytes of the answer; UDP: longer datagrams are cut off
    CORRUPT = "corrupt"  # a bit of each `size` bytes is flipped
    DROP = "drop"  # of `each` connections (that say something) or datagrams one is lost
    DUPLICATE = "duplicate"  # asked, or sent, once more after `seconds`
    REORDER = "reorder"  # who comes first is overtaken by the next, or held for `seconds`
    ANSWER = "answer"  # something in between answers itself


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One fault and its parameters. `answer` makes the answer of an intermediary from a request.

    A request that matches `spares` is never sent twice over TCP. Only connections that begin with a
    match of `picks` are dropped.
    """

    kind: Kind
    seconds: float = 0.1
    size: int = 32
    each: int = 3
    answer: Callable[[bytes], bytes] = bytes
    spares: re.Pattern[bytes] | None = None
    picks: re.Pattern[bytes] | None = None

    def spared(self, data: bytes) -> bool:
        """
        Return whether this request must not be sent twice.
        """
        return self.spares is not None and self.spares.search(data) is not None
