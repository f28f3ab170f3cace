"""
Unix time of this process that runs on steadily when the clock of the machine is set.

It stamps observations and checks, so that they keep their order. Tokens and certificates need the
time that others see: `time.time()`.
"""

from __future__ import annotations

import time

_BEGAN = time.time() - time.monotonic()


def now() -> float:
    """
    Return the Unix time by the clock as it was at the start.
    """
    return _BEGAN + time.monotonic()


def set_by() -> float:
    """
    Return the seconds by which the clock of the machine has been set forward since the start.
    """
    return time.time() - now()
