"""
Identifiers as LiveKit generates them: a prefix for the kind of object, and random characters.
"""

from __future__ import annotations

import secrets

from livekit_conformance.protocol.dispatch import RANDOM_ALPHABET, RANDOM_LENGTH

ROOM = "RM_"
PARTICIPANT = "PA_"
TRACK = "TR_AM"
EVENT = "EV_"
NODE = "ND_"
SIP_NODE = "NE_"
SIP_TRUNK = "ST_"
SIP_DISPATCH_RULE = "SDR_"
SIP_CALL = "SCL_"


def new(prefix: str) -> str:
    """
    Return a new, unique identifier.
    """
    return prefix + random_characters()


def random_characters() -> str:
    """
    Return the random part of an identifier or of a room name.
    """
    return "".join(secrets.choice(RANDOM_ALPHABET) for _ in range(RANDOM_LENGTH))
