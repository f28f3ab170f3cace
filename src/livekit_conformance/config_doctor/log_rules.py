"""
Rules for log levels, common to both services.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_conformance.config_doctor.findings import ConfigFinding
from livekit_conformance.config_doctor.services import ConfiguredService
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.wording import phrase

_LEVELS = ("debug", "info", "warn", "error", "dpanic", "panic", "fatal")


def check_level(
    settings: Settings, service: ConfiguredService, *path: str
) -> Iterator[ConfigFinding]:
    """
    Yield a warning if the log level at `path` does not exist.
    """
    level = settings.text(*path)
    if level and level not in _LEVELS and level not in map(str.upper, _LEVELS):
        choices = ", ".join(_LEVELS[:4])
        what = phrase("log.no-level", service=service.name, choices=choices)
        yield settings.warning(*path, what=what)
