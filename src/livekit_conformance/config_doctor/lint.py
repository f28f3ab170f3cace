"""
Apply all rules to one file, or to both.
"""

from __future__ import annotations

from collections.abc import Mapping

from livekit_conformance.config_doctor.findings import ConfigFinding
from livekit_conformance.config_doctor.pair_rules import check_pair
from livekit_conformance.config_doctor.redis_rules import use_of
from livekit_conformance.config_doctor.server_rules import check_server_rules
from livekit_conformance.config_doctor.services import SERVER, SIP
from livekit_conformance.config_doctor.settings import Settings, parse
from livekit_conformance.config_doctor.sip_rules import check_sip_rules
from livekit_conformance.config_doctor.structure import check_structure
from livekit_conformance.judges.bus import RedisUse


def check(
    server_text: str, sip_text: str, *, server_file: str = SERVER.file, sip_file: str = SIP.file
) -> list[ConfigFinding]:
    """
    Return the findings about livekit.yaml and livekit-sip.yaml, about each file and about the pair.

    If one file cannot be read, the pair is not checked. Findings use `server_file` and `sip_file`
    as the names of the files.
    """
    server, of_server = _server(server_text, server_file)
    sip, of_sip = _sip(sip_text, sip_file)
    return [*of_server, *of_sip, *(_pair(server, of_server, sip, of_sip) or ())]


def check_agreement(
    server_text: str, sip_text: str, *, server_file: str = SERVER.file, sip_file: str = SIP.file
) -> list[ConfigFinding] | None:
    """
    Return only the contradictions between the two files; None if one of them cannot be read.
    """
    return _pair(*_server(server_text, server_file), *_sip(sip_text, sip_file))


def _pair(
    server: Settings, of_server: list[ConfigFinding], sip: Settings, of_sip: list[ConfigFinding]
) -> list[ConfigFinding] | None:
    if _is_unreadable(server, of_server) or _is_unreadable(sip, of_sip):
        return None
    return list(check_pair(server, sip))


def check_server(text: str, file: str = SERVER.file) -> list[ConfigFinding]:
    """
    Return the findings about a livekit.yaml, which they call `file`.
    """
    return _server(text, file)[1]


def check_sip(text: str, file: str = SIP.file) -> list[ConfigFinding]:
    """
    Return the findings about a livekit-sip.yaml, which they call `file`.
    """
    return _sip(text, file)[1]


def read_server(text: str, file: str = SERVER.file) -> Settings:
    """
    Return the settings of a livekit.yaml; empty if it cannot be read.
    """
    return _server(text, file)[0]


def redis_uses(texts: Mapping[str, str]) -> list[RedisUse]:
    """
    Return how the services use Redis, from the texts of their files by service.
    """
    known = {service.name: service for service in (SERVER, SIP)}
    uses = (
        use_of(parse(text, known[name].file, known[name])[0], known[name])
        for name, text in texts.items()
    )
    return [use for use in uses if use is not None]


def _server(text: str, file: str) -> tuple[Settings, list[ConfigFinding]]:
    settings, findings = parse(text, file, SERVER)
    if _is_unreadable(settings, findings):
        return settings, findings
    findings += [*check_structure(settings, SERVER), *check_server_rules(settings)]
    return settings, findings


def _sip(text: str, file: str) -> tuple[Settings, list[ConfigFinding]]:
    settings, findings = parse(text, file, SIP)
    if _is_unreadable(settings, findings):
        return settings, findings
    findings += [*check_structure(settings, SIP), *check_sip_rules(settings)]
    return settings, findings


def _is_unreadable(settings: Settings, findings: list[ConfigFinding]) -> bool:
    return bool(findings) and not settings.root.value
