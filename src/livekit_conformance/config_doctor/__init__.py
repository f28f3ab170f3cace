"""
Find errors in livekit.yaml and livekit-sip.yaml, in each file and in the pair.

Pure: text in, findings out. A finding never contains the value of a key that may be secret.
"""

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.lint import (
    check,
    check_agreement,
    check_server,
    check_sip,
    read_server,
    redis_uses,
)
from livekit_conformance.config_doctor.quoted import settings_quoted_in
from livekit_conformance.config_doctor.server_rules import check_endpoint, known_keys
from livekit_conformance.config_doctor.settings import Settings

__all__ = [
    "ConfigFinding",
    "Settings",
    "Severity",
    "check",
    "check_agreement",
    "check_endpoint",
    "check_server",
    "check_sip",
    "known_keys",
    "read_server",
    "redis_uses",
    "settings_quoted_in",
]
