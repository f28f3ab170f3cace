"""
Exclusive loopback address, so that every service keeps its well-known port without races.
"""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

_ATTEMPTS = 50


@contextmanager
def own_loopback_address() -> Iterator[str]:
    """
    Yield an address of 127.0.0.0/8 that no other run on this machine uses while it is held.

    Raises OSError when none could be claimed.
    """
    # Not for secrecy: only to make two runs unlikely to try the same address.
    pick = random.SystemRandom()
    for _ in range(_ATTEMPTS):
        address = f"127.{pick.randint(64, 254)}.{pick.randint(0, 254)}.{pick.randint(1, 254)}"
        if (claim := claim_of(address)) is not None:
            with claim:
                yield address
            return
    raise OSError(f"no loopback address could be claimed in {_ATTEMPTS} attempts")


def claim_of(address: str) -> socket.socket | None:
    """
    Return the socket that holds the address until it is closed; None if another socket holds it.

    The claim is a name in the abstract namespace of unix(7). The kernel gives it to one socket of
    the network namespace, which is also the reach of a loopback address, and releases it when
    the process ends, killed or not. It needs no privilege, no file and no port.
    """
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0livekit-conformance/{address}")
    except OSError as error:
        claim.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise
    return claim
