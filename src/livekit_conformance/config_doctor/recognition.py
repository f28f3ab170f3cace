"""
Recognise which of the two services a configuration file belongs to.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from livekit_conformance.config_doctor.services import SERVER, SIP, ConfiguredService

_SIP_NAME = re.compile(r"sip", re.IGNORECASE)
_SERVER_NAME = re.compile(r"server|^livekit\.", re.IGNORECASE)
# Read without a YAML parser, so that a file with a syntax error is recognised too.
_KEY = re.compile(r"^\ufeff?([a-z][a-z0-9_]*)[ \t]*:", re.MULTILINE)


def recognise(name: str, text: str) -> ConfiguredService | None:
    """
    Return the service by the file's name, else by keys that only one of them has; None if unclear.
    """
    file = PurePath(name).name
    is_sip, is_server = bool(_SIP_NAME.search(file)), bool(_SERVER_NAME.search(file))
    if is_sip is not is_server:
        return SIP if is_sip else SERVER
    keys = set(_KEY.findall(text))
    of_sip = len(keys & (SIP.keys.keys() - SERVER.keys.keys()))
    of_server = len(keys & (SERVER.keys.keys() - SIP.keys.keys()))
    if of_sip == of_server:
        return None
    return SIP if of_sip > of_server else SERVER
