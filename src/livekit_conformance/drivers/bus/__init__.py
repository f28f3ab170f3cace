"""
Read-only view of the Redis bus between livekit-sip and livekit-server.
"""

from livekit_conformance.drivers.bus.channels import (
    CHANNELS,
    CREATE_PARTICIPANT,
    DISPATCH_RULES,
    TRUNK_AUTHENTICATION,
)
from livekit_conformance.drivers.bus.view import Bus

__all__ = ["CHANNELS", "CREATE_PARTICIPANT", "DISPATCH_RULES", "TRUNK_AUTHENTICATION", "Bus"]
