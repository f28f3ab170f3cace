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

    REFUSE = "refuse"  # no listener: RST, or ICMP port unreachable
    RESET = "reset"  # TCP: RST after the first data; UDP: no listener after the first answer
    BLACK_HOLE = "black-hole"  # everything is accepted and nothing is forwarded
    HANG_UP = "hang-up"  # TCP: accepted and closed; UDP: answered by a blank line
    LATENCY = "latency"  # everything is delayed by `seconds`
    TRICKLE = "trickle"  # TCP: `size` bytes at a time; UDP: one datagram each `seconds`
    CUT = "cut"  # TCP: closed after `size` bytes of the answer; UDP: longer datagrams are truncated
    CORRUPT = "corrupt"  # a bit of each `size` bytes is flipped
    DROP = "drop"  # one in `each` connections (with data) or datagrams is lost
    DUPLICATE = "duplicate"  # the request or datagram is sent again after `seconds`
    REORDER = "reorder"  # the first is overtaken by the next, or held for `seconds`
    ANSWER = "answer"  # an intermediary answers instead


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
