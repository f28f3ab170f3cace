"""
Rules for log levels, common to both services.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.services import ConfiguredService
from livekit_conformance.config_doctor.settings import Settings

_LEVELS = ("debug", "info", "warn", "error", "dpanic", "panic", "fatal")


def check_level(
    settings: Settings, service: ConfiguredService, *path: str
) -> Iterator[ConfigFinding]:
    """
    Yield a warning if the log level at `path` does not exist.
    """
    level = settings.text(*path)
    if level and level not in _LEVELS and level not in map(str.upper, _LEVELS):
        yield settings.finding(
            Severity.WARNING,
            *path,
            problem="is not a log level",
            consequence=f"{service.name} logs from level info",
            remedy=f"Write one of: {', '.join(_LEVELS[:4])}",
        )
