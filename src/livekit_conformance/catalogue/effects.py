"""
Effects that a check may have on its target, from harmless to disruptive.
"""

from __future__ import annotations

from enum import StrEnum


class Effect(StrEnum):
    """
    Effect on the target; each is listed by name in a profile's `allow`.
    """

    READ = "read"
    CREATE_ROOMS = "create-rooms"
    SEND_WEBHOOKS = "send-webhooks"
    PLACE_CALLS = "place-calls"
    CONFIGURE_SIP = "configure-sip"
    DISRUPT = "disrupt"
