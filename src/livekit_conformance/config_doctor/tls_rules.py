"""
Rules for the section `tls` of livekit-sip.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_conformance.config_doctor.findings import ConfigFinding
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.wording import phrase

_VERSIONS = ("tls1.0", "tls1.1", "tls1.2", "tls1.3")


def check_tls(sip: Settings) -> Iterator[ConfigFinding]:
    """
    Yield findings for missing certificates and TLS versions that do not exist.
    """
    if sip.node("tls") is None:
        return
    certificates = sip.mappings("tls", "certs")
    if not certificates:
        yield sip.error("tls", what=phrase("tls.no-certs"))
    elif not all(each.get("cert_file") and each.get("key_file") for each in certificates):
        yield sip.error("tls", "certs", what=phrase("tls.incomplete-certs"))
    for end in ("min_version", "max_version"):
        version = sip.text("tls", end)
        if version and version not in {*_VERSIONS, *map(str.upper, _VERSIONS)}:
            what = phrase("tls.no-version", choices=", ".join(_VERSIONS))
            yield sip.error("tls", end, what=what)
