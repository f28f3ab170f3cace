"""
Reception of one RTP stream: its losses, order, jitter and gaps, and the first sound in it.

Sources: RFC 3550 appendix A.1 (sequence numbers), A.3 (loss) and A.8 (interarrival jitter). Unlike
there, duplicates are counted apart, so they hide no loss.
Times are seconds of any monotonic clock.
"""

from __future__ import annotations

from livekit_conformance.protocol.rtp import PCMU_RATE, SEQUENCES, TIMESTAMPS, Packet

# A jump by more than this is a new sequence, not a loss: RFC 3550 appendix A.1.
_MAX_DROPOUT = 3000
# Packets that seem on their way for so much longer or shorter: the sender counts its time anew.
_NEW_TIME_S = 1.0


class Reception:
    """
    Count what arrives of one stream; `reordered` are packets that others overtook.

    `first_at` and `first_sound_at` are times of arrival, None before it.
    """

    def __init__(self, clock_rate: int = PCMU_RATE) -> None:
        self._clock_rate = clock_rate
        self._last: Packet | None = None
        self._last_at = 0.0
        # Sequence numbers without their wraps, from that of the first packet on.
        self._seen: set[int] = set()
        self._highest = 0
        self._offset = 0
        # How many packets overtook one.
        self._overtaking = 0
        # Timestamp and arrival of the last packet that began a frame of its own.
        self._timed = (0, 0.0)
        # Seconds on the way apart from a constant, which changes when the sender counts anew.
        self._transits: list[list[float]] = []
        self._jitter_s = 0.0
        self._longest_gap_s = 0.0
        self.reordered = 0
        self.duplicated = 0
        self.first_at: float | None = None
        self.first_sound_at: float | None = None

    def receive(self, packet: Packet, now: float, *, has_sound: bool = False) -> None:
        """
        Count one packet that arrived at `now`; `has_sound` if it is not silence.
        """
        number = self._number(packet)
        if number in self._seen:
            self.duplicated += 1
            return
        self._seen.add(number)
        self.reordered += number < self._highest
        self._overtaking = max(self._overtaking, self._highest - number)
        self._highest = max(self._highest, number)
        if self._last is not None:
            self._longest_gap_s = max(self._longest_gap_s, now - self._last_at)
        self._keep_transit(packet, now)
        self._last, self._last_at = packet, now
        if self.first_at is None:
            self.first_at = now
        if has_sound and self.first_sound_at is None:
            self.first_sound_at = now

    @property
    def packets(self) -> int:
        """
        Number of packets that arrived, without duplicates.
        """
        return len(self._seen)

    @property
    def expected(self) -> int:
        """
        Number of packets that were sent, from the first to the last one that arrived.
        """
        return self._highest - min(self._seen) + 1 if self._seen else 0

    @property
    def lost(self) -> int:
        """
        Number of expected packets that did not arrive.

        Where packets overtake each other, those of both ends may have come before or be under way.
        """
        if not self._seen:
            return 0
        first, last = min(self._seen) + self._overtaking, self._highest - self._overtaking
        return sum(number not in self._seen for number in range(first, last + 1))

    @property
    def jitter_ms(self) -> float:
        """
        Interarrival jitter in milliseconds.
        """
        return 1000 * self._jitter_s

    def longest_gap_s(self, now: float) -> float:
        """
        Return the longest time without a packet, between two of them or from the last to `now`.
        """
        return max(self._longest_gap_s, now - self._last_at) if self._seen else 0.0

    def late(self, allowed_s: float) -> int:
        """
        Count the packets that came more than `allowed_s` later than the fastest one would have.
        """
        return sum(
            transit - min(transits) > allowed_s
            for transits in self._transits
            for transit in transits
        )

    def _number(self, packet: Packet) -> int:
        """
        Return the sequence number without wraps; a new sequence goes on where the old one ended.
        """
        if self._last is None:
            self._offset = -packet.sequence
        step = _signed(packet.sequence + self._offset - self._highest, SEQUENCES)
        if self._is_new(packet) or abs(step) > _MAX_DROPOUT:
            self._offset += 1 - step
            step = 1
        return self._highest + step

    def _keep_transit(self, packet: Packet, now: float) -> None:
        timestamp, at = self._timed
        sent = _signed(packet.timestamp - timestamp, TIMESTAMPS)
        if self._transits and sent == 0:
            # The packets of one key press have one timestamp: RFC 4733 section 2.5.1.2.
            return
        self._timed = packet.timestamp, now
        change = now - at - sent / self._clock_rate
        if self._last is None or self._is_new(packet) or abs(change) > _NEW_TIME_S:
            self._transits.append([0.0])
            return
        self._jitter_s += (abs(change) - self._jitter_s) / 16
        self._transits[-1].append(self._transits[-1][-1] + change)

    def _is_new(self, packet: Packet) -> bool:
        return self._last is not None and packet.ssrc != self._last.ssrc


def _signed(difference: int, modulus: int) -> int:
    """
    Return the difference of two counters that wrap, from -modulus / 2 up.
    """
    return (difference + modulus // 2) % modulus - modulus // 2
