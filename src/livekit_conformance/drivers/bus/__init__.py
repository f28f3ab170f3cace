"""
Read-only view of the Redis bus between livekit-sip and livekit-server.
"""

from livekit_conformance.drivers.bus.channels import (
    CHANNELS,
    CREATE_PARTICIPANT,
    servers_among,
    sip_services_among,
)
from livekit_conformance.drivers.bus.view import Bus

__all__ = ["CHANNELS", "CREATE_PARTICIPANT", "Bus", "servers_among", "sip_services_among"]
