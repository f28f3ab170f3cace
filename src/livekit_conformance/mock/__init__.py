"""
LiveKit in one process: livekit-server, livekit-sip, an agent and the bus on loopback sockets.

It is the embedded default target, so that a first run needs nothing but Python. tests/mock compares
its answers with recorded answers of the real services.

Known differences from livekit-server 1.13.5 and livekit-sip 1.8.0:
- no TCP or TLS for SIP, no outbound calls without a trunk (501), no PIN rules (501), no re-INVITE
  (488), no media time-outs;
- refusals are retransmitted until they are acknowledged (RFC 3261 section 17.2.1); the real service
  sends them once;
- errors of outbound calls have no `error_details`; a 487 is acknowledged (section 17.1.1.3), which
  the real service omits;
- log lines have no `caller`, no digest responses, no media and statistics lines, no stack traces.
"""

from livekit_conformance.mock.config import Faults, MockConfig
from livekit_conformance.mock.program import Mock
from livekit_conformance.mock.variations import Variations

__all__ = ["Faults", "Mock", "MockConfig", "Variations"]
