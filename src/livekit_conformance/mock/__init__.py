"""
LiveKit in one process: livekit-server, livekit-sip, an agent and the bus on loopback sockets.

It is the embedded default target, so that a first run needs nothing but Python. What it answers
is compared with recorded answers of the real services in tests/mock.
"""

from livekit_conformance.mock.config import Faults, MockConfig
from livekit_conformance.mock.program import Mock

__all__ = ["Faults", "Mock", "MockConfig"]
