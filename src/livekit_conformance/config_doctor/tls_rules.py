"""
Rules for the section `tls` of livekit-sip.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.services import SIP
from livekit_conformance.config_doctor.settings import Settings

_VERSIONS = ("tls1.0", "tls1.1", "tls1.2", "tls1.3")


def check_tls(sip: Settings) -> Iterator[ConfigFinding]:
    """
    Yield findings for missing certificates and TLS versions that do not exist.
    """
    if sip.node("tls") is None:
        return
    certificates = sip.mappings("tls", "certs")
    if not certificates:
        yield sip.finding(
            Severity.ERROR,
            "tls",
            problem="has no certs",
            consequence=SIP.refuses,
            remedy="Write `certs: [{cert_file: ..., key_file: ...}]` below it, or delete tls",
        )
    elif not all(each.get("cert_file") and each.get("key_file") for each in certificates):
        yield sip.finding(
            Severity.ERROR,
            *("tls", "certs"),
            problem="has a certificate without cert_file or key_file",
            consequence=SIP.refuses,
            remedy="Write cert_file and key_file for each certificate",
        )
    for end in ("min_version", "max_version"):
        version = sip.text("tls", end)
        if version and version not in {*_VERSIONS, *map(str.upper, _VERSIONS)}:
            yield sip.finding(
                Severity.ERROR,
                *("tls", end),
                problem="is not a TLS version that livekit-sip supports",
                consequence=SIP.refuses,
                remedy=f"Write one of: {', '.join(_VERSIONS)}",
            )
