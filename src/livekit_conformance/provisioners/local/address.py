"""
A loopback address of one's own, so that every service keeps its well-known port without races.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

# RFC 863 (discard). Nothing here speaks it: holding it open is what makes the address ours.
_CLAIM_PORT = 9
_ATTEMPTS = 50


@contextmanager
def own_loopback_address() -> Iterator[str]:
    """
    An address of 127.0.0.0/8 that no other run on this machine uses while it is held.

    The kernel arbitrates: two runs cannot both bind the claim port of one address, and the claim
    of a killed run disappears with its process. Raises OSError when none could be claimed.
    """
    # Not for secrecy: only to make two runs unlikely to try the same address.
    pick = random.SystemRandom()
    for _ in range(_ATTEMPTS):
        address = f"127.{pick.randint(64, 254)}.{pick.randint(0, 254)}.{pick.randint(1, 254)}"
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind((address, _CLAIM_PORT))
        except OSError:
            claim.close()
            continue
        with claim:
            yield address
        return
    raise OSError(f"no loopback address could be claimed in {_ATTEMPTS} attempts")
