"""
Time at which the kernel received a datagram, however late this process reads it.

A process that got no processor for a while reads what came meanwhile at once. By its own clock that
would be jitter of the network.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import time

# "Return the receive timestamp of the last packet passed to the user": socket(7), and as struct
# timespec in linux/sockios.h. Other systems do not know the request.
_SIOCGSTAMPNS = 0x8907
_TIMESPEC = struct.Struct("@ll")
# No process waits that long for a processor: the wall clock was set meanwhile.
_LONGEST_WAIT_S = 5.0


class ArrivalTimes:
    """
    Times of the datagrams of one socket, on the clock of its reader.
    """

    def __init__(self, bound: socket.socket) -> None:
        self._descriptor = bound.fileno()
        # The first request makes the kernel note the times; there is none yet.
        self._waited_s()

    def of_last(self, now: float) -> float:
        """
        Return the time at which the datagram that was read last arrived; `now` if nobody knows.
        """
        return now - self._waited_s()

    def _waited_s(self) -> float:
        try:
            noted = fcntl.ioctl(self._descriptor, _SIOCGSTAMPNS, bytes(_TIMESPEC.size))
        except OSError:
            return 0.0
        seconds, nanoseconds = _TIMESPEC.unpack(noted)
        waited_s = time.time() - seconds - nanoseconds / 1e9
        return waited_s if 0 <= waited_s < _LONGEST_WAIT_S else 0.0
