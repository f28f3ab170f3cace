"""
All rules over one file, or over both.
"""

from __future__ import annotations

from livekit_conformance.config_doctor.findings import ConfigFinding
from livekit_conformance.config_doctor.pair_rules import check_pair
from livekit_conformance.config_doctor.server_rules import check_server_rules
from livekit_conformance.config_doctor.services import SERVER, SIP
from livekit_conformance.config_doctor.settings import Settings, parse
from livekit_conformance.config_doctor.sip_rules import check_sip_rules
from livekit_conformance.config_doctor.structure import check_structure


def check(
    server_text: str, sip_text: str, *, server_file: str = SERVER.file, sip_file: str = SIP.file
) -> list[ConfigFinding]:
    """
    What is wrong with livekit.yaml and livekit-sip.yaml, each for itself and as a pair.

    A file that cannot be read at all says nothing that could contradict the other. The last two
    arguments are what the findings call the files.
    """
    server, of_server = _server(server_text, server_file)
    sip, of_sip = _sip(sip_text, sip_file)
    return [*of_server, *of_sip, *(_pair(server, of_server, sip, of_sip) or ())]


def check_agreement(
    server_text: str, sip_text: str, *, server_file: str = SERVER.file, sip_file: str = SIP.file
) -> list[ConfigFinding] | None:
    """
    Only what the two files contradict each other in; None when one of them cannot be read.
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
    What is wrong with a livekit.yaml; `file` is what the findings call it.
    """
    return _server(text, file)[1]


def check_sip(text: str, file: str = SIP.file) -> list[ConfigFinding]:
    """
    What is wrong with a livekit-sip.yaml; `file` is what the findings call it.
    """
    return _sip(text, file)[1]


def read_server(text: str, file: str = SERVER.file) -> Settings:
    """
    What a livekit.yaml says, as far as it can be understood.
    """
    return _server(text, file)[0]


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
